//! Strings that are more than plain ASCII.

use std::borrow::Cow;

use super::reader::{Problem, Reader};
use super::scan;

impl<'a> Reader<'a> {
    /// What follows an opening quote, up to and with the closing one.
    #[inline(never)]
    pub fn any_string(&mut self) -> Result<Cow<'a, str>, Problem> {
        let start = self.plain()?;
        if self.take(b'"') {
            return Ok(Cow::Borrowed(start));
        }
        let mut string = start.to_owned();
        while !self.take(b'"') {
            string.push(self.escape()?);
            string.push_str(self.plain()?);
        }
        Ok(Cow::Owned(string))
    }

    /// The same, checked and dropped.
    pub fn skip_string(&mut self) -> Result<(), Problem> {
        loop {
            self.plain()?;
            if self.take(b'"') {
                return Ok(());
            }
            // Surrogates are for those to pair who want the text.
            if self.escaped()? == b'u' {
                self.hex()?;
            }
        }
    }

    /// The part of a string up to its end or an escape.
    fn plain(&mut self) -> Result<&'a str, Problem> {
        let start = self.at;
        self.at = scan::plain_end(self.text, start);
        utf8(&self.text[start..self.at])
    }

    /// The letter after a backslash.
    fn escaped(&mut self) -> Result<u8, Problem> {
        if !self.take(b'\\') {
            return self.expected("control character in a string");
        }
        let letter = self.peek();
        if !matches!(
            letter,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u'
        ) {
            return self.expected("invalid escape");
        }
        self.at += 1;
        Ok(letter)
    }

    fn escape(&mut self) -> Result<char, Problem> {
        Ok(match self.escaped()? {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            itself => char::from(itself),
        })
    }

    /// What follows `\u`: one UTF-16 unit, or two as a pair.
    fn unicode(&mut self) -> Result<char, Problem> {
        let high = self.hex()?;
        let code = match high {
            0xd800..0xdc00 => {
                if !(self.take(b'\\') && self.take(b'u')) {
                    return self.expected("lone surrogate");
                }
                match self.hex()? {
                    low @ 0xdc00..0xe000 => 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00),
                    _ => return Err("lone surrogate"),
                }
            }
            code => code,
        };
        char::from_u32(code).ok_or("lone surrogate")
    }

    fn hex(&mut self) -> Result<u32, Problem> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = char::from(self.peek()).to_digit(16) else {
                return self.expected("expected four hexadecimal digits");
            };
            self.at += 1;
            unit = unit << 4 | digit;
        }
        Ok(unit)
    }
}

/// Text, if it is UTF-8.
pub fn utf8(text: &[u8]) -> Result<&str, Problem> {
    str::from_utf8(text).map_err(|_| "a string that is no text")
}
