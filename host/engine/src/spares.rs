//! The room of batches that are done with, for batches to come. Without it a batch under load grows
//! by copies of itself, into pages that the system has to give anew each time.

use std::mem;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use penstock_core::batch::{Batch, Size};

/// What is kept for batches to come is bounded by these two: 32 MiB at worst.
const SPARES_MAX: usize = 16;
const ROOM_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What the allocator has at hand by itself.
const ROOM_BYTES_MIN: usize = 16 * 1024;

/// Room of more than so many times what is in it is given back at once: buffers are bounded by what
/// is in them.
const ROOM_TIMES_MAX: usize = 2;

/// Empty batches with room.
#[derive(Default)]
pub(crate) struct Spares {
    batches: Mutex<Vec<Batch>>,
}

impl Spares {
    /// An empty batch for what is about as much as `size`.
    pub fn batch(&self, size: Size) -> Batch {
        let needed = size.memory();
        if needed < ROOM_BYTES_MIN {
            return Batch::with_room(size);
        }
        let mut spares = self.lock();
        let rooms = spares.iter().map(|spare| spare.room().memory());
        // The least that is enough, or else the most there is.
        let best = rooms
            .enumerate()
            .min_by_key(|(_, room)| (*room < needed, room.abs_diff(needed)));
        match best {
            Some((index, _)) => spares.swap_remove(index),
            None => Batch::with_room(size),
        }
    }

    /// The same batch without much more room than it needs.
    pub fn fit(&self, batch: Batch) -> Batch {
        let room = batch.room().memory();
        if room <= ROOM_BYTES_MIN || room <= ROOM_TIMES_MAX * batch.size().memory() {
            return batch;
        }
        let fitted = batch.fitted();
        self.take_back(batch);
        fitted
    }

    /// A batch whose room is taken back when nobody has it any more.
    pub fn lend(self: &Arc<Self>, batch: Batch) -> Lent {
        Lent {
            batch,
            spares: Arc::clone(self),
        }
    }

    fn take_back(&self, mut batch: Batch) {
        if !(ROOM_BYTES_MIN..=ROOM_BYTES_MAX).contains(&batch.room().memory()) {
            return;
        }
        batch.clear();
        let mut batches = self.lock();
        if batches.len() < SPARES_MAX {
            batches.push(batch);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Batch>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Spares::lend`].
pub(crate) struct Lent {
    batch: Batch,
    spares: Arc<Spares>,
}

impl Deref for Lent {
    type Target = Batch;

    fn deref(&self) -> &Batch {
        &self.batch
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.spares.take_back(mem::take(&mut self.batch));
    }
}

#[cfg(test)]
mod tests {
    use penstock_core::record::{Header, Offset, Timestamp};

    use super::*;

    fn fill(batch: &mut Batch, bytes: usize) {
        let value = vec![b'v'; bytes];
        batch.push(Offset(0), Timestamp::Unknown, None, Some(&value), []);
    }

    fn batch(bytes: usize) -> Batch {
        let mut batch = Batch::default();
        fill(&mut batch, bytes);
        batch
    }

    #[test]
    fn room_comes_back_empty_with_the_last_who_has_it() {
        let spares = Arc::new(Spares::default());
        let lent = Arc::new(spares.lend(batch(100_000)));
        let also = Arc::clone(&lent);
        drop(lent);
        assert_eq!(also.record(0).value.map(<[u8]>::len), Some(100_000));
        assert_eq!(spares.lock().len(), 0);
        drop(also);
        let like = batch(50_000).size();
        let next = spares.batch(like);
        assert!(next.is_empty() && next.room().memory() >= 100_000);
        assert!(spares.batch(like).room().memory() < 100_000);
    }

    #[test]
    fn the_least_room_is_taken_that_is_enough() {
        let spares = Arc::new(Spares::default());
        let rooms = [20_000, 300_000, 100_000];
        let lent: Vec<_> = rooms.map(|bytes| spares.lend(batch(bytes))).into();
        drop(lent);
        let taken = [90_000, 90_000, 90_000].map(|bytes| {
            let room = spares.batch(batch(bytes).size()).room().memory();
            room / 10_000
        });
        assert_eq!(taken, [10, 30, 2]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let spares = Arc::new(Spares::default());
        for bytes in [10, ROOM_BYTES_MIN / 2, ROOM_BYTES_MAX + 1] {
            drop(spares.lend(batch(bytes)));
            assert_eq!(spares.lock().len(), 0);
        }
        let mut headers = Batch::default();
        let many = vec![
            Header {
                name: b"n",
                value: None,
            };
            ROOM_BYTES_MAX / 10
        ];
        headers.push(Offset(0), Timestamp::Unknown, None, None, many);
        drop(spares.lend(headers));
        assert_eq!(spares.lock().len(), 0);
        let lent: Vec<_> = (0..SPARES_MAX + 3)
            .map(|_| spares.lend(batch(20_000)))
            .collect();
        drop(lent);
        assert_eq!(spares.lock().len(), SPARES_MAX);
    }

    #[test]
    fn a_small_batch_holds_no_large_room() {
        let spares = Arc::new(Spares::default());
        drop(spares.lend(batch(1_000_000)));
        assert!(spares.batch(batch(10).size()).room().memory() < ROOM_BYTES_MIN);
        let mut large = spares.batch(batch(20_000).size());
        assert_eq!(spares.lock().len(), 0);
        fill(&mut large, 20_000);
        let fitted = spares.fit(large);
        assert_eq!(fitted.record(0).value, batch(20_000).record(0).value);
        assert!(fitted.room().memory() <= ROOM_TIMES_MAX * fitted.size().memory());
        assert_eq!(spares.lock().len(), 1);
        let full = spares.fit(batch(900_000));
        assert_eq!((full.len(), spares.lock().len()), (1, 1));
    }
}
