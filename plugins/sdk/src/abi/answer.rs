//! What an export answers, as the host reads it, kept until the next call.

use std::cell::RefCell;

use super::{Failure, Outcome, Reason, SettingError};

/// The words of the longest answer: a retry.
const WORDS: usize = 8;

/// A `result` in memory: the case, then what the case holds. Tags are bytes, of which the host
/// reads only the first of their word.
#[repr(C)]
#[derive(Default)]
pub struct Answer {
    words: [usize; WORDS],
}

/// An answer with the text that it points to.
#[derive(Default)]
struct Kept {
    answer: Answer,
    _texts: Vec<String>,
    _errors: Vec<[usize; 4]>,
}

thread_local! {
    static KEPT: RefCell<Kept> = const {
        RefCell::new(Kept {
            answer: Answer { words: [0; WORDS] },
            _texts: Vec::new(),
            _errors: Vec::new(),
        })
    };
}

const OK: usize = 0;
const ERR: usize = 1;

fn text(text: &str) -> [usize; 2] {
    [text.as_ptr() as usize, text.len()]
}

fn keep_words<const N: usize>(
    words: [usize; N],
    texts: Vec<String>,
    errors: Vec<[usize; 4]>,
) -> *const Answer {
    KEPT.with_borrow_mut(|kept| {
        kept.answer.words[..N].copy_from_slice(&words);
        kept._texts = texts;
        kept._errors = errors;
        &raw const kept.answer
    })
}

/// Two cases' numbers, and a reason.
fn keep_reason(case: usize, inner: usize, Reason { code, text: why }: Reason) -> *const Answer {
    let ([a, b], [c, d]) = (text(&code), text(&why));
    keep_words([case, inner, a, b, c, d], vec![code, why], Vec::new())
}

/// `result<outcome, failure>`
pub fn keep(result: Result<Outcome, Failure>) -> *const Answer {
    match result {
        Ok(Outcome::Done) => keep_words([OK, 0], Vec::new(), Vec::new()),
        Ok(Outcome::Skip(reason)) => keep_reason(OK, 1, reason),
        Err(Failure::Retry(retry)) => {
            let Reason { code, text: why } = retry.why;
            let ([a, b], [c, d]) = (text(&code), text(&why));
            let after_ms = retry.after_ms.unwrap_or(0) as usize;
            let has_after = usize::from(retry.after_ms.is_some());
            let words = [ERR, 0, has_after, after_ms, a, b, c, d];
            keep_words(words, vec![code, why], Vec::new())
        }
        Err(Failure::Reject(reason)) => keep_reason(ERR, 1, reason),
        Err(Failure::Crash(crash)) => keep_reason(
            ERR,
            2,
            Reason {
                code: crash.message,
                text: crash.trace,
            },
        ),
    }
}

/// `result<_, list<setting-error>>`
pub fn keep_errors(result: Result<(), Vec<SettingError>>) -> *const Answer {
    let Err(errors) = result else {
        return keep_words([OK], Vec::new(), Vec::new());
    };
    let mut texts = Vec::new();
    let mut list = Vec::new();
    for SettingError { name, problem } in errors {
        let ([a, b], [c, d]) = (text(&name), text(&problem));
        list.push([a, b, c, d]);
        texts.extend([name, problem]);
    }
    keep_words([ERR, list.as_ptr() as usize, list.len()], texts, list)
}
