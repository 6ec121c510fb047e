//! Bytes that are written one after another, by blocks that overlap: a copy of unknown length is a
//! call out of WebAssembly, which costs more than most strings.

use super::scan::{self, BLOCK};

/// What was written is before `end`; what is behind it may be overwritten.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    end: usize,
}

impl Buffer {
    pub fn clear(&mut self) {
        self.end = 0;
    }

    pub fn written(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    /// Make room for so many bytes; to put one for which there is none is a panic.
    #[inline(always)]
    pub fn reserve(&mut self, bytes: usize) {
        if self.bytes.len() - self.end < bytes {
            self.grow(bytes);
        }
    }

    #[cold]
    fn grow(&mut self, bytes: usize) {
        let doubled = self.bytes.len() * 2;
        self.bytes.resize(doubled.max(self.end + bytes), 0);
    }

    /// Add these bytes, of which there is room for.
    #[inline(always)]
    pub fn put<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.put_at(self.end, bytes);
        self.end += N;
    }

    #[inline(always)]
    fn put_at<const N: usize>(&mut self, at: usize, bytes: &[u8; N]) {
        self.bytes[at..at + N].copy_from_slice(bytes);
    }

    /// Add text, for which there is room, up to the first byte that can't stand in JSON as it is;
    /// how much that was.
    #[inline(always)]
    pub fn put_plain(&mut self, text: &[u8]) -> usize {
        let start = self.end;
        let mut plain = 0;
        while let Some(block) = text.get(plain..).and_then(<[u8]>::first_chunk) {
            self.put_at(start + plain, block);
            let end = scan::plain_of_block(block);
            plain += end;
            if end < BLOCK {
                self.end += plain;
                return plain;
            }
        }
        if plain < text.len() {
            plain = match text.last_chunk::<BLOCK>() {
                // What is before the rest is known to be plain.
                Some(last) => {
                    let at = text.len() - BLOCK;
                    self.put_at(start + at, last);
                    at + scan::plain_of_block(last)
                }
                None => self
                    .put_halves::<8>(text)
                    .or_else(|| self.put_halves::<4>(text))
                    .unwrap_or_else(|| self.put_few(text)),
            };
        }
        self.end = start + plain;
        plain
    }

    /// Text of `N` to `2 * N` bytes, where two halves of a block hold all of it.
    #[inline(always)]
    fn put_halves<const N: usize>(&mut self, text: &[u8]) -> Option<usize> {
        let (first, last) = (text.first_chunk::<N>()?, text.last_chunk::<N>()?);
        let last_at = text.len() - N;
        self.put_at(self.end, first);
        self.put_at(self.end + last_at, last);
        let mut block = [b' '; BLOCK];
        block[..N].copy_from_slice(first);
        block[N..2 * N].copy_from_slice(last);
        let plain = scan::plain_of_block(&block);
        Some(if plain < N {
            plain
        } else {
            text.len().min(last_at + plain - N)
        })
    }

    #[inline(always)]
    fn put_few(&mut self, text: &[u8]) -> usize {
        for (index, byte) in text.iter().enumerate() {
            if scan::is_special(*byte) {
                return index;
            }
            self.bytes[self.end + index] = *byte;
        }
        text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_ends_what_is_plain() {
        let mut buffer = Buffer::default();
        for byte in 0..=u8::MAX {
            for length in 0..40 {
                for place in 0..length {
                    let mut text: Vec<u8> = (b'A'..b'A' + length).filter(|b| *b != b'\\').collect();
                    text.resize(usize::from(length), b'z');
                    text[usize::from(place)] = byte;
                    buffer.clear();
                    buffer.reserve(text.len() + 2);
                    buffer.put(b"<");
                    let plain = buffer.put_plain(&text);
                    let expected = if scan::is_special(byte) {
                        usize::from(place)
                    } else {
                        text.len()
                    };
                    assert_eq!(plain, expected, "{text:?}");
                    buffer.put(b">");
                    let written = [b"<", &text[..plain], b">"].concat();
                    assert_eq!(buffer.written(), written);
                }
            }
        }
    }
}
