//! Text of a given width: cut, padded, wrapped; and short numbers.

use std::time::Duration;

use unicode_width::UnicodeWidthChar;

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|of| of.width().unwrap_or(0)).sum()
}

/// At most `columns` of a text; where something is missing, it ends in `…`.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut taken = String::new();
    let mut left = columns.saturating_sub(1);
    for character in text.chars() {
        let of = character.width().unwrap_or(0);
        if of > left {
            break;
        }
        left -= of;
        taken.push(character);
    }
    if columns > 0 {
        taken.push('…');
    }
    taken
}

/// Exactly `columns`; numbers stand to the right.
pub(super) fn fit(text: &str, columns: usize, right: bool) -> String {
    let text = cut(text, columns);
    let blank = " ".repeat(columns.saturating_sub(width(&text)));
    if right { blank + &text } else { text + &blank }
}

/// Lines of at most `columns`, broken at spaces where there are any.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        // What fits stays as it is, with its columns.
        if width(paragraph) <= columns {
            lines.push(paragraph.to_owned());
            continue;
        }
        let indent: String = paragraph.chars().take_while(|of| *of == ' ').collect();
        let mut line = indent.clone();
        for word in paragraph.split_whitespace() {
            let is_first = line.trim().is_empty();
            let needed = width(&line) + width(word) + usize::from(!is_first);
            if needed > columns && !is_first {
                lines.push(std::mem::replace(&mut line, indent.clone()));
            } else if !is_first {
                line.push(' ');
            }
            line.push_str(word);
            while width(&line) > columns.max(2) {
                let head = cut(&line, columns.max(2));
                let head = head.trim_end_matches('…').to_owned();
                let rest = line[head.len()..].to_owned();
                lines.push(head);
                line = rest;
            }
        }
        lines.push(line);
    }
    lines
}

/// A rate or a count in at most six columns.
pub(super) fn short(number: f64) -> String {
    match number {
        of if of < 0.05 => "0".to_owned(),
        of if of < 100.0 => format!("{of:.1}"),
        of if of < 99_999.5 => format!("{of:.0}"),
        of if of < 9_999_500.0 => format!("{:.0}k", of / 1e3),
        of => format!("{:.0}M", of / 1e6),
    }
}

/// A span in at most six columns.
pub(super) fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms}ms"),
        1..60 => format!("{:.1}s", Duration::from_millis(ms).as_secs_f64()),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..360_000 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_fits_whatever_letters_it_has() {
        assert_eq!(fit("topic", 7, false), "topic  ");
        assert_eq!(fit("42", 5, true), "   42");
        assert_eq!(cut("purchase-confirmed", 9), "purchase…");
        assert_eq!(fit("世界世界", 6, false), "世界… ");
        assert_eq!(cut("x", 0), "");
    }

    #[test]
    fn lines_break_at_spaces_or_where_they_must() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("  - one two\nnext", 7), ["  - one", "  two", "next"]);
        assert_eq!(wrap("abcdefgh", 4), ["abc", "def", "gh"]);
        let long = "a-word-that-is-longer-than-the-screen and more".repeat(3);
        assert!(wrap(&long, 10).iter().all(|line| width(line) <= 10));
    }

    #[test]
    fn numbers_and_spans_are_short() {
        let numbers = [0.0, 0.04, 3.25, 99.9, 12_345.6, 123_456.0, 12_345_678.0].map(short);
        assert_eq!(numbers, ["0", "0", "3.2", "99.9", "12346", "123k", "12M"]);
        let spans = [7, 4_200, 75_000, 3_720_000, 400_000_000].map(span);
        assert_eq!(spans, ["7ms", "4.2s", "1m15s", "1h02m", "4d"]);
        assert!(numbers.iter().chain(&spans).all(|of| width(of) <= 6));
    }
}
