//! Bounds on what a guest says: its strings end up in logs, headers and metric labels.

use std::borrow::Cow;

/// Of a reason's text, a crash's message or its trace.
pub(crate) const TEXT_BYTES_MAX: usize = 4096;

/// Of a message that is to be read as one line.
pub(crate) const LINE_BYTES_MAX: usize = 1024;

/// `text` if it is short enough, else its beginning and how long it was.
pub(crate) fn cut(mut text: String, bytes_max: usize) -> String {
    if text.len() > bytes_max {
        let bytes = text.len();
        text.truncate(text.floor_char_boundary(bytes_max));
        text.shrink_to_fit();
        text.push_str(&format!("… ({bytes} bytes)"));
    }
    text
}

/// A handler's reason code and text, as metrics and dead letters may carry them.
pub(crate) fn reason(code: String, text: String) -> (String, String) {
    let valid = (1..=64).contains(&code.len())
        && code
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if valid {
        return (code, cut(text, TEXT_BYTES_MAX));
    }
    // With room for the code, which is the better clue.
    let text = cut(text, TEXT_BYTES_MAX / 2);
    let code = cut(code, 64);
    let text = format!("{text} (the handler's code was {code:?})");
    ("invalid-code".to_owned(), text)
}

/// `text` with its control characters escaped, so that a guest can't forge a line or move a
/// terminal's cursor.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            escaped.extend(character.escape_debug());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// `text` as one bounded line.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.len() > LINE_BYTES_MAX {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&printable(word));
    }
    cut(line, LINE_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let long = "é".repeat(TEXT_BYTES_MAX);
        let short = cut(long, 5);
        assert_eq!(short, format!("éé… ({} bytes)", TEXT_BYTES_MAX * 2));
        assert_eq!(cut("ab".to_owned(), 2), "ab");
    }

    #[test]
    fn a_code_that_is_no_label_is_replaced_and_told() {
        let kept = reason("no-stock".to_owned(), "gone".to_owned());
        assert_eq!(kept, ("no-stock".to_owned(), "gone".to_owned()));
        for wrong in ["", "No-Stock", "a b", "ä", &"x".repeat(65)] {
            let (code, text) = reason(wrong.to_owned(), "gone".to_owned());
            assert_eq!(code, "invalid-code");
            assert!(
                text.starts_with("gone (the handler's code was \""),
                "{text}"
            );
        }
    }

    #[test]
    fn a_guest_can_forge_no_line() {
        assert_eq!(printable("a\nb\x1b[2J"), "a\\nb\\u{1b}[2J");
        assert!(matches!(printable("plain"), Cow::Borrowed("plain")));
        assert_eq!(
            one_line("panicked at a.rs:1:2:\nboom\n"),
            "panicked at a.rs:1:2: boom"
        );
    }
}
