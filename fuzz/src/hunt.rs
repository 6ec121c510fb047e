//! The hunt: one changed input after the other, for as long as is given.

use std::collections::HashSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::Corpus;
use crate::mutate::mutate;
use crate::targets::Target;

/// What one input may take, for which no part of the host may ask more.
const INPUT_TIME_MAX: Duration = Duration::from_secs(10);

/// What the process may hold: inputs are small, and what they may take is bounded.
const RESIDENT_BYTES_MAX: u64 = 2 << 30;

/// What is larger is not kept: the corpus lies in the repository.
const KEPT_BYTES_MAX: usize = 4 << 10;

/// How long, and from where.
pub struct Hunt {
    /// When it ends.
    pub time: Duration,
    /// The same seed makes the same inputs of the same corpus.
    pub seed: u64,
}

/// How it went.
pub struct Hunted {
    /// Inputs that were tried.
    pub inputs: u64,
    /// Answers of another kind that were seen.
    pub answers: usize,
    /// Inputs that were kept.
    pub kept: usize,
    /// An input that must not be, and why.
    pub failure: Option<(Vec<u8>, String)>,
}

/// Changes inputs of the corpus until the time is over, or one fails. Those that are answered as
/// none before are kept. Before one is tried, `trying` has it: a hunt may end without a word.
///
/// # Errors
/// If the corpus can't be written.
pub fn hunt(
    target: &mut dyn Target,
    corpus: &mut Corpus,
    hunt: &Hunt,
    mut trying: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Hunted> {
    let mut rng = Rng::with_seed(hunt.seed);
    let mut answers = HashSet::new();
    let mut hunted = Hunted {
        inputs: 0,
        answers: 0,
        kept: 0,
        failure: None,
    };
    let begun = Instant::now();
    // As they are, first.
    let mut as_they_are = corpus.inputs().to_vec().into_iter();
    while begun.elapsed() < hunt.time || as_they_are.len() > 0 {
        let (input, is_new) = match as_they_are.next() {
            Some(input) => (input, false),
            None => {
                let inputs = corpus.inputs();
                let mut input = inputs[rng.usize(0..inputs.len())].clone();
                let other = &inputs[rng.usize(0..inputs.len())];
                mutate(&mut rng, &mut input, other);
                (input, true)
            }
        };
        trying(&input)?;
        hunted.inputs += 1;
        match answer(target, &input) {
            Err(why) => {
                hunted.failure = Some((input, why));
                break;
            }
            Ok(kinds) => {
                let before = answers.len();
                answers.extend(kinds);
                if answers.len() > before && is_new && input.len() <= KEPT_BYTES_MAX {
                    corpus.keep(input)?;
                    hunted.kept += 1;
                }
            }
        }
    }
    hunted.answers = answers.len();
    Ok(hunted)
}

/// All of a corpus, as it is.
///
/// # Errors
/// The first input that must not be, and why.
pub fn replay(target: &mut dyn Target, corpus: &Corpus) -> Result<(), (Vec<u8>, String)> {
    for input in corpus.inputs() {
        answer(target, input).map_err(|why| (input.clone(), why))?;
    }
    Ok(())
}

fn answer(target: &mut dyn Target, input: &[u8]) -> Result<Vec<String>, String> {
    let begun = Instant::now();
    let answers = catch_unwind(AssertUnwindSafe(|| target.answer(input)))
        .unwrap_or_else(|_| Err("it panicked".to_owned()))?;
    let took = begun.elapsed();
    if took > INPUT_TIME_MAX {
        return Err(format!("it took {took:?}"));
    }
    let resident = resident_bytes();
    if resident > RESIDENT_BYTES_MAX {
        return Err(format!("the process holds {resident} bytes"));
    }
    Ok(answers)
}

/// What the process holds in memory; nothing where the system doesn't tell.
fn resident_bytes() -> u64 {
    let Ok(statm) = std::fs::read_to_string("/proc/self/statm") else {
        return 0;
    };
    let pages = statm.split(' ').nth(1).and_then(|word| word.parse().ok());
    pages.unwrap_or(0) * 4096
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panics at a byte.
    struct Fragile(u8);

    impl Target for Fragile {
        fn answer(&mut self, input: &[u8]) -> Result<Vec<String>, String> {
            assert!(!input.contains(&self.0), "as it must");
            Ok(vec![format!("{} bytes", input.len() > 8)])
        }
    }

    #[test]
    fn a_failure_is_found_and_what_is_new_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut corpus = Corpus::read(folder.path()).unwrap();
        corpus.keep(b"seed".to_vec()).unwrap();
        let a_minute = Hunt {
            time: Duration::from_secs(60),
            seed: 1,
        };
        let hunted = hunt(&mut Fragile(0xee), &mut corpus, &a_minute, |_| Ok(())).unwrap();
        let (input, why) = hunted.failure.expect("one byte of 256 is soon there");
        assert!(input.contains(&0xee));
        assert_eq!(why, "it panicked");
        assert_eq!(hunted.kept, 1);
        let again = Corpus::read(folder.path()).unwrap();
        assert_eq!(again.inputs().len(), 2);
        assert!(replay(&mut Fragile(b'd'), &again).is_err());
        replay(&mut Fragile(0xee), &again).unwrap();
    }

    #[test]
    fn numbers_and_names_are_no_new_kind_of_answer() {
        assert_eq!(kind("at 0x12f `a` in 345"), kind("at 0x7f `bc` in 6"));
        assert_ne!(kind("out of bounds"), kind("out of memory"));
    }
}
