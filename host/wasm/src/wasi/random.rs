//! Randomness that is the record's: the same for the same handler, topic, partition and offset, on
//! any host, however often it is tried.

use sha2::{Digest, Sha256};
use wasmtime::component::LinkerInstance;
use wasmtime::{Error, Result, StoreContextMut};

use crate::state::State;

/// What may be asked for at once: it is made in the host, where no deadline interrupts.
const BYTES_MAX: u64 = 1 << 20;

const BLOCK_BYTES: usize = 32;

type Block = [u8; BLOCK_BYTES];

/// A stream of bytes: SHA-256 of the seed and a counter.
#[derive(Default)]
pub(super) struct Random {
    seed: Option<(u64, u64)>,
    blocks: u64,
    block: Block,
    /// Bytes at the end of the block that were not handed out yet.
    left: usize,
}

impl Random {
    fn fill(&mut self, seed: impl FnOnce() -> (u64, u64), mut bytes: &mut [u8]) {
        let seed = *self.seed.get_or_insert_with(seed);
        while !bytes.is_empty() {
            if self.left == 0 {
                self.block = block(seed, self.blocks);
                self.blocks += 1;
                self.left = BLOCK_BYTES;
            }
            let (now, later) = bytes.split_at_mut(self.left.min(bytes.len()));
            let from = BLOCK_BYTES - self.left;
            now.copy_from_slice(&self.block[from..from + now.len()]);
            self.left -= now.len();
            bytes = later;
        }
    }
}

fn block((high, low): (u64, u64), number: u64) -> Block {
    let mut hash = Sha256::new();
    hash.update(b"wasi:random");
    for word in [high, low, number] {
        hash.update(word.to_le_bytes());
    }
    hash.finalize().into()
}

type Store<'a> = StoreContextMut<'a, State>;

pub(super) fn give(
    linker: &mut LinkerInstance<'_, State>,
    interface: &str,
    function: &str,
) -> Option<Result<()>> {
    Some(match (interface, function) {
        ("wasi:random/random", "get-random-bytes")
        | ("wasi:random/insecure", "get-insecure-random-bytes") => {
            linker.func_wrap(function, random_bytes)
        }
        ("wasi:random/random", "get-random-u64")
        | ("wasi:random/insecure", "get-insecure-random-u64") => {
            linker.func_wrap(function, random_u64)
        }
        ("wasi:random/insecure-seed", "insecure-seed") => linker
            .func_wrap(function, |store: Store<'_>, (): ()| {
                Ok((store.data().origin.seed(),))
            }),
        _ => return None,
    })
}

fn random_bytes(mut store: Store<'_>, (len,): (u64,)) -> Result<(Vec<u8>,)> {
    if len > BYTES_MAX {
        return Err(Error::msg(format!(
            "{len} random bytes were asked for at once, and {BYTES_MAX} are the limit"
        )));
    }
    let mut bytes = vec![0; usize::try_from(len)?];
    fill(&mut store, &mut bytes);
    Ok((bytes,))
}

fn random_u64(mut store: Store<'_>, (): ()) -> Result<(u64,)> {
    let mut bytes = [0; 8];
    fill(&mut store, &mut bytes);
    Ok((u64::from_le_bytes(bytes),))
}

fn fill(store: &mut Store<'_>, bytes: &mut [u8]) {
    let State { wasi, origin, .. } = store.data_mut();
    wasi.random.fill(|| origin.seed(), bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(random: &mut Random) -> [u8; N] {
        let mut bytes = [0; N];
        random.fill(|| (1, 2), &mut bytes);
        bytes
    }

    #[test]
    fn the_bytes_are_a_promise() {
        // Ids out in the world were derived from them: these values must never change.
        let mut random = Random::default();
        assert_eq!(bytes::<4>(&mut random), [119, 214, 76, 161]);
    }

    #[test]
    fn it_is_one_stream_however_it_is_read() {
        let whole: [u8; 100] = bytes(&mut Random::default());
        let mut random = Random::default();
        let first: [u8; 31] = bytes(&mut random);
        let second: [u8; 2] = bytes(&mut random);
        let third: [u8; 67] = bytes(&mut random);
        assert_eq!([&first[..], &second, &third].concat(), whole);
        assert_ne!(whole[..32], whole[32..64]);
    }
}
