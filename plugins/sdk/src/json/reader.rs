//! One forward pass over JSON text, as RFC 8259 has it.

use std::borrow::Cow;

use super::Field;
use super::nesting::{Container, Nesting};
use super::scan;

/// What is wrong; where is where the reader stands.
pub type Problem = &'static str;

/// Stands before the next byte to read.
///
/// What every event goes through is inlined, and keeps the place in a register: what is not, is
/// gone through [`Reader::aside`], with a copy.
#[derive(Clone)]
pub struct Reader<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Reader { text, at: 0 }
    }

    /// Line and column of the next byte, from 1 and in bytes.
    pub fn place(&self) -> (usize, usize) {
        let before = &self.text[..self.at];
        let line = before.iter().filter(|byte| **byte == b'\n').count();
        let column = before.iter().rev().take_while(|byte| **byte != b'\n');
        (line + 1, column.count() + 1)
    }

    #[inline(always)]
    fn aside<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut copy = self.clone();
        let result = read(&mut copy);
        self.at = copy.at;
        result
    }

    /// The next byte; at the end it is 0, which JSON has no place for.
    #[inline(always)]
    pub fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Take the next byte if it is this one.
    #[inline(always)]
    pub fn take(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == byte;
        self.at += usize::from(is_it);
        is_it
    }

    #[inline(always)]
    pub fn space(&mut self) {
        // Most events have none.
        if self.peek() <= b' ' {
            self.aside(Self::skip_space);
        }
    }

    #[inline(never)]
    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Nothing but space may follow.
    pub fn end(&mut self) -> Result<(), Problem> {
        self.space();
        if self.at < self.text.len() {
            return Err("trailing characters");
        }
        Ok(())
    }

    /// A member's name, and all up to its value.
    #[inline(always)]
    pub fn name(&mut self) -> Result<Cow<'a, str>, Problem> {
        let start = self.at + 1;
        let end = scan::plain_ascii_end(self.text, start);
        if self.peek() == b'"' && self.text.get(end..end + 2) == Some(b"\":") {
            self.at = end + 2;
            self.space();
            // SAFETY: ASCII is UTF-8.
            return Ok(Cow::Borrowed(unsafe {
                str::from_utf8_unchecked(&self.text[start..end])
            }));
        }
        self.aside(Self::any_name)
    }

    #[inline(never)]
    fn any_name(&mut self) -> Result<Cow<'a, str>, Problem> {
        if !self.take(b'"') {
            return self.expected("expected a name in quotes");
        }
        let name = self.any_string()?;
        self.colon()?;
        Ok(name)
    }

    fn skip_name(&mut self) -> Result<(), Problem> {
        if !self.take(b'"') {
            return self.expected("expected a name in quotes");
        }
        self.skip_string()?;
        self.colon()
    }

    fn colon(&mut self) -> Result<(), Problem> {
        self.space();
        if !self.take(b':') {
            return self.expected("expected `:`");
        }
        self.space();
        Ok(())
    }

    #[inline(always)]
    pub fn value(&mut self) -> Result<Field<'a>, Problem> {
        match self.peek() {
            b'"' => {
                self.at += 1;
                Ok(Field::String(self.string()?))
            }
            b'1'..=b'9' => match self.take_natural() {
                Some(number) => Ok(Field::Unsigned(number)),
                None => self.aside(Self::number),
            },
            _ => self.aside(Self::other_value),
        }
    }

    #[inline(never)]
    fn other_value(&mut self) -> Result<Field<'a>, Problem> {
        let literal = |(): (), field| field;
        Ok(match self.peek() {
            b'-' | b'0'..=b'9' => self.number()?,
            b'n' => literal(self.word("null")?, Field::Null),
            b't' => literal(self.word("true")?, Field::Bool(true)),
            b'f' => literal(self.word("false")?, Field::Bool(false)),
            b'[' => literal(self.skip_nested()?, Field::Array),
            b'{' => literal(self.skip_nested()?, Field::Object),
            _ => return self.expected("expected a value"),
        })
    }

    /// Check a value and drop it.
    #[inline(always)]
    pub fn skip(&mut self) -> Result<(), Problem> {
        let end = scan::plain_ascii_end(self.text, self.at + 1);
        if self.peek() == b'"' && self.text.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(());
        }
        self.aside(|reader| match reader.peek() {
            b'[' | b'{' => reader.skip_nested(),
            _ => reader.skip_scalar(),
        })
    }

    #[inline(never)]
    fn skip_scalar(&mut self) -> Result<(), Problem> {
        match self.peek() {
            b'"' => {
                self.at += 1;
                self.skip_string()
            }
            b'-' | b'0'..=b'9' => self.skip_number().map(drop),
            b'n' => self.word("null"),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            _ => self.expected("expected a value"),
        }
    }

    fn skip_nested(&mut self) -> Result<(), Problem> {
        let mut open = Nesting::default();
        loop {
            if self.take(b'[') {
                open.push(Container::Array);
                self.space();
                if self.peek() != b']' {
                    continue;
                }
            } else if self.take(b'{') {
                open.push(Container::Object);
                self.space();
                if self.peek() != b'}' {
                    self.skip_name()?;
                    continue;
                }
            } else {
                self.skip_scalar()?;
                self.space();
                if self.next_item(&open)? {
                    continue;
                }
            }
            // What is closed is itself an item of what is around it.
            loop {
                self.at += 1;
                open.pop();
                if open.innermost().is_none() {
                    return Ok(());
                }
                self.space();
                if self.next_item(&open)? {
                    break;
                }
            }
        }
    }

    /// After an item: on to the next one's value, or false before the closing bracket.
    fn next_item(&mut self, open: &Nesting) -> Result<bool, Problem> {
        let in_object = open.innermost() == Some(Container::Object);
        if self.take(b',') {
            self.space();
            if in_object {
                self.skip_name()?;
            }
            return Ok(true);
        }
        match (in_object, self.peek()) {
            (true, b'}') | (false, b']') => Ok(false),
            (true, _) => self.expected("expected `,` or `}`"),
            (false, _) => self.expected("expected `,` or `]`"),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), Problem> {
        for byte in word.bytes() {
            if !self.take(byte) {
                return self.expected("expected ident");
            }
        }
        Ok(())
    }

    /// Take a whole number of few digits, of which there is at least one.
    #[inline(always)]
    fn take_natural(&mut self) -> Option<u64> {
        /// More might be beyond 64 bits.
        const DIGITS_MAX: usize = 19;
        let mut number = 0;
        let mut end = self.at;
        let next = loop {
            let byte = self.text.get(end).copied().unwrap_or(0);
            if !byte.is_ascii_digit() {
                break byte;
            }
            if end - self.at == DIGITS_MAX {
                return None;
            }
            number = number * 10 + u64::from(byte - b'0');
            end += 1;
        };
        if matches!(next, b'.' | b'e' | b'E') {
            return None;
        }
        self.at = end;
        Some(number)
    }

    #[inline(never)]
    fn number(&mut self) -> Result<Field<'a>, Problem> {
        let start = self.at;
        let is_natural = self.skip_number()?;
        let digits = super::strings::utf8(&self.text[start..self.at])?;
        if is_natural && let Ok(number) = digits.parse() {
            return Ok(Field::Unsigned(number));
        }
        match digits.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Field::Number(number)),
            _ => Err("number out of range"),
        }
    }

    /// Whether it has neither sign nor fraction nor exponent.
    fn skip_number(&mut self) -> Result<bool, Problem> {
        let negative = self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        let fraction = self.take(b'.');
        if fraction {
            self.digits()?;
        }
        let exponent = self.take(b'e') || self.take(b'E');
        if exponent {
            // At most one of them.
            let _signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(!(negative || fraction || exponent))
    }

    /// One or more.
    fn digits(&mut self) -> Result<(), Problem> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == start {
            return self.expected("expected a digit");
        }
        Ok(())
    }

    /// What follows an opening quote, up to and with the closing one.
    #[inline(always)]
    fn string(&mut self) -> Result<Cow<'a, str>, Problem> {
        let end = scan::plain_ascii_end(self.text, self.at);
        if self.text.get(end) == Some(&b'"') {
            let text = &self.text[self.at..end];
            self.at = end + 1;
            // SAFETY: ASCII is UTF-8.
            return Ok(Cow::Borrowed(unsafe { str::from_utf8_unchecked(text) }));
        }
        self.aside(Self::any_string)
    }

    /// The problem, unless it is that there is no more.
    #[cold]
    pub fn expected<T>(&self, problem: Problem) -> Result<T, Problem> {
        let ended = self.at == self.text.len();
        Err(if ended { "unexpected end" } else { problem })
    }
}
