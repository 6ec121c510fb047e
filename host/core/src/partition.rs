//! The life of one partition with this host, as a state machine without I/O.
//!
//! It is told what happened (fetched, handled, acknowledged, refused, drained, closed) and answers
//! what may be run, sent and committed. Bytes stay outside: it names records by [`Seq`]. Time is an
//! argument: the [`Duration`] since any fixed moment.
//!
//! ```text
//! fetched ─► lane ─► take ─► running ─► handled ─► sent ─► acknowledged ─► finished ─► commit point
//!             ▲                            │                     │
//!             └── backoff, or parked ◄── Again                refused ─► resend, dead letter or halt
//! ```
//!
//! Records of a lane, and of a parked key, run and are sent strictly in order; a partition has one
//! lane unless more are asked for. Acknowledgements come in any order; the commit point is the
//! contiguous prefix of finished records, and says what is finished beyond it
//! (docs/architecture.md, invariants 1 and 2).

mod commit;
mod entry;
mod lanes;
mod park;
mod parked;
mod refusal;
mod run;
mod transaction;
mod wait;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

pub use commit::CommitPoint;
pub use entry::DeadLetter;
pub use lanes::{KeyHash, Order, OrderBy};
pub use park::{ParkLimits, ParkStatus};
pub use parked::Parked;
pub use refusal::{AfterRefusal, Refused};
pub use run::{Handled, Run, RunOf};
pub use wait::Wait;

use crate::completion::CompletionMap;
use crate::ledger::Ledger;
use crate::record::{NextOffset, Offset};
use crate::verdict::Verdict;
use entry::Entry;
use lanes::Lane;
use park::Park;
use refusal::Resend;
use transaction::Transaction;

/// The number of a record within its partition's stay, from 0, without gaps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

/// Whether the partition takes records in, finishes what it has, or is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Consuming,
    Draining,
    Closed,
}

/// See the module.
#[derive(Debug)]
pub struct Partition {
    phase: Phase,
    handlers: usize,
    order: Order,
    /// Received and not yet finished as a prefix; the front is the oldest.
    entries: VecDeque<Entry>,
    /// The [`Seq`] of the front entry.
    base: u64,
    lanes: Box<[Lane]>,
    park: Park,
    /// Runs that a worker has taken and not yet said what became of.
    running: usize,
    /// Whose turn it is to be looked at first.
    turn: usize,
    /// Only the lane of the oldest record that is not decided may go on.
    narrow: bool,
    /// After the prefix of entries that are finished or parked.
    frontier: NextOffset,
    /// Parked, or taken out of the park and not finished.
    late: BTreeSet<Offset>,
    /// What an earlier owner finished beyond its last commit.
    done: CompletionMap,
    freed: Vec<Freed>,
    fetch_position: NextOffset,
    committed: Option<CommitPoint>,
    /// Messages sent and neither acknowledged nor refused.
    in_flight: u64,
    resend: Option<Resend>,
    /// What is decided is committed in transactions.
    transaction: Option<Transaction>,
    /// A record failed for good and may not be stepped over.
    halted: bool,
    ledgers: Box<[Ledger]>,
}

/// What need no longer be kept where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freed {
    /// Finished before an older one.
    Finished(Seq),
    /// Parked: it is asked for by its offset from now on.
    Parked(Seq, Offset),
    /// It was parked, and is finished.
    Unparked(Offset),
}

/// A delivery that has its verdict.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// The record.
    pub offset: Offset,
    /// The handler's index.
    pub handler: usize,
    /// How it ended.
    pub verdict: Verdict,
}

/// What happened to the records of an ended stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HandedBack {
    /// Deliveries begun and unfinished.
    pub deliveries: u64,
    /// Of these, how many belong to records that were running, or sent and not answered.
    pub abandoned: u64,
}

