//! What a source needs of the engine; the seam at which tests put their own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use penstock_core::batch::{Batch, Size};
use penstock_core::partition::{CommitPoint, HandedBack};
use penstock_core::record::{AssignmentEpoch, NextOffset};
use penstock_engine::{Engine, Flow, Partition, Settled};

use crate::latch::Latch;

/// Takes partitions and their records in; see [`Engine`].
pub trait Intake: Latch {
    /// One stay of a partition with this host.
    type Stay: Stay;

    /// A partition is ours from now on.
    fn assign(&self, topic: &str, partition: i32, start: NextOffset) -> Arc<Self::Stay>;
    /// Paused partitions that have room again.
    fn take_resumable(&self) -> Vec<Arc<Self::Stay>>;
    /// Ends the intake of these, and waits for what is running and unacknowledged.
    fn drain(&self, stays: &[Arc<Self::Stay>], deadline: Instant) -> bool;
    /// After [`Intake::drain`]: has what is finished committed by `deadline`, or undone, where that is
    /// not the source's to do. No transaction holds any of these afterwards.
    fn settle(&self, stays: &[Arc<Self::Stay>], deadline: Instant) -> Settled;
    /// One look at what [`Intake::settle`] waits for; `None`: it is not over. `late` has it undone.
    fn settling(&self, stays: &[Arc<Self::Stay>], late: bool) -> Option<Settled>;
    /// As [`Intake::settle`], where the group gave these away: nothing of them is committed any more,
    /// except what was on its way.
    fn abandon(&self, stays: &[Arc<Self::Stay>]) -> Settled;
    /// Ends these stays; says what was unfinished.
    fn close(&self, stays: &[Arc<Self::Stay>]) -> HandedBack;
}

/// One stay of a partition; see [`Partition`].
pub trait Stay: Send + Sync + 'static {
    /// The topic's name.
    fn topic(&self) -> &Arc<str>;
    /// The partition's number.
    fn number(&self) -> i32;
    /// This stay, and no other.
    fn epoch(&self) -> AssignmentEpoch;
    /// An empty batch for what comes next, which may be about as much as `size`.
    fn batch(&self, size: Size) -> Batch;
    /// Hands over the next records.
    fn fetched(self: &Arc<Self>, batch: Batch) -> Flow;
    /// Waits a little for room after [`Flow::Pause`]; whether there is.
    fn wait_for_room(&self, timeout: Duration) -> bool;
    /// What an earlier owner finished beyond its commit, by the metadata of that.
    fn skip_completed(&self, committed: NextOffset, metadata: &str);
    /// Whether this stay's start is committed is not known: the next transaction has to.
    fn owes_start(self: &Arc<Self>);
    /// What is finished.
    fn finished(&self) -> CommitPoint;
    /// What may be committed, if that has moved.
    fn commit_point(&self) -> Option<CommitPoint>;
    /// The metadata of such a commit.
    fn metadata(&self, point: &CommitPoint) -> String;
    /// This is committed.
    fn committed(&self, point: &CommitPoint);
    /// What the broker says of the log.
    fn watermarks(&self, low: i64, end: i64);
    /// What [`Stay::watermarks`] was told last.
    fn last_watermarks(&self) -> Option<(i64, i64)>;
    /// All before this is finished.
    fn position(&self) -> NextOffset;
    /// Where the next fetch goes on.
    fn fetch_position(&self) -> NextOffset;
}

impl Intake for Engine {
    type Stay = Partition;

    fn assign(&self, topic: &str, partition: i32, start: NextOffset) -> Arc<Partition> {
        Engine::assign(self, topic, partition, start)
    }
    fn take_resumable(&self) -> Vec<Arc<Partition>> {
        Engine::take_resumable(self)
    }
    fn drain(&self, stays: &[Arc<Partition>], deadline: Instant) -> bool {
        Engine::drain(self, stays, deadline)
    }
    fn settle(&self, stays: &[Arc<Partition>], deadline: Instant) -> Settled {
        Engine::settle(self, stays, deadline)
    }
    fn settling(&self, stays: &[Arc<Partition>], late: bool) -> Option<Settled> {
        Engine::settling(self, stays, late)
    }
    fn abandon(&self, stays: &[Arc<Partition>]) -> Settled {
        Engine::abandon(self, stays)
    }
    fn close(&self, stays: &[Arc<Partition>]) -> HandedBack {
        Engine::close(self, stays)
    }
}

impl Stay for Partition {
    fn topic(&self) -> &Arc<str> {
        Partition::topic(self)
    }
    fn number(&self) -> i32 {
        Partition::number(self)
    }
    fn epoch(&self) -> AssignmentEpoch {
        Partition::epoch(self)
    }
    fn batch(&self, size: Size) -> Batch {
        Partition::batch(self, size)
    }
    fn fetched(self: &Arc<Self>, batch: Batch) -> Flow {
        Partition::fetched(self, batch)
    }
    fn wait_for_room(&self, timeout: Duration) -> bool {
        Partition::wait_for_room(self, timeout)
    }
    fn skip_completed(&self, committed: NextOffset, metadata: &str) {
        Partition::skip_completed(self, committed, metadata);
    }
    fn owes_start(self: &Arc<Self>) {
        Partition::owes_start(self);
    }
    fn finished(&self) -> CommitPoint {
        Partition::finished(self)
    }
    fn commit_point(&self) -> Option<CommitPoint> {
        Partition::commit_point(self)
    }
    fn metadata(&self, point: &CommitPoint) -> String {
        Partition::metadata(self, point)
    }
    fn committed(&self, point: &CommitPoint) {
        Partition::committed(self, point);
    }
    fn watermarks(&self, low: i64, end: i64) {
        Partition::watermarks(self, low, end);
    }
    fn last_watermarks(&self) -> Option<(i64, i64)> {
        Partition::last_watermarks(self)
    }
    fn position(&self) -> NextOffset {
        Partition::position(self)
    }
    fn fetch_position(&self) -> NextOffset {
        Partition::fetch_position(self)
    }
}
