//! Memory for the arguments of one call: the host asks for it, writes into it, and calls.

use std::cell::RefCell;

/// What is kept for the next call, unless one needed more.
const CHUNK_BYTES_MIN: usize = 4 << 10;
/// More than this is given back after the call.
const CHUNK_BYTES_KEPT: usize = 1 << 20;

/// As strict as any type of the contract asks for.
type Word = u64;
const WORD: usize = size_of::<Word>();

#[derive(Default)]
struct Arena {
    chunk: Vec<Word>,
    used_bytes: usize,
    /// Earlier chunks of this call, full.
    full: Vec<Vec<Word>>,
}

thread_local! {
    static ARENA: RefCell<Arena> = const {
        RefCell::new(Arena { chunk: Vec::new(), used_bytes: 0, full: Vec::new() })
    };
}

impl Arena {
    fn take(&mut self, bytes: usize, align: usize) -> *mut u8 {
        assert!(
            align <= WORD,
            "nothing in the contract is aligned to {align}"
        );
        let start = self.used_bytes.next_multiple_of(align);
        if start + bytes > self.chunk.len() * WORD {
            self.grow(bytes);
            return self.take(bytes, align);
        }
        self.used_bytes = start + bytes;
        let chunk = self.chunk.as_mut_ptr().cast::<u8>();
        // SAFETY: within the chunk, as was looked at above.
        unsafe { chunk.add(start) }
    }

    #[cold]
    fn grow(&mut self, bytes: usize) {
        let words = (self.chunk.len() * 2).max(bytes.max(CHUNK_BYTES_MIN).div_ceil(WORD));
        let full = std::mem::replace(&mut self.chunk, vec![0; words]);
        self.full.push(full);
        self.used_bytes = 0;
    }

    fn clear(&mut self) {
        self.used_bytes = 0;
        if !self.full.is_empty() {
            self.full.clear();
            if self.chunk.len() * WORD > CHUNK_BYTES_KEPT {
                self.chunk = Vec::new();
            }
        }
    }
}

/// Forgets all arguments: the call no longer needs them.
pub fn clear() {
    ARENA.with_borrow_mut(Arena::clear);
}

/// What the host calls for memory, as the canonical ABI has it.
///
/// # Safety
/// `old` is null, or what this function gave for `old_bytes` bytes since the last call.
#[cfg_attr(target_arch = "wasm32", unsafe(export_name = "cabi_realloc"))]
unsafe extern "C" fn realloc(
    old: *mut u8,
    old_bytes: usize,
    align: usize,
    bytes: usize,
) -> *mut u8 {
    let new = ARENA.with_borrow_mut(|arena| arena.take(bytes, align));
    // SAFETY: as the caller says; the two don't overlap, since nothing is taken back.
    unsafe { new.copy_from_nonoverlapping(old, old_bytes.min(bytes)) };
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_stays_until_the_call_is_over() {
        let mut arena = Arena::default();
        let sizes = [0, 1, 3, 8, 5000, 2, 100_000, 7];
        let given: Vec<_> = sizes
            .iter()
            .zip([1, 4, 1, 8, 1, 2, 4, 1])
            .enumerate()
            .map(|(mark, (bytes, align))| {
                let start = arena.take(*bytes, align);
                assert_eq!(start as usize % align, 0);
                // SAFETY: so many bytes were asked for.
                unsafe { start.write_bytes(mark as u8, *bytes) };
                (start, *bytes, mark as u8)
            })
            .collect();
        for (start, bytes, mark) in given {
            // SAFETY: the arena was not cleared since.
            let written = unsafe { std::slice::from_raw_parts(start, bytes) };
            assert!(written.iter().all(|byte| *byte == mark));
        }
    }

    #[test]
    fn a_large_argument_does_not_keep_its_memory() {
        let mut arena = Arena::default();
        arena.take(2 * CHUNK_BYTES_KEPT, 1);
        arena.clear();
        assert!(arena.chunk.is_empty() && arena.full.is_empty());
        arena.take(1, 1);
        let first = arena.chunk.as_ptr();
        arena.clear();
        arena.take(1, 1);
        assert_eq!(first, arena.chunk.as_ptr(), "a small one does");
    }

    #[test]
    fn to_grow_keeps_the_bytes() {
        // SAFETY: as the host does it.
        unsafe {
            let old = realloc(std::ptr::null_mut(), 0, 1, 3);
            old.copy_from_nonoverlapping(b"abc".as_ptr(), 3);
            let new = realloc(old, 3, 1, 10_000);
            assert_eq!(std::slice::from_raw_parts(new, 3), b"abc");
        }
        clear();
    }
}
