//! Partitions that wait for something that happens to all of them at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cell::Partition;

/// A list that costs nothing to look at while it is empty.
#[derive(Default)]
pub(crate) struct Waiting {
    any: AtomicBool,
    partitions: Mutex<Vec<Arc<Partition>>>,
}

impl Waiting {
    pub fn push(&self, partition: Arc<Partition>) {
        let mut partitions = self
            .partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        partitions.push(partition);
        self.any.store(true, Ordering::SeqCst);
    }

    /// All that wait, which do no longer.
    pub fn take(&self) -> Vec<Arc<Partition>> {
        if !self.any.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let mut partitions = self
            .partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.any.store(false, Ordering::SeqCst);
        std::mem::take(&mut *partitions)
    }
}
