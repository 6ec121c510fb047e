//! Puts what differs from run to run, as times, ports and ids, into one usual form.

/// With usual times, ports and ids, each as long as it was.
pub fn usual(text: &str) -> String {
    each_word(text, |word, _, _| {
        let bytes = word.as_bytes();
        if bytes.len() >= 20 && bytes[10] == b'T' && word.ends_with('Z') {
            return format!("2026-01-02T09:00:00{}", zeroes(&word[19..]));
        }
        if word.starts_with("127.0.0.1:") {
            return "127.0.0.1:19092".to_owned();
        }
        match uuid(word) {
            Some(at) => format!("{}{UUID}{}", &word[..at], &word[at + UUID.len()..]),
            None => word.to_owned(),
        }
    })
}

/// Without the durations, which differ too.
pub fn timeless(text: &str) -> String {
    each_word(text, |word, before, behind| {
        let unit = behind.trim_start().split([' ', '\n', ',', ':', ';']).next();
        let spent = match unit {
            Some("ms" | "µs") => true,
            Some("s") => word.contains('.'),
            _ => before.ends_with("\"duration\""),
        };
        match word.strip_prefix(':') {
            _ if !spent => word.to_owned(),
            Some(_) => ":0".to_owned(),
            None => "0".to_owned(),
        }
    })
}

const UUID: &str = "17f18dd6-1071-4d74-a8ff-1f2ce06109d6";

/// Replaces each word, knowing what stands before it and behind it.
fn each_word(text: &str, replace: impl Fn(&str, &str, &str) -> String) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-.:_".contains(c);
    let mut replaced = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        replaced += &replace(word, &replaced, behind);
        let next = behind.find(is_part).unwrap_or(behind.len());
        replaced += &behind[..next];
        rest = &behind[next..];
    }
    replaced
}

fn zeroes(word: &str) -> String {
    let zero = |c: char| if c.is_ascii_digit() { '0' } else { c };
    word.chars().map(zero).collect()
}

/// Where one begins, 8-4-4-4-12 digits.
fn uuid(word: &str) -> Option<usize> {
    let is_one = |part: &str| {
        let lengths: Vec<usize> = part.split('-').map(str::len).collect();
        lengths == [8, 4, 4, 4, 12] && part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    };
    let last = word.len().checked_sub(UUID.len())?;
    (0..=last).find(|at| word.get(*at..at + UUID.len()).is_some_and(is_one))
}

#[test]
fn what_differs_from_run_to_run_is_made_usual() {
    let text = "2026-11-24T13:24:47.123Z w-0f1e2d3c-1071-4d74-a8ff-1f2ce06109d6 on 127.0.0.1:23456, \
                6.1 s, 12 ms, 45 s, 3 records, \"duration\":57,";
    let expected = "2026-01-02T09:00:00.000Z w-17f18dd6-1071-4d74-a8ff-1f2ce06109d6 on \
                    127.0.0.1:19092, 0 s, 0 ms, 45 s, 3 records, \"duration\":0,";
    assert_eq!(timeless(&usual(text)), expected);
}
