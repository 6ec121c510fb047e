//! One partition's stay: the state machine of `core`, the bytes it speaks of, and the lock around
//! both. The lock is taken once a batch, never once a record.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use penstock_core::batch::Batch;
use penstock_core::codes::Code;
use penstock_core::partition::{Partition as Machine, Seq};
use penstock_core::record::{AssignmentEpoch, NextOffset, Record};

use crate::bundles::Bundles;
use crate::held::Held;
use crate::plan::TopicPlan;
use crate::ports::{AckToken, OwnedMessage};
use crate::shared::Shared;
use crate::token::{Token, UNFINISHED_MAX};
use crate::watches::Stay;
use crate::wave::Wave;

/// Whether a partition's fetcher should go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// There is room.
    Go,
    /// Its share of the buffer is full: pause it until [`crate::Engine::take_resumable`] names it.
    Pause,
}

/// One stay of a partition with this host.
pub struct Partition {
    pub(crate) shared: Arc<Shared>,
    /// Index into the plans.
    pub(crate) topic: usize,
    number: i32,
    epoch: AssignmentEpoch,
    pub(crate) state: Mutex<State>,
    /// Signalled when there is room again for a fetcher that waits.
    pub(crate) room: Condvar,
    /// A guest of this partition held its worker up: its runs go to the suspects' threads.
    pub(crate) suspect: AtomicBool,
    /// Runs since then that did not.
    pub(crate) good_runs: AtomicU32,
    /// Set before the lock is asked for, so that a worker stops between two records.
    pub(crate) stop: AtomicBool,
    /// Paused on purpose: nothing new runs. Kept by [`crate::Engine::pause`].
    pub(crate) held: AtomicBool,
}

pub(crate) struct State {
    pub machine: Machine,
    batches: VecDeque<HeldBatch>,
    pub buffered_bytes: usize,
    /// Records received in this stay.
    pub received: u64,
    /// Outputs of the record that waits for another of its handlers.
    pub held: Held,
    /// Outputs that follow once little is under way.
    pub wave: Wave,
    /// What waits for its transaction, or for the end of it.
    pub bundles: Bundles,
    /// Decided and not yet handed to the sink, in order.
    pub unsent: VecDeque<(AckToken, OwnedMessage)>,
    /// Refused, or held back behind such; to be sent again, in order.
    pub kept: BTreeMap<(Seq, bool, u64), (AckToken, OwnedMessage)>,
    /// In the run queue or with a worker.
    pub scheduled: bool,
    pub paused: bool,
    /// The fetcher waits for room.
    pub room_wanted: bool,
    pub stall: Option<Stall>,
    /// The earliest timer that is set.
    pub timer_at: Option<Duration>,
    /// What was last said to be wrong with this partition.
    pub announced: Option<Code>,
    pub watermarks: Option<(i64, i64)>,
}

/// The engine itself keeps a partition from running.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stall {
    pub kind: StallKind,
    pub since: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StallKind {
    /// As many bytes as allowed are sent and unacknowledged.
    Outbox,
    /// As many instances as allowed are running.
    Instances,
}

/// A batch whose records, from `skip` on, carry the numbers from `first`.
struct HeldBatch {
    first: Seq,
    skip: usize,
    batch: Arc<Batch>,
}

/// A stretch of a batch to run.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub first: Seq,
    pub batch: Arc<Batch>,
    pub start: usize,
    pub count: usize,
}

