//! Changes of an input, as files are broken and as numbers are lied about.

use fastrand::Rng;

/// Numbers at which something begins or ends, as one to five bytes of LEB128, which both WebAssembly
/// and random bytes hold.
const NUMBERS: [&[u8]; 9] = [
    &[0],
    &[1],
    &[0x7f],
    &[0x80, 0x01],
    &[0xff, 0x7f],
    &[0x80, 0x80, 0x04],
    &[0xff, 0xff, 0xff, 0xff, 0x07],
    &[0x80, 0x80, 0x80, 0x80, 0x08],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
];

/// An input stays smaller than this.
const BYTES_MAX: usize = 64 << 10;

/// Changes `input` in one to four ways; parts may come from `other`.
pub(crate) fn mutate(rng: &mut Rng, input: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..rng.usize(1..=4) {
        once(rng, input, other);
    }
    input.truncate(BYTES_MAX);
}

fn once(rng: &mut Rng, input: &mut Vec<u8>, other: &[u8]) {
    let at = rng.usize(0..=input.len());
    let some = rng.usize(1..=16);
    let end = (at + some).min(input.len());
    match rng.u8(0..8) {
        0 if at < input.len() => input[at] ^= 1 << rng.u8(0..8),
        1 if at < input.len() => input[at] = rng.u8(..),
        2 => drop(input.drain(at..end)),
        3 => {
            let bytes: Vec<u8> = (0..some).map(|_| rng.u8(..)).collect();
            input.splice(at..at, bytes);
        }
        4 => {
            let part = input[at..end].to_vec();
            let to = rng.usize(0..=input.len());
            input.splice(to..to, part);
        }
        5 => {
            let number = NUMBERS[rng.usize(0..NUMBERS.len())];
            let end = (at + number.len()).min(input.len());
            input.splice(at..end, number.iter().copied());
        }
        6 => {
            let from = rng.usize(0..=other.len());
            let to = rng.usize(from..=other.len());
            input.splice(at..end, other[from..to].iter().copied());
        }
        _ => input.truncate(at.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_changes_alike_and_each_seed_otherwise() {
        let changed = |seed| {
            let mut input = b"an input of some bytes".to_vec();
            mutate(&mut Rng::with_seed(seed), &mut input, b"another");
            input
        };
        assert_eq!(changed(7), changed(7));
        let all: std::collections::HashSet<_> = (0..100).map(changed).collect();
        assert!(all.len() > 90, "{}", all.len());
    }

    #[test]
    fn an_empty_input_may_be_changed() {
        for seed in 0..1000 {
            mutate(&mut Rng::with_seed(seed), &mut Vec::new(), b"");
        }
    }
}