impl Partition {
    /// A stay that begins to read at `start`, with `handlers` handlers a record.
    pub fn new(handlers: usize, start: NextOffset, order: Order) -> Partition {
        Partition {
            phase: Phase::Consuming,
            handlers,
            entries: VecDeque::new(),
            base: 0,
            lanes: (0..order.lanes.max(1)).map(|_| Lane::default()).collect(),
            park: Park::new(order.park),
            order,
            running: 0,
            turn: 0,
            narrow: false,
            frontier: start,
            late: BTreeSet::new(),
            done: CompletionMap::default(),
            freed: Vec::new(),
            fetch_position: start,
            committed: None,
            in_flight: 0,
            resend: None,
            transaction: None,
            halted: false,
            ledgers: vec![Ledger::default(); handlers].into(),
        }
    }

    /// What an earlier owner finished beyond where this stay begins: it is not done again.
    pub fn skip_completed(&mut self, done: CompletionMap) {
        self.done = done;
        self.begins_with_done();
    }

    /// A record arrived, of so many bytes. `None` when it is not to be kept: it lies before the
    /// expected position (a rewound fetch repeats it), or intake has stopped.
    ///
    /// The key decides only if order is kept by it.
    pub fn fetched(&mut self, offset: Offset, key: Option<KeyHash>, bytes: u32) -> Option<Seq> {
        if self.phase != Phase::Consuming || offset.next() <= self.fetch_position {
            return None;
        }
        self.fetch_position = offset.next();
        let seq = Seq(self.base + self.entries.len() as u64);
        let mut entry = Entry::new(offset, self.handlers, key, bytes);
        if self.done.contains(offset) {
            entry.finished = true;
            self.entries.push_back(entry);
            self.freed.push(Freed::Finished(seq));
            self.advance();
            return Some(seq);
        }
        self.entries.push_back(entry);
        self.queue(seq, key);
        Some(seq)
    }

    /// Has all verdicts of a record told; otherwise only those that are not `emitted` are.
    pub fn trace(&mut self, seq: Seq) {
        if let Some(index) = self.index(seq) {
            self.entries[index].traced = true;
        }
    }

    /// The offset of a record that is kept.
    pub fn offset(&self, seq: Seq) -> Option<Offset> {
        self.entry(seq).map(|entry| entry.offset)
    }

    /// The offset of a record that was parked before it got this number.
    pub fn unparked(&self, seq: Seq) -> Option<Offset> {
        if self.late.is_empty() {
            return None;
        }
        let entry = self.entry(seq)?;
        entry.late.then_some(entry.offset)
    }

