//! Strings, sixteen bytes at a time: which of them can't stand in JSON as they are.

/// How many bytes are looked at in one step.
pub const BLOCK: usize = 16;

/// Where the first byte at or after `from` is that is `"`, `\`, a control character or not ASCII;
/// the length if there is none.
#[inline(always)]
pub fn plain_ascii_end(bytes: &[u8], from: usize) -> usize {
    end(bytes, from, ends_plain_ascii)
}

/// The same, but beyond ASCII all is plain.
#[inline(always)]
pub fn plain_end(bytes: &[u8], from: usize) -> usize {
    end(bytes, from, ends_plain)
}

/// Where the first marked byte at or after `from` is. `marks` sets bit `i` for byte `i`.
#[inline(always)]
fn end(bytes: &[u8], from: usize, marks: impl Fn(&[u8; BLOCK]) -> u32) -> usize {
    let mut at = from;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = marks(block);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let marks = match bytes.last_chunk() {
        // The last block, without what is before the rest.
        Some(block) => marks(block) >> (BLOCK - rest.len()),
        None => {
            let mut block = [b' '; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            marks(&block)
        }
    };
    at + (marks | 1 << rest.len()).trailing_zeros() as usize
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod block {
    use core::arch::wasm32::{
        i8x16_bitmask, i8x16_lt, i8x16_splat, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128, v128_or,
    };

    #[inline(always)]
    fn load(block: &[u8; 16]) -> v128 {
        let block = u128::from_le_bytes(*block);
        u64x2(block as u64, (block >> 64) as u64)
    }

    #[inline(always)]
    fn quotes(bytes: v128) -> v128 {
        let quote = u8x16_eq(bytes, u8x16_splat(b'"'));
        v128_or(quote, u8x16_eq(bytes, u8x16_splat(b'\\')))
    }

    #[inline(always)]
    pub fn ends_plain(block: &[u8; 16]) -> u32 {
        let bytes = load(block);
        let control = u8x16_lt(bytes, u8x16_splat(b' '));
        u32::from(i8x16_bitmask(v128_or(quotes(bytes), control)))
    }

    #[inline(always)]
    pub fn ends_plain_ascii(block: &[u8; 16]) -> u32 {
        let bytes = load(block);
        // With a sign, what is beyond ASCII is below a space too.
        let others = i8x16_lt(bytes, i8x16_splat(b' ' as i8));
        u32::from(i8x16_bitmask(v128_or(quotes(bytes), others)))
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod block {
    use super::is_special;

    fn marks(block: &[u8; 16], is_marked: impl Fn(u8) -> bool) -> u32 {
        let bits = block.iter().rev();
        bits.fold(0, |marks, byte| marks << 1 | u32::from(is_marked(*byte)))
    }

    pub fn ends_plain(block: &[u8; 16]) -> u32 {
        marks(block, is_special)
    }

    pub fn ends_plain_ascii(block: &[u8; 16]) -> u32 {
        marks(block, |byte| is_special(byte) || !byte.is_ascii())
    }
}

use block::{ends_plain, ends_plain_ascii};

/// Whether it can't stand in a string as it is.
pub fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// How many bytes come before the first special one.
#[inline(always)]
pub fn plain_of_block(block: &[u8; BLOCK]) -> usize {
    (ends_plain(block) | 1 << BLOCK).trailing_zeros() as usize
}

/// By words that overlap: a comparison of unknown length is a slow call.
#[inline(always)]
pub fn is_equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && equal_by::<8>(left, right)
            .or_else(|| equal_by::<4>(left, right))
            .or_else(|| equal_by::<1>(left, right))
            .unwrap_or(true)
}

/// Both are of one length; if that is below `N`, there is no answer.
#[inline(always)]
fn equal_by<const N: usize>(left: &[u8], right: &[u8]) -> Option<bool> {
    let (last, right_last) = (left.last_chunk::<N>()?, right.last_chunk()?);
    let (whole, right_whole) = (left.as_chunks::<N>().0, right.as_chunks().0);
    Some(last == right_last && whole.iter().zip(right_whole).all(|(l, r)| l == r))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for byte in 0..=u8::MAX {
            for length in 0..40 {
                for place in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[place] = byte;
                    let special = is_special(byte);
                    let end = |marked| if marked { place } else { length };
                    assert_eq!(plain_end(&bytes, 0), end(special), "{bytes:?}");
                    assert_eq!(
                        plain_ascii_end(&bytes, 0),
                        end(special || byte >= 0x80),
                        "{bytes:?}"
                    );
                    assert_eq!(plain_ascii_end(&bytes, place + 1), length, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn all_lengths_are_compared() {
        for length in 0..40 {
            let bytes: Vec<u8> = (0..length).collect();
            assert!(is_equal(&bytes, &bytes) && !is_equal(&bytes, &[b'x'; 40]));
            for place in 0..bytes.len() {
                let mut other = bytes.clone();
                other[place] ^= 0x80;
                assert!(!is_equal(&bytes, &other));
            }
        }
    }
}
