//! The life of one partition with this host, as a state machine without I/O.
//!
//! It is told what happened (fetched, handled, acknowledged, refused, drained, closed) and answers
//! what may be run, sent and committed. Bytes stay outside: it names records by [`Seq`]. Time is an
//! argument: the [`Duration`] since any fixed moment.
//!
//! ```text
//! fetched ─► queued ─► take ─► running ─► handled ─► sent ─► acknowledged ─► finished ─► commit point
//!                        ▲                   │                     │
//!                        └── backoff ◄── Again                  refused ─► resend, dead letter or halt
//! ```
//!
//! Records run and are sent strictly in order; acknowledgements come in any order; the commit
//! point is the contiguous prefix of finished records (docs/architecture.md, invariants 1 and 2).

mod entry;
mod refusal;
mod transaction;
mod wait;

use std::collections::VecDeque;
use std::time::Duration;

use smallvec::SmallVec;

pub use entry::DeadLetter;
pub use refusal::{AfterRefusal, Refused};
pub use wait::Wait;

use crate::decide::Decision;
use crate::ledger::Ledger;
use crate::record::{NextOffset, Offset};
use crate::verdict::Verdict;
use entry::Entry;
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
    /// Received and not yet finished as a prefix; the front is the oldest.
    entries: VecDeque<Entry>,
    /// The [`Seq`] of the front entry.
    base: u64,
    /// The next entry to run; all before it are handled. An index into `entries`.
    run_next: usize,
    /// Entries before this index are begun.
    begun: usize,
    /// Whether a worker has taken records and not yet said what became of them.
    running: bool,
    position: NextOffset,
    fetch_position: NextOffset,
    committed: Option<NextOffset>,
    /// Messages sent and neither acknowledged nor refused.
    in_flight: u64,
    resend: Option<Resend>,
    /// What is decided is committed in transactions.
    transaction: Option<Transaction>,
    /// A record failed for good and may not be stepped over.
    halted: bool,
    ledgers: Box<[Ledger]>,
}

/// Records that a worker is to run, in order: `count` of them from `first`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The first record.
    pub first: Seq,
    /// How many records.
    pub count: usize,
    /// The calls that are due for the first record: handler and attempt. All other records are
    /// fresh: each handler, attempt 1.
    pub first_calls: SmallVec<[(usize, u32); 2]>,
    /// The time since a handler was first called with the first record.
    pub first_waited: Duration,
}

/// What came of one call.
#[derive(Debug)]
pub struct Handled {
    /// The record.
    pub seq: Seq,
    /// The handler's index.
    pub handler: usize,
    /// What is to be done.
    pub decision: Decision,
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
    pub fn new(handlers: usize, start: NextOffset) -> Partition {
        Partition {
            phase: Phase::Consuming,
            handlers,
            entries: VecDeque::new(),
            base: 0,
            run_next: 0,
            begun: 0,
            running: false,
            position: start,
            fetch_position: start,
            committed: None,
            in_flight: 0,
            resend: None,
            transaction: None,
            halted: false,
            ledgers: vec![Ledger::default(); handlers].into(),
        }
    }

    /// A record arrived. `None` when it is not to be kept: it lies before the expected position
    /// (a rewound fetch repeats it), or intake has stopped.
    pub fn fetched(&mut self, offset: Offset) -> Option<Seq> {
        if self.phase != Phase::Consuming || offset.next() <= self.fetch_position {
            return None;
        }
        self.fetch_position = offset.next();
        self.entries.push_back(Entry::new(offset, self.handlers));
        Some(Seq(self.base + self.entries.len() as u64 - 1))
    }

    /// Whether [`Partition::take`] would give work.
    pub fn is_runnable(&self, now: Duration) -> bool {
        self.phase == Phase::Consuming
            && !self.running
            && !self.halted
            && self.resend.is_none()
            && self
                .entries
                .get(self.run_next)
                .is_some_and(|entry| entry.has_due_call(now))
    }

    /// Takes up to `max` records to run. Until [`Partition::handled`] says what became of them,
    /// nothing more is given.
    pub fn take(&mut self, max: usize, now: Duration) -> Option<Run> {
        if !self.is_runnable(now) {
            return None;
        }
        let first = &self.entries[self.run_next];
        let first_calls: SmallVec<[(usize, u32); 2]> = first.due_calls(now).collect();
        // The later handlers of a record that waits for another must not drag the next record in.
        let count = if first.would_be_final_after(&first_calls) {
            max.min(self.entries.len() - self.run_next)
        } else {
            1
        };
        let end = self.run_next + count;
        for entry in self.entries.range_mut(self.begun.min(end)..end) {
            entry.begun_at = now;
            for ledger in &mut self.ledgers {
                ledger.begun += 1;
                ledger.open += 1;
            }
        }
        self.begun = self.begun.max(end);
        self.running = true;
        let called_at = *self.entries[self.run_next].called_at.get_or_insert(now);
        Some(Run {
            first: Seq(self.base + self.run_next as u64),
            count,
            first_calls,
            first_waited: now.saturating_sub(called_at),
        })
    }

    /// Has all verdicts of a record told; otherwise only those that are not `emitted` are.
    pub fn trace(&mut self, seq: Seq) {
        if let Some(index) = self.index(seq) {
            self.entries[index].traced = true;
        }
    }

