//! Bytes of anybody's making, shown so that a terminal takes none of them for a command and no
//! reader takes one text for another.

use std::fmt::Write;

/// The bytes as text: what is not UTF-8 as `\xff`, control characters and those that change the
/// direction or hide themselves as `\n` or `\u{202e}`, a backslash doubled.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '\\' || is_unsafe(character) {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            // Writing to a String does not fail.
            write!(text, "\\x{byte:02x}").unwrap_or_default();
        }
    }
    text
}

/// A line of a handler's as the host's log has it, where control characters are escaped already:
/// its backslashes stay as they are.
pub fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// JSON text with unsafe characters as `\u202e`; outside of strings there are none but the line
/// ends and indentation of its layout, which stay.
pub fn json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if is_unsafe(character) && !matches!(character, '\n' | '\r' | '\t') {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").unwrap_or_default();
            }
        } else {
            text.push(character);
        }
    }
    text
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Soft hyphen; Arabic and Mongolian marks; zero width; line, paragraph, direction.
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            // Word joiner, invisible signs, isolates; byte order mark; annotations; tags.
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shows_letters_of_any_language_and_escapes_what_commands_or_hides() {
        assert_eq!(text("Grüße, 世界 😀".as_bytes()), "Grüße, 世界 😀");
        assert_eq!(
            text(b"\x1b[2J\x07\r\n\t\0\x7f"),
            r"\u{1b}[2J\u{7}\r\n\t\u{0}\u{7f}"
        );
        assert_eq!(
            text("\u{9b}31m\u{202e}\u{200b}".as_bytes()),
            r"\u{9b}31m\u{202e}\u{200b}"
        );
        assert_eq!(text(b"a\xffb\xf0\x9f"), r"a\xffb\xf0\x9f");
    }

    #[test]
    fn different_bytes_never_look_alike() {
        assert_ne!(text(b"\n"), text(br"\n"));
        assert_ne!(text(b"\xff"), text(br"\xff"));
    }

    #[test]
    fn a_line_of_the_log_is_not_escaped_again() {
        assert_eq!(line("a\\nb\u{202e}\t"), r"a\nb\u{202e}\t");
    }

    #[test]
    fn json_stays_the_same_json() {
        let hostile = "{\n  \"a\u{9b}\": \"\u{202e}\u{e0041}\u{7f}é\"\n}";
        let safe = json(hostile);
        assert!(
            !safe.contains(['\u{9b}', '\u{202e}', '\u{e0041}', '\u{7f}']),
            "{safe}"
        );
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(read(&safe), read(hostile));
    }
}
