//! The room of batches that are done with, for batches to come. Without it a batch under load grows
//! by copies of itself, into pages that the system has to give anew each time.

use std::mem;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use penstock_core::batch::Batch;

/// What is kept for batches to come is bounded by these two: 32 MiB at worst.
const SPARES_MAX: usize = 16;
const ROOM_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What the allocator has at hand by itself; and a batch that small is no sign of large ones to come.
const ROOM_BYTES_MIN: usize = 16 * 1024;

/// Empty batches with room.
#[derive(Default)]
pub(crate) struct Spares {
    batches: Mutex<Vec<Batch>>,
}

impl Spares {
    /// An empty batch to come after `last`, with room for about as much.
    pub fn after(&self, last: &Batch) -> Batch {
        let large = last.room_bytes() >= ROOM_BYTES_MIN;
        let spare = if large { self.lock().pop() } else { None };
        spare.unwrap_or_else(|| Batch::like(last))
    }

    /// A batch whose room is taken back when nobody has it any more.
    pub fn lend(self: &Arc<Self>, batch: Batch) -> Lent {
        Lent {
            batch,
            spares: Arc::clone(self),
        }
    }

    fn take_back(&self, mut batch: Batch) {
        if !(ROOM_BYTES_MIN..=ROOM_BYTES_MAX).contains(&batch.room_bytes()) {
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
    use penstock_core::record::{Offset, Timestamp};

    use super::*;

    fn batch(bytes: usize) -> Batch {
        let mut batch = Batch::default();
        let value = vec![b'v'; bytes];
        batch.push(Offset(0), Timestamp::Unknown, None, Some(&value), []);
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
        let next = spares.after(&batch(50_000));
        assert!(next.is_empty() && next.room_bytes() >= 100_000);
        assert!(spares.after(&batch(50_000)).room_bytes() < 100_000);
    }

    #[test]
    fn what_is_kept_is_bounded_and_small_batches_do_not_get_it() {
        let spares = Arc::new(Spares::default());
        for bytes in [10, ROOM_BYTES_MIN / 2, ROOM_BYTES_MAX + 1] {
            drop(spares.lend(batch(bytes)));
            assert_eq!(spares.lock().len(), 0);
        }
        let lent: Vec<_> = (0..SPARES_MAX + 3)
            .map(|_| spares.lend(batch(20_000)))
            .collect();
        drop(lent);
        assert_eq!(spares.lock().len(), SPARES_MAX);
        assert!(spares.after(&batch(10)).room_bytes() < 20_000);
        assert_eq!(spares.lock().len(), SPARES_MAX);
    }
}
