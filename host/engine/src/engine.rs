//! The handle by which sources feed the engine and everybody else looks at it.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use penstock_core::batch::Batch;
use penstock_core::conditions::Conditions;
use penstock_core::record::{AssignmentEpoch, NextOffset};

use crate::plan::{Settings, TopicPlan};
use crate::ports::{EpochClock, Sink};

/// Whether a partition's fetcher should go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// There is room.
    Go,
    /// Its share of the buffer is full: pause it until [`Engine::take_resumable`] names it.
    Pause,
}

/// The engine.
pub struct Engine {}

impl Engine {
    /// Starts the worker threads.
    pub fn start(
        settings: Settings,
        topics: Vec<TopicPlan>,
        sink: Arc<dyn Sink>,
        clock: Arc<dyn EpochClock>,
    ) -> Arc<Engine> {
        unreachable!()
    }

    /// A partition is ours from now on, read from `start`; a new epoch.
    pub fn assign(&self, topic: &str, partition: i32, start: NextOffset) -> Arc<Partition> {
        unreachable!()
    }

    /// Partitions paused by [`Partition::fetched`] that have room again.
    pub fn take_resumable(&self) -> Vec<Arc<Partition>> {
        unreachable!()
    }

    /// Stops the intake of these partitions and waits until nothing of them is running or
    /// unacknowledged, at most until `deadline`. Whether that was reached.
    pub fn drain(&self, partitions: &[Arc<Partition>], deadline: Instant) -> bool {
        unreachable!()
    }

    /// Ends these partitions' epochs: what comes late is discarded, what is unfinished counts as
    /// handed back.
    pub fn close(&self, partitions: &[Arc<Partition>]) {
        unreachable!()
    }

    /// What is wrong right now.
    pub fn conditions(&self) -> &Mutex<Conditions> {
        unreachable!()
    }
}

/// One stay of a partition with this host.
pub struct Partition {}

impl Partition {
    /// The topic's name.
    pub fn topic(&self) -> &Arc<str> {
        unreachable!()
    }

    /// The partition's number.
    pub fn number(&self) -> i32 {
        unreachable!()
    }

    /// This stay.
    pub fn epoch(&self) -> AssignmentEpoch {
        unreachable!()
    }

    /// Hands over the next records. Those before the expected position are dropped (a seek or a
    /// rewound fetch repeats them).
    pub fn fetched(self: &Arc<Self>, batch: Batch) -> Flow {
        unreachable!()
    }

    /// What may be committed: after the contiguous prefix of finished records. `None` if that
    /// has not moved since the last [`Partition::committed`].
    pub fn commit_point(&self) -> Option<NextOffset> {
        unreachable!()
    }

    /// This position is committed.
    pub fn committed(&self, next: NextOffset) {
        unreachable!()
    }

    /// What the broker says of the log: low watermark and end (the last stable offset for
    /// `read_committed`).
    pub fn watermarks(&self, low: i64, end: i64) {
        unreachable!()
    }

    /// What [`Partition::watermarks`] was told last.
    pub fn last_watermarks(&self) -> Option<(i64, i64)> {
        unreachable!()
    }

    /// The position at which the next fetch goes on, were it to start anew.
    pub fn fetch_position(&self) -> NextOffset {
        unreachable!()
    }
}
