//! Text that is filled to the width of a terminal.

use crate::escape;

/// In characters.
pub(super) const WIDTH: usize = 80;

/// Filled to the width; the first line begins with `first`, which may hold colours, the others
/// with `next`.
pub(super) fn wrapped(first: &str, next: &str, text: &str) -> String {
    let plain = anstream::adapter::strip_str(first).to_string();
    let (mut out, mut width) = (first.to_owned(), plain.chars().count());
    let mut begins = true;
    for word in shown(text).split(' ') {
        let length = word.chars().count();
        if !begins && width + 1 + length > WIDTH {
            out += "\n";
            out += next;
            width = next.chars().count();
            begins = true;
        }
        if !begins {
            out.push(' ');
            width += 1;
        }
        out += word;
        width += length;
        begins = false;
    }
    out + "\n"
}

/// What came over the network, safe for a terminal.
pub(super) fn shown(text: &str) -> String {
    escape::text(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_filled_to_the_width_and_safe() {
        let text = wrapped("- ", "  ", &"word ".repeat(30));
        assert!(text.lines().count() > 1);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  word")));
        assert_eq!(wrapped("- ", "  ", "\u{1b}[2J"), "- \\u{1b}[2J\n");
    }
}
