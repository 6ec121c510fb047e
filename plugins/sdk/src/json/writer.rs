//! Compact JSON objects, member by member, in a buffer that is kept.

use super::buffer::Buffer;

/// The most bytes between two names or strings: `","`, `":"`, `":null`; and the most that an escaped
/// byte becomes: `\u001f`. There is always room for so many.
const BETWEEN: usize = 6;

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
    buffer: Buffer,
}

impl Writer {
    /// Begin an object; the one before is forgotten.
    pub fn object(&mut self) -> Object<'_> {
        self.buffer.clear();
        Object {
            buffer: &mut self.buffer,
        }
    }
}

/// An object that is being written. A name that is given twice is written twice.
#[derive(Debug)]
pub struct Object<'w> {
    buffer: &'w mut Buffer,
}

impl<'w> Object<'w> {
    /// A member that is a string.
    pub fn string(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        self.buffer.put(b"\"");
        escape(self.buffer, value.as_bytes());
        self.buffer.put(b"\"");
        self
    }

    /// A member that is a string, made of several.
    pub fn joined(&mut self, name: &str, parts: &[&str]) -> &mut Self {
        self.name(name);
        self.buffer.put(b"\"");
        for part in parts {
            escape(self.buffer, part.as_bytes());
        }
        self.buffer.put(b"\"");
        self
    }

    /// A member that is a whole number.
    pub fn number(&mut self, name: &str, value: u64) -> &mut Self {
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
        self.name(name);
        // No digit is special: only the room for them is asked for.
        escape(self.buffer, &digits[start..]);
        self
    }

    /// A member that is `null`.
    pub fn null(&mut self, name: &str) -> &mut Self {
        self.name(name);
        self.buffer.put(b"null");
        self
    }

    /// The whole object.
    pub fn end(self) -> &'w [u8] {
        self.buffer.reserve(BETWEEN);
        if self.buffer.written().is_empty() {
            self.buffer.put(b"{");
        }
        self.buffer.put(b"}");
        self.buffer.written()
    }

    #[inline(always)]
    fn name(&mut self, name: &str) {
        let buffer = &mut *self.buffer;
        buffer.reserve(BETWEEN);
        if buffer.written().is_empty() {
            buffer.put(b"{\"");
        } else {
            buffer.put(b",\"");
        }
        escape(buffer, name.as_bytes());
        buffer.put(b"\":");
    }
}

#[inline(always)]
fn escape(out: &mut Buffer, text: &[u8]) {
    out.reserve(text.len() + BETWEEN);
    let plain = out.put_plain(text);
    if plain < text.len() {
        escape_some(out, &text[plain..]);
    }
}

#[cold]
fn escape_some(out: &mut Buffer, mut rest: &[u8]) {
    while let [special, after @ ..] = rest {
        escape_byte(out, *special);
        out.reserve(after.len() + BETWEEN);
        rest = &after[out.put_plain(after)..];
    }
}

fn escape_byte(out: &mut Buffer, byte: u8) {
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
            out.put(b"\\u00");
            return out.put(&digits);
        }
    };
    out.put(&[b'\\', letter]);
}