    /// The handler indices of a record whose dead letters are to be sent, with attempts.
    pub fn dead_letters(&self, seq: Seq) -> impl Iterator<Item = DeadLetter<'_>> {
        self.entry(seq)
            .into_iter()
            .flat_map(|entry| entry.dead_letters())
    }

    /// One message of a record is durable.
    pub fn acknowledged(&mut self, seq: Seq, told: &mut Vec<Told>) {
        let Some(index) = self.index(seq) else {
            return;
        };
        self.in_flight -= 1;
        let entry = &mut self.entries[index];
        entry.outstanding -= 1;
        if entry.outstanding == 0 && entry.is_decided() {
            self.finish(index, told);
            self.advance();
        }
        self.settle_resend();
    }

    /// Stops the intake; what is in flight may still finish.
    pub fn drain(&mut self) {
        if self.phase == Phase::Consuming {
            self.phase = Phase::Draining;
        }
    }

    /// Whether nothing can change any more without new work: nobody runs, nothing is in flight.
    pub fn is_quiet(&self) -> bool {
        self.running == 0 && self.in_flight == 0
    }

    /// Ends the stay. What comes late is ignored; what is begun and unfinished is handed back.
    pub fn close(&mut self) -> HandedBack {
        let mut back = HandedBack::default();
        if self.phase == Phase::Closed {
            return back;
        }
        self.phase = Phase::Closed;
        let quiet = self.is_quiet();
        let transaction = self.transaction.as_ref();
        let parked = self.park.entries().map(|entry| (usize::MAX, entry));
        for (index, entry) in self.entries.iter().enumerate().chain(parked) {
            if !entry.is_open() {
                continue;
            }
            let seq = Seq(self.base.saturating_add(index as u64));
            let is_sent = match transaction {
                Some(transaction) => self.has_entered(transaction, seq),
                None => !quiet && entry.outstanding > 0,
            };
            let unsettled = is_sent || entry.taken;
            back.deliveries += self.handlers as u64;
            back.abandoned += if unsettled { self.handlers as u64 } else { 0 };
            for ledger in &mut self.ledgers {
                ledger.open -= 1;
                ledger.handed_back += 1;
            }
        }
        self.entries.clear();
        self.lanes.iter_mut().for_each(Lane::clear);
        self.park.clear();
        self.late.clear();
        self.freed.clear();
        self.aborted();
        self.resend = None;
        self.in_flight = 0;
        back
    }

    /// Whether the stay is over.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// All before this is finished.
    pub fn position(&self) -> NextOffset {
        let late = self.late.first().map(|offset| NextOffset(offset.0));
        late.map_or(self.frontier, |late| late.min(self.frontier))
    }

    /// After the last record received.
    pub fn fetch_position(&self) -> NextOffset {
        self.fetch_position
    }

    /// The first record that is kept: all before it are finished.
    pub fn oldest(&self) -> Seq {
        Seq(self.base)
    }

    /// How many places are taken: records received and not finished as a prefix. What is parked has
    /// none.
    pub fn places(&self) -> usize {
        self.entries.len()
    }

    /// How many records are received and not finished as a prefix.
    pub fn unfinished(&self) -> usize {
        self.entries.len() + self.park.status().records
    }

    /// When the oldest open delivery was begun; what is or was parked aside.
    pub fn oldest_open(&self) -> Option<Duration> {
        let mut open = self.entries.iter().filter(|of| of.is_open() && !of.late);
        open.next().map(|entry| entry.begun_at)
    }

    /// What is parked.
    pub fn parked(&self) -> ParkStatus {
        self.park.status()
    }

    /// What need no longer be kept where it was, in the order it happened.
    pub fn take_freed(&mut self) -> Vec<Freed> {
        std::mem::take(&mut self.freed)
    }

    /// The account of each handler, by index.
    pub fn ledgers(&self) -> &[Ledger] {
        &self.ledgers
    }

    /// Whether a record may be finished long before an older one. Otherwise only acknowledgements
    /// change places, and what is kept goes with the prefix soon enough.
    fn may_overtake(&self) -> bool {
        self.lanes.len() > 1 || self.order.park.keys > 0
    }

    fn entry(&self, seq: Seq) -> Option<&Entry> {
        self.index(seq).map(|index| &self.entries[index])
    }

    fn index(&self, seq: Seq) -> Option<usize> {
        let index = usize::try_from(seq.0.checked_sub(self.base)?).ok()?;
        (index < self.entries.len()).then_some(index)
    }

    fn finish(&mut self, index: usize, told: &mut Vec<Told>) {
        let seq = Seq(self.base + index as u64);
        let overtook = index > 0 && self.may_overtake();
        let entry = &mut self.entries[index];
        entry.finished = true;
        let offset = entry.offset;
        let key = entry.key;
        if entry.late {
            self.late.remove(&offset);
            self.freed.push(Freed::Unparked(offset));
        } else if overtook {
            self.freed.push(Freed::Finished(seq));
        }
        for (handler, delivery) in entry.deliveries.iter_mut().enumerate() {
            let ledger = &mut self.ledgers[handler];
            ledger.open -= 1;
            let verdict = delivery.verdict();
            match &verdict {
                Verdict::Emitted { .. } => ledger.emitted += 1,
                Verdict::Skipped(_) => ledger.skipped += 1,
                Verdict::DeadLettered { .. } => ledger.dead_lettered += 1,
            }
            if !entry.traced && matches!(verdict, Verdict::Emitted { .. }) {
                continue;
            }
            told.push(Told {
                offset,
                handler,
                verdict,
            });
        }
        if self.transaction.is_some() {
            self.leaves(seq, key, offset);
        }
    }

    /// Drops the finished prefix and moves the frontier behind it.
    fn advance(&mut self) {
        let base = self.base;
        while self.entries.front().is_some_and(|entry| entry.finished) {
            let entry = self.entries.pop_front().expect("it has a front");
            if !entry.late {
                self.frontier = entry.offset.next();
            }
            self.base += 1;
        }
        self.uncover((self.base - base) as usize);
        debug_assert!(self.ledgers.iter().all(Ledger::balances));
    }
}
