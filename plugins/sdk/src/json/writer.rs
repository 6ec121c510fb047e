//! Compact JSON objects, member by member, in a buffer that is kept.

use super::scan::{self, WORD};

/// Writes one object at a time into the buffer that it keeps: have one in the handler.
///
/// ```
/// let mut writer = penstock_sdk::json::Writer::default();
/// let mut object = writer.object();
/// object.string("user", "u7").number("lessons", 8).null("rest");
/// assert_eq!(object.end(), br#"{"user":"u7","lessons":8,"rest":null}"#);
/// ```
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Begin an object; the one before is forgotten.
    pub fn object(&mut self) -> Object<'_> {
        self.bytes.clear();
        Object {
            bytes: &mut self.bytes,
        }
    }
}

/// An object that is being written. A name that is given twice is written twice.
#[derive(Debug)]
pub struct Object<'w> {
    bytes: &'w mut Vec<u8>,
}

impl<'w> Object<'w> {
    /// A member that is a string.
    pub fn string(&mut self, name: &str, value: &str) -> &mut Self {
        self.joined(name, &[value])
    }

    /// A member that is a string, made of several.
    pub fn joined(&mut self, name: &str, parts: &[&str]) -> &mut Self {
        self.name(name);
        self.bytes.push(b'"');
        for part in parts {
            escape(self.bytes, part);
        }
        self.bytes.push(b'"');
        self
    }

    /// A member that is a whole number.
    pub fn number(&mut self, name: &str, value: u64) -> &mut Self {
        self.name(name);
        let mut digits = [0; 20];
        let mut start = digits.len();
        let mut rest = value;
        loop {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.bytes.extend_from_slice(&digits[start..]);
        self
    }

    /// A member that is `null`.
    pub fn null(&mut self, name: &str) -> &mut Self {
        self.name(name);
        self.bytes.extend_from_slice(b"null");
        self
    }

    /// The whole object.
    pub fn end(self) -> &'w [u8] {
        if self.bytes.is_empty() {
            self.bytes.push(b'{');
        }
        self.bytes.push(b'}');
        self.bytes
    }

    fn name(&mut self, name: &str) {
        let first = self.bytes.is_empty();
        let opening = if first { b"{\"" } else { b",\"" };
        self.bytes.extend_from_slice(opening);
        escape(self.bytes, name);
        self.bytes.extend_from_slice(b"\":");
    }
}

/// Copied word by word as it is looked at: a copy of unknown length is a call out of WebAssembly,
/// which costs more than most strings.
fn escape(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let word = scan::word(rest);
        let plain = scan::plain(word).min(rest.len());
        out.extend_from_slice(&word.to_le_bytes());
        out.truncate(out.len() - WORD + plain);
        rest = &rest[plain..];
        if plain < WORD
            && let [special, after @ ..] = rest
        {
            escape_byte(out, *special);
            rest = after;
        }
    }
}

#[cold]
fn escape_byte(out: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            out.extend_from_slice(b"\\u00");
            return out.extend_from_slice(&digits);
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}