impl Partition {
    pub(crate) fn new(
        shared: Arc<Shared>,
        topic: usize,
        number: i32,
        epoch: AssignmentEpoch,
        start: NextOffset,
    ) -> Partition {
        let handlers = shared.topics[topic].plan.handlers.len();
        let machine = match shared.transacting {
            Some(_) => Machine::transactional(handlers, start),
            None => Machine::new(handlers, start),
        };
        Partition {
            shared,
            topic,
            number,
            epoch,
            suspect: AtomicBool::new(false),
            good_runs: AtomicU32::new(0),
            stop: AtomicBool::new(false),
            held: AtomicBool::new(false),
            room: Condvar::new(),
            state: Mutex::new(State {
                machine,
                batches: VecDeque::new(),
                buffered_bytes: 0,
                received: 0,
                held: Held::default(),
                wave: Wave::default(),
                bundles: Bundles::default(),
                unsent: VecDeque::new(),
                kept: BTreeMap::new(),
                scheduled: false,
                paused: false,
                room_wanted: false,
                stall: None,
                timer_at: None,
                announced: None,
                watermarks: None,
            }),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn plan(&self) -> &TopicPlan {
        &self.shared.topics[self.topic].plan
    }

    /// The topic's name.
    pub fn topic(&self) -> &Arc<str> {
        &self.plan().name
    }

    /// The partition's number.
    pub fn number(&self) -> i32 {
        self.number
    }

    /// This stay.
    pub fn epoch(&self) -> AssignmentEpoch {
        self.epoch
    }

    /// Hands over the next records. Those before the expected position are dropped (a seek or a
    /// rewound fetch repeats them), and all once intake has stopped.
    pub fn fetched(self: &Arc<Self>, batch: Batch) -> Flow {
        let shared = &self.shared;
        let now = shared.now();
        let mut state = self.lock();
        let state = &mut *state;
        let mut first = None;
        for index in 0..batch.len() {
            let seq = state.machine.fetched(batch.offset(index));
            if let (Some(seq), None) = (seq, first) {
                first = Some((seq, index));
            }
        }
        if let Some((first, skip)) = first {
            let kept = batch.len() - skip;
            let lines = shared.lines.allow(state.received, kept, now);
            for line in 0..lines {
                let record = batch.record(skip + line);
                shared.lines.received(self.topic(), self.number, &record);
                state.machine.trace(Seq(first.0 + line as u64));
            }
            if shared.watches.any() {
                let machine = &mut state.machine;
                shared.watches.received(self.stay(), &batch, skip, |index| {
                    machine.trace(Seq(first.0 + (index - skip) as u64));
                });
            }
            state.received += kept as u64;
            state.buffered_bytes += batch.bytes();
            state.batches.push_back(HeldBatch {
                first,
                skip,
                batch: Arc::new(batch),
            });
            shared.schedule(self, state);
        }
        let full = state.buffered_bytes > shared.share_bytes()
            || state.machine.unfinished() > UNFINISHED_MAX / 2;
        if full && !state.paused {
            state.paused = true;
            return Flow::Pause;
        }
        Flow::Go
    }

    /// After [`Flow::Pause`]: waits at most `timeout` for a little room; whether there is, so that
    /// the partition need not be paused. A pause throws away what the client has fetched ahead.
    pub fn wait_for_room(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        while state.buffered_bytes > self.shared.share_bytes() / 32 * 31 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.room_wanted = false;
                return false;
            }
            state.room_wanted = true;
            state = self
                .room
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.room_wanted = false;
        state.paused = false;
        true
    }

    /// What may be committed: after the contiguous prefix of finished records. `None` if that
    /// has not moved since the last [`Partition::committed`].
    pub fn commit_point(&self) -> Option<NextOffset> {
        self.lock().machine.commit_point()
    }

    /// This position is committed.
    pub fn committed(&self, next: NextOffset) {
        self.lock().machine.committed(next);
        if self.shared.watches.any() {
            self.shared.watches.committed(self.stay(), next);
        }
    }

    /// What the broker says of the log: low watermark and end (the last stable offset for
    /// `read_committed`).
    pub fn watermarks(&self, low: i64, end: i64) {
        self.lock().watermarks = Some((low, end));
    }

    /// What [`Partition::watermarks`] was told last.
    pub fn last_watermarks(&self) -> Option<(i64, i64)> {
        self.lock().watermarks
    }

    /// After the contiguous prefix of finished records.
    pub fn position(&self) -> NextOffset {
        self.lock().machine.position()
    }

    /// The position at which the next fetch goes on, were it to start anew.
    pub fn fetch_position(&self) -> NextOffset {
        self.lock().machine.fetch_position()
    }

    pub(crate) fn held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    pub(crate) fn stay(&self) -> Stay<'_> {
        Stay {
            plan: self.plan(),
            topic: self.topic,
            partition: self.number,
            epoch: self.epoch,
        }
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl State {
    /// The batches that hold `count` records from `first`.
    pub fn stretches(&self, first: Seq, count: usize) -> Vec<Stretch> {
        let mut stretches = Vec::with_capacity(1);
        let (mut next, end) = (first.0, first.0 + count as u64);
        for held in &self.batches {
            let batch_end = held.first.0 + (held.batch.len() - held.skip) as u64;
            if next >= end || batch_end <= next {
                continue;
            }
            let until = end.min(batch_end);
            stretches.push(Stretch {
                first: Seq(next),
                batch: Arc::clone(&held.batch),
                start: held.skip + (next - held.first.0) as usize,
                count: (until - next) as usize,
            });
            next = until;
        }
        debug_assert_eq!(next, end);
        stretches
    }

    /// A record that is not finished.
    pub fn record(&self, seq: Seq) -> Option<Record<'_>> {
        let held = self
            .batches
            .iter()
            .find(|held| held.first.0 + ((held.batch.len() - held.skip) as u64) > seq.0)?;
        let index = usize::try_from(seq.0.checked_sub(held.first.0)?).ok()?;
        Some(held.batch.record(held.skip + index))
    }

    /// Drops the batches whose records are all finished.
    pub fn drop_finished(&mut self) {
        let oldest = self.machine.oldest();
        while let Some(front) = self.batches.front() {
            if front.first.0 + (front.batch.len() - front.skip) as u64 > oldest.0 {
                break;
            }
            self.buffered_bytes -= front.batch.bytes();
            self.batches.pop_front();
        }
    }

    /// Keeps a message until it is sent again, in the order of records; of one record, what was
    /// `refused` lies before what was held back behind it.
    pub fn keep(&mut self, token: AckToken, message: OwnedMessage, refused: bool) {
        let seq = Token::unpack(token, self.machine.oldest()).seq;
        let order = self.kept.len() as u64;
        self.kept.insert((seq, !refused, order), (token, message));
    }

    /// Forgets everything but the machine, which is closed.
    pub fn clear(&mut self) {
        self.batches.clear();
        self.buffered_bytes = 0;
        self.held = Held::default();
        drop(self.wave.take());
        self.bundles = Bundles::default();
        self.unsent.clear();
        self.kept.clear();
        self.stall = None;
    }
}