    /// A worker is done with what it took. Answers which records are to be sent now, in order:
    /// their outputs, and a dead letter for each [`Decision::DeadLetter`]. `told` gets verdicts
    /// that need no acknowledgement.
    pub fn handled(
        &mut self,
        results: impl IntoIterator<Item = Handled>,
        now: Duration,
        told: &mut Vec<Told>,
    ) -> std::ops::Range<Seq> {
        self.running = false;
        let from = self.run_next;
        if self.phase != Phase::Closed {
            for result in results {
                let index = (result.seq.0 - self.base) as usize;
                debug_assert!((from..self.begun).contains(&index));
                self.halted |= matches!(result.decision, Decision::Halt(_));
                self.entries[index].decide(result.handler, result.decision, now);
            }
            while self.run_next < self.begun && self.entries[self.run_next].is_decided() {
                let entry = &mut self.entries[self.run_next];
                entry.outstanding = entry.messages();
                if self.transaction.is_none() {
                    self.in_flight += u64::from(entry.outstanding);
                }
                self.run_next += 1;
            }
        }
        let range = Seq(self.base + from as u64)..Seq(self.base + self.run_next as u64);
        for index in from..self.run_next {
            if self.entries[index].outstanding == 0 {
                self.finish(index, told);
            }
        }
        self.advance();
        range
    }

    /// The offset of a record that is kept.
    pub fn offset(&self, seq: Seq) -> Option<Offset> {
        self.entry(seq).map(|entry| entry.offset)
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
        !self.running && self.in_flight == 0
    }

    /// Ends the stay. What comes late is ignored; what is begun and unfinished is handed back.
    pub fn close(&mut self) -> HandedBack {
        let mut back = HandedBack::default();
        if self.phase == Phase::Closed {
            return back;
        }
        self.phase = Phase::Closed;
        let (running, quiet) = (self.running, self.is_quiet());
        let entered = self.transaction.as_ref().map(|of| of.covered);
        for (index, entry) in self.entries.range(..self.begun).enumerate() {
            if entry.finished {
                continue;
            }
            let is_sent = entered.map_or(!quiet && entry.outstanding > 0, |of| index < of);
            let unsettled = is_sent || (running && index >= self.run_next);
            back.deliveries += self.handlers as u64;
            back.abandoned += if unsettled { self.handlers as u64 } else { 0 };
            for ledger in &mut self.ledgers {
                ledger.open -= 1;
                ledger.handed_back += 1;
            }
        }
        self.entries.clear();
        (self.run_next, self.begun) = (0, 0);
        self.aborted();
        self.resend = None;
        self.in_flight = 0;
        back
    }

    /// Whether the stay is over.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// What may be committed, if that has moved since the last commit. What transactions commit is
    /// [`Partition::take_progress`].
    pub fn commit_point(&self) -> Option<NextOffset> {
        let is_ours = self.transaction.is_none() && self.phase != Phase::Closed;
        (is_ours && self.committed != Some(self.position)).then_some(self.position)
    }

    /// A commit of `next` succeeded.
    pub fn committed(&mut self, next: NextOffset) {
        self.committed = self.committed.max(Some(next));
    }

    /// The last commit that succeeded.
    pub fn last_committed(&self) -> Option<NextOffset> {
        self.committed
    }

    /// After the contiguous prefix of finished records.
    pub fn position(&self) -> NextOffset {
        self.position
    }

    /// After the last record received.
    pub fn fetch_position(&self) -> NextOffset {
        self.fetch_position
    }

    /// The first record that is kept: all before it are finished.
    pub fn oldest(&self) -> Seq {
        Seq(self.base)
    }

    /// How many records are received and not finished as a prefix.
    pub fn unfinished(&self) -> usize {
        self.entries.len()
    }

    /// When the oldest open delivery was begun.
    pub fn oldest_open(&self) -> Option<Duration> {
        self.entries
            .range(..self.begun)
            .find(|entry| !entry.finished)
            .map(|entry| entry.begun_at)
    }

    /// The account of each handler, by index.
    pub fn ledgers(&self) -> &[Ledger] {
        &self.ledgers
    }

    fn entry(&self, seq: Seq) -> Option<&Entry> {
        self.index(seq).map(|index| &self.entries[index])
    }

    fn index(&self, seq: Seq) -> Option<usize> {
        let index = usize::try_from(seq.0.checked_sub(self.base)?).ok()?;
        (index < self.entries.len()).then_some(index)
    }

    fn finish(&mut self, index: usize, told: &mut Vec<Told>) {
        let entry = &mut self.entries[index];
        entry.finished = true;
        let offset = entry.offset;
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
    }

    /// Drops the finished prefix and moves the commit point behind it.
    fn advance(&mut self) {
        let base = self.base;
        while self.entries.front().is_some_and(|entry| entry.finished) {
            let entry = self.entries.pop_front().expect("it has a front");
            self.position = entry.offset.next();
            self.base += 1;
            self.run_next -= 1;
            self.begun -= 1;
        }
        self.uncover((self.base - base) as usize);
        debug_assert!(self.ledgers.iter().all(Ledger::balances));
    }
}
