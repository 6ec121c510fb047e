//! Strings, many bytes at a time: which of them can't stand in JSON as they are.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = ONES * 0x80;

/// How many bytes a word holds.
pub const WORD: usize = 8;

/// Where the first `"`, `\` or control character at or after `from` is; the length if there is none.
#[inline]
pub fn special(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let plain = plain_of_block(block);
        at += plain;
        if plain < BLOCK {
            return at;
        }
    }
    while bytes.get(at).is_some_and(|byte| !is_special(*byte)) {
        at += 1;
    }
    at
}

/// How many bytes [`special`] looks at in one step.
const BLOCK: usize = 16;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline]
fn plain_of_block(block: &[u8; BLOCK]) -> usize {
    use core::arch::wasm32::{i8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128_or};
    let [low, high] = words(block);
    let bytes = u64x2(low, high);
    let special = v128_or(
        v128_or(
            u8x16_eq(bytes, u8x16_splat(b'"')),
            u8x16_eq(bytes, u8x16_splat(b'\\')),
        ),
        u8x16_lt(bytes, u8x16_splat(b' ')),
    );
    (u32::from(i8x16_bitmask(special)) | 1 << BLOCK).trailing_zeros() as usize
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline]
fn plain_of_block(block: &[u8; BLOCK]) -> usize {
    let [low, high] = words(block);
    match plain(low) {
        WORD => WORD + plain(high),
        in_low => in_low,
    }
}

#[inline]
fn words(block: &[u8; BLOCK]) -> [u64; 2] {
    let block = u128::from_le_bytes(*block);
    [block as u64, (block >> 64) as u64]
}

/// Whether all are below 128.
#[inline]
pub fn is_ascii(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<WORD>();
    // No way out of the loop: so it becomes vectors.
    let all = words
        .iter()
        .fold(word(rest), |all, word| all | u64::from_le_bytes(*word));
    all & HIGH == 0
}

/// Word by word: most names are short, and a comparison of unknown length is a slow call.
#[inline]
pub fn is_equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left
            .chunks(WORD)
            .zip(right.chunks(WORD))
            .all(|(left, right)| word(left) == word(right))
}

fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// How many of the word's first bytes, up to 8, may stand in a string as they are.
#[inline]
pub fn plain(word: u64) -> usize {
    let is_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let special = is_zero(word ^ (ONES * u64::from(b'"')))
        | is_zero(word ^ (ONES * u64::from(b'\\')))
        | (word.wrapping_sub(ONES * u64::from(b' ')) & !word);
    // A borrow makes false marks, but only above a true one: the lowest is right.
    (special & HIGH).trailing_zeros() as usize / 8
}

/// The first 8 bytes as a word, or all there are with zeros above.
#[inline]
pub fn word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    let at = |index: usize| u64::from(bytes[index]) << (8 * index);
    match (bytes.first_chunk(), bytes.last_chunk()) {
        // Two halves that overlap, where there are fewer than 8.
        (Some(low), Some(high)) => {
            let shift = 8 * (bytes.len() - 4);
            u64::from(u32::from_le_bytes(*low)) | u64::from(u32::from_le_bytes(*high)) << shift
        }
        _ => match bytes.len() {
            0 => 0,
            length => at(0) | at(length / 2) | at(length - 1),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for byte in 0..=u8::MAX {
            for length in 0..20 {
                for place in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[place] = byte;
                    let expected = if is_special(byte) { place } else { length };
                    assert_eq!(special(&bytes, 0), expected, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn one_byte_makes_a_difference() {
        for length in 0..40 {
            let bytes = vec![b'x'; length];
            assert!(is_ascii(&bytes) && is_equal(&bytes, &bytes));
            assert!(!is_equal(
                &bytes,
                b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            ));
            for place in 0..length {
                let mut other = bytes.clone();
                other[place] = 0x80;
                assert!(!is_ascii(&other) && !is_equal(&bytes, &other));
            }
        }
    }

    #[test]
    fn short_words_have_zeros_above() {
        let bytes = *b"\x01\x02\x03\x04\x05\x06\x07\x08\x09";
        for length in 0..=9 {
            let mut padded = [0; WORD];
            let kept = length.min(WORD);
            padded[..kept].copy_from_slice(&bytes[..kept]);
            assert_eq!(word(&bytes[..length]), u64::from_le_bytes(padded));
        }
    }
}
