//! How much may be sent and unacknowledged, in bytes, and who waits for room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cell::Partition;
use crate::waiting::Waiting;

/// With more than this under way, what follows is collected ([`crate::wave`]); with less, a message
/// goes at once, and the client's own lingering makes batches.
const LOADED_BYTES: u64 = 64 * 1024;

/// The bound on bytes in flight, all partitions together.
pub(crate) struct Outbox {
    limit_bytes: u64,
    in_flight_bytes: AtomicU64,
    waiters: Waiting,
}

impl Outbox {
    pub fn new(limit_bytes: u64) -> Outbox {
        Outbox {
            limit_bytes,
            in_flight_bytes: AtomicU64::new(0),
            waiters: Waiting::default(),
        }
    }

    /// Takes room for a message; a single one larger than the whole bound may still go alone.
    pub fn reserve(&self, bytes: u32) -> bool {
        let bytes = u64::from(bytes);
        let before = self.in_flight_bytes.fetch_add(bytes, Ordering::SeqCst);
        let fits = before == 0 || before + bytes <= self.limit_bytes;
        if !fits {
            self.in_flight_bytes.fetch_sub(bytes, Ordering::SeqCst);
        }
        fits
    }

    pub fn release(&self, bytes: u64) {
        self.in_flight_bytes.fetch_sub(bytes, Ordering::SeqCst);
    }

    /// Has a partition named by [`Outbox::take_waiters`] once there is room.
    pub fn wait(&self, partition: Arc<Partition>) {
        self.waiters.push(partition);
    }

    /// Those that waited, if there is room now. Half the bound must be free, so that they do not
    /// come and go with each message.
    pub fn take_waiters(&self) -> Vec<Arc<Partition>> {
        if self.in_flight_bytes() > self.limit_bytes / 2 {
            return Vec::new();
        }
        self.waiters.take()
    }

    /// Whether so much is under way that what follows had better wait for it.
    pub fn is_loaded(&self) -> bool {
        self.in_flight_bytes() > LOADED_BYTES
    }

    pub fn in_flight_bytes(&self) -> u64 {
        self.in_flight_bytes.load(Ordering::SeqCst)
    }
}
