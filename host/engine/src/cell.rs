//! One partition's stay: the state machine of `core`, the bytes it speaks of, and the lock around
//! both. The lock is taken once a batch, never once a record.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use penstock_core::batch::{Batch, Size};
use penstock_core::codes::Code;
use penstock_core::completion::CompletionMap;
use penstock_core::partition::{CommitPoint, KeyHash, Partition as Machine, Seq};
use penstock_core::record::{AssignmentEpoch, NextOffset, Offset, Record};

use crate::batches::{Batches, Stretch};
use crate::bundles::Bundles;
use crate::held::Held;
use crate::parking::Parking;
use crate::plan::TopicPlan;
use crate::ports::{AckToken, OwnedMessage};
use crate::rest::Rest;
use crate::room::Part;
use crate::shared::Shared;
use crate::token::Token;
use crate::topics::Topic;
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
    pub(crate) topic: Arc<Topic>,
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
    pub batches: Batches,
    /// Records received in this stay.
    pub received: u64,
    /// Outputs of records that wait for another of their handlers.
    pub held: BTreeMap<Offset, Held>,
    /// Outputs that follow once little is under way.
    pub wave: Wave,
    /// What waits for its transaction, or for the end of it.
    pub bundles: Bundles,
    /// Decided and not yet handed to the sink, in order.
    pub unsent: VecDeque<(AckToken, OwnedMessage)>,
    /// Refused, or held back behind such; to be sent again, in order.
    pub kept: BTreeMap<(Offset, bool, u64), (AckToken, OwnedMessage)>,
    /// How many times in the run queue or with a worker.
    pub scheduled: usize,
    pub paused: bool,
    /// The fetcher waits for room.
    pub room_wanted: bool,
    pub stall: Option<Stall>,
    /// After calls that a limit stopped.
    pub rest: Rest,
    /// The earliest timer that is set.
    pub timer_at: Option<Duration>,
    /// What was last said to be wrong with this partition.
    pub announced: Option<Code>,
    /// What was last said of its parked keys.
    pub parking: Parking,
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

impl Partition {
    pub(crate) fn new(
        shared: Arc<Shared>,
        topic: Arc<Topic>,
        number: i32,
        epoch: AssignmentEpoch,
        start: NextOffset,
    ) -> Partition {
        let plan = &topic.plan;
        let (handlers, order) = (plan.handlers.len(), plan.order);
        let spares = Arc::clone(&shared.spares);
        let machine = match shared.transacting {
            Some(_) => Machine::transactional(handlers, start, order),
            None => Machine::new(handlers, start, order),
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
                batches: Batches::new(&spares),
                received: 0,
                held: BTreeMap::new(),
                wave: Wave::default(),
                bundles: Bundles::default(),
                unsent: VecDeque::new(),
                kept: BTreeMap::new(),
                scheduled: 0,
                paused: false,
                room_wanted: false,
                stall: None,
                rest: Rest::default(),
                timer_at: None,
                announced: None,
                parking: Parking::default(),
                watermarks: None,
            }),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn plan(&self) -> &TopicPlan {
        &self.topic.plan
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

    /// An empty batch for what comes next, which may be about as much as `size`.
    pub fn batch(&self, size: Size) -> Batch {
        self.shared.spares.batch(size)
    }

    /// Hands over the next records. Those before the expected position are dropped (a seek or a
    /// rewound fetch repeats them), and all once intake has stopped.
    pub fn fetched(self: &Arc<Self>, batch: Batch) -> Flow {
        let shared = &self.shared;
        let batch = shared.spares.fit(batch);
        let now = shared.now();
        let mut state = self.lock();
        let state = &mut *state;
        let mut first = None;
        let keeps_keys = self.plan().keeps_keys();
        for index in 0..batch.len() {
            let offset = batch.offset(index);
            let seq = if keeps_keys {
                let key = batch.record(index).key.map(KeyHash::of);
                let bytes = batch.record_bytes(index) as u32;
                state.machine.fetched(offset, key, bytes)
            } else {
                state.machine.fetched(offset, None, 0)
            };
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
            state.batches.push(first, skip, batch);
            // A key may be parked already.
            state.drop_finished();
            self.announce_parking(state);
            if shared.transacting.is_some() && state.machine.owes(now) {
                // The position moves by what an earlier owner has done.
                shared.list(self, state);
            }
            shared.schedule(self, state);
        }
        if shared.is_filled(Part::ALL, state) {
            // Said again to whoever was told to resume too early.
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
        while self.shared.is_filled(Part::NEARLY_ALL, &state) {
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

    /// What an earlier owner finished beyond the commit after which this stay begins, by that
    /// commit's metadata; anything that is not from the same handlers is ignored.
    pub fn skip_completed(&self, committed: NextOffset, metadata: &str) {
        let handlers = self.plan().identity;
        if let Some(done) = CompletionMap::decode(metadata, committed, handlers) {
            self.lock().machine.skip_completed(done);
        }
    }

    /// Whether the start of this stay is committed is not known: the next transaction commits it.
    pub fn owes_start(self: &Arc<Self>) {
        let mut state = self.lock();
        state.machine.owes_start();
        self.shared.list(self, &mut state);
    }

    /// What is finished.
    pub fn finished(&self) -> CommitPoint {
        self.lock().machine.finished()
    }

    /// What may be committed: after the contiguous prefix of finished records, and what is
    /// finished beyond. `None` if that has not moved since the last [`Partition::committed`].
    pub fn commit_point(&self) -> Option<CommitPoint> {
        self.lock().machine.commit_point()
    }

    /// The metadata of a commit, for the next owner's [`Partition::skip_completed`].
    pub fn metadata(&self, point: &CommitPoint) -> String {
        point.beyond.encode(point.next, self.plan().identity)
    }

    /// This is committed.
    pub fn committed(&self, point: &CommitPoint) {
        self.lock().machine.committed(point.clone());
        if self.shared.watches.any() {
            self.shared.watches.committed(self.stay(), point.next);
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
            topic: self.topic.index,
            partition: self.number,
            epoch: self.epoch,
        }
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl State {
    /// A record that is not finished.
    pub fn record(&self, seq: Seq) -> Option<Record<'_>> {
        match self.machine.unparked(seq) {
            Some(offset) => self.batches.parked(offset),
            None => self.batches.record(seq),
        }
    }

    /// Where the records of a run lie.
    pub fn stretches(&self, records: &[Seq]) -> Vec<Stretch> {
        match self.machine.unparked(records[0]) {
            Some(offset) => self.batches.parked_stretch(records[0], offset),
            None => self.batches.stretches(records),
        }
    }

    /// Drops what need no longer be kept.
    pub fn drop_finished(&mut self) {
        for freed in self.machine.take_freed() {
            self.batches.freed(freed);
        }
        self.batches.drop_before(self.machine.oldest());
    }

    /// Keeps a message until it is sent again, in the order of records, which numbers are not where
    /// keys were parked; of one record, what was `refused` lies before what was held back behind it.
    pub fn keep(&mut self, token: AckToken, message: OwnedMessage, refused: bool) {
        let seq = Token::unpack(token, self.machine.oldest()).seq;
        let order = self.kept.len() as u64;
        let offset = self.machine.offset(seq).expect("it is not finished");
        self.kept
            .insert((offset, !refused, order), (token, message));
    }

    /// Forgets everything but the machine, which is closed.
    pub fn clear(&mut self) {
        self.batches.clear();
        self.held.clear();
        drop(self.wave.take());
        self.bundles = Bundles::default();
        self.unsent.clear();
        self.kept.clear();
        self.stall = None;
    }
}
