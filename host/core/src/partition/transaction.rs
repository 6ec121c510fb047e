//! A partition whose outputs, dead letters and position are committed together, in transactions.
//!
//! A record that is decided *enters* the open transaction with all it sends, its bundle, and only when
//! all before it are finished or have entered: so the position behind what entered covers just what
//! was sent. It is finished with the commit. After an abort all that had entered enters again, in
//! order.
//!
//! A record that was parked has its place behind those that came meanwhile. It enters before the first
//! of them that has its key: there, it is a hole in what is committed, and is one no longer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::entry::{Entry, State};
use super::refusal::{Refused, Resend};
use super::{CommitPoint, KeyHash, Order, Partition, Phase, Seq, Told};
use crate::codes::Code;
use crate::decide::{Decision, last};
use crate::record::{NextOffset, Offset};
use crate::verdict::Failure;

/// Records that are parked, or were and are not in a transaction, at most: each is a hole in what is
/// committed, and must find its place in the commit's metadata ([`crate::completion::BYTES_MAX`]), or
/// what is beyond it would be sent again.
const HOLES_MAX: usize = 96;

/// What transactions have of a partition.
#[derive(Debug)]
pub(super) struct Transaction {
    /// Entries before this index are finished, or in the open transaction.
    pub covered: usize,
    /// Those that have entered before their place.
    early: BTreeSet<Seq>,
    /// Taken out of the park and not finished, by key.
    unparked: BTreeMap<(KeyHash, Offset), Seq>,
    /// What was committed when the stay began, if that is known.
    start: Option<CommitPoint>,
    /// The open transaction commits a position.
    has_position: bool,
    /// Records of which a topic takes nothing; none of them enters for a while, nor what is behind it.
    pub blocked: BTreeSet<Seq>,
    /// Nothing enters any more.
    pub shut: bool,
}

impl Partition {
    /// As [`Partition::new`], but what is decided is committed in transactions.
    pub fn transactional(handlers: usize, start: NextOffset, order: Order) -> Partition {
        Partition {
            transaction: Some(Transaction {
                covered: 0,
                early: BTreeSet::new(),
                unparked: BTreeMap::new(),
                start: Some(CommitPoint::at(start)),
                has_position: false,
                blocked: BTreeSet::new(),
                shut: false,
            }),
            ..Partition::new(handlers, start, order)
        }
    }

    /// The record that is to enter the open transaction next; [`Partition::enter`] says that it does.
    pub fn next_to_enter(&mut self, now: Duration) -> Option<Seq> {
        let is_shut = self.transaction.as_ref()?.shut;
        self.enterable(now).filter(|_| !is_shut)
    }

    fn enterable(&mut self, now: Duration) -> Option<Seq> {
        self.cover_finished();
        let transaction = self.transaction.as_ref()?;
        let entry = self.entries.get(transaction.covered)?;
        let seq = Seq(self.base + transaction.covered as u64);
        let seq = self.before_it(transaction, entry).unwrap_or(seq);
        let waits = transaction.blocked.contains(&seq)
            && (self.phase == Phase::Draining
                || self.resend.as_ref().is_some_and(|resend| resend.at > now));
        (self.entry(seq)?.is_decided() && !waits).then_some(seq)
    }

    /// One of the same key that was parked, and is to enter first.
    fn before_it(&self, transaction: &Transaction, entry: &Entry) -> Option<Seq> {
        let key = entry.key.filter(|_| !transaction.unparked.is_empty())?;
        let before = (key, Offset(i64::MIN))..(key, entry.offset);
        let mut seqs = transaction.unparked.range(before).map(|(_, seq)| *seq);
        seqs.find(|seq| !self.has_entered(transaction, *seq))
    }

    pub(super) fn has_entered(&self, transaction: &Transaction, seq: Seq) -> bool {
        seq < Seq(self.base + transaction.covered as u64) || transaction.early.contains(&seq)
    }

    /// A parked record is with a worker again, under a number of its own.
    pub(super) fn note_unparked(&mut self, seq: Seq) {
        let of = self
            .entry(seq)
            .and_then(|entry| Some((entry.key?, entry.offset)));
        if let (Some(transaction), Some(of)) = (&mut self.transaction, of) {
            transaction.unparked.insert(of, seq);
        }
    }

    /// It is parked again.
    pub(super) fn forget_unparked(&mut self, key: Option<KeyHash>, offset: Offset) {
        if let (Some(transaction), Some(key)) = (&mut self.transaction, key) {
            transaction.unparked.remove(&(key, offset));
        }
    }

    /// What sends nothing has no need to enter.
    fn cover_finished(&mut self) {
        if let Some(Transaction { covered, early, .. }) = &mut self.transaction {
            let ahead = self.entries.range(*covered..);
            for entry in ahead {
                let seq = Seq(self.base + *covered as u64);
                if !entry.finished && !early.contains(&seq) {
                    break;
                }
                *covered += 1;
            }
        }
    }

    /// When a record that waits for its topic may enter.
    pub fn enters_at(&self, now: Duration) -> Option<Duration> {
        let is_open = self.phase == Phase::Consuming && !self.transaction.as_ref()?.shut;
        let at = self.resend.as_ref()?.at;
        (is_open && at > now).then_some(at)
    }

    /// The record that was named is in the open transaction from now on.
    pub fn enter(&mut self, seq: Seq) {
        if let Some(transaction) = &mut self.transaction {
            if seq == Seq(self.base + transaction.covered as u64) {
                transaction.covered += 1;
            } else {
                transaction.early.insert(seq);
            }
        }
    }

    /// Whether the outputs of a delivery are part of its record's bundle; they are not once one of
    /// them was refused for good.
    pub fn sends(&self, seq: Seq, handler: usize) -> bool {
        self.entry(seq)
            .is_some_and(|entry| matches!(entry.deliveries[handler].state, State::Emit(_)))
    }

    /// Nothing more enters until the transaction is over: what it is to commit, if that has moved.
    pub fn take_progress(&mut self) -> Option<CommitPoint> {
        self.cover_finished();
        let progress = self.progress();
        let transaction = self.transaction.as_mut()?;
        let progress = progress.filter(|_| !transaction.shut);
        transaction.has_position = progress.is_some();
        progress
    }

    /// All that is finished or has entered, if that is not committed.
    pub fn progress(&self) -> Option<CommitPoint> {
        let transaction = self.transaction.as_ref()?;
        let mut covered = self.entries.range(..transaction.covered);
        let last = covered.rfind(|entry| !entry.late);
        let frontier = last.map_or(self.frontier, |entry| entry.offset.next());
        let point = self.covered_until(frontier, transaction.covered);
        let is_new = match &self.committed {
            Some(before) => point != *before,
            None => transaction.start.as_ref() != Some(&point),
        };
        (is_new && self.phase != Phase::Closed).then_some(point)
    }

    /// What an earlier owner has done is committed.
    pub(super) fn begins_with_done(&mut self) {
        let point = self.covered_until(self.frontier, 0);
        if let Some(transaction) = &mut self.transaction {
            transaction.start = Some(point);
        }
    }

    /// It is not known what is committed.
    pub fn owes_start(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.start = None;
        }
    }

    /// Whether a commit can name one more record that it does not cover.
    pub(super) fn has_room_for_holes(&self) -> bool {
        self.transaction.is_none() || self.late.len() < HOLES_MAX
    }

    /// The position, and what is beyond it, if the first `covered` entries were finished.
    pub(super) fn covered_until(&self, frontier: NextOffset, covered: usize) -> CommitPoint {
        let early = self.transaction.iter().flat_map(|of| &of.early);
        let early = early.filter_map(|seq| self.entry(*seq));
        let entered = self.entries.range(..covered);
        let entered = entered.filter(|entry| entry.late && !entry.finished);
        let entered: BTreeSet<Offset> = entered.chain(early).map(|entry| entry.offset).collect();
        let mut holes = self.late.range(..Offset(frontier.0));
        let holes = holes.by_ref().copied().filter(|of| !entered.contains(of));
        CommitPoint::with_holes(frontier, holes, &self.done)
    }

    /// How many of [`Partition::places`] are finished or have entered.
    pub fn entered(&self) -> usize {
        self.transaction.as_ref().map_or(0, |of| of.covered)
    }

    /// Whether a record sends what was decided; it does not once it halted.
    pub fn is_whole(&self, seq: Seq) -> bool {
        self.entry(seq).is_some_and(|entry| entry.is_decided())
    }

    /// The transaction is committed: what had entered is finished.
    pub fn transacted(&mut self, told: &mut Vec<Told>) {
        let Some(transaction) = &mut self.transaction else {
            return;
        };
        transaction.has_position = false;
        let (covered, base) = (transaction.covered, self.base);
        let early = std::mem::take(&mut transaction.early);
        let early = early.iter().map(|seq| (seq.0 - base) as usize);
        for index in (0..covered).chain(early) {
            if !self.entries[index].finished {
                self.finish(index, told);
            }
        }
        self.advance();
        self.divert_all();
    }

    /// The transaction is aborted: what had entered is to enter again.
    pub fn aborted(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.covered = 0;
            transaction.early.clear();
            transaction.has_position = false;
        }
    }

    /// A record is finished.
    pub(super) fn leaves(&mut self, seq: Seq, key: Option<KeyHash>, offset: Offset) {
        self.forget_unparked(key, offset);
        if let Some(transaction) = &mut self.transaction
            && transaction.blocked.remove(&seq)
            && transaction.blocked.is_empty()
        {
            self.resend = None;
        }
    }

    /// A message of a record is to blame for an abort, or was not even taken: its delivery sends a
    /// dead letter in place of its outputs, is skipped, or halts; or the record waits for its topic.
    /// Whether that is news.
    pub fn blamed(&mut self, refused: Refused, now: Duration, told: &mut Vec<Told>) -> bool {
        let (Some(index), Some(transaction)) = (self.index(refused.seq), self.transaction.as_mut())
        else {
            return false;
        };
        if !refused.for_good {
            transaction.blocked.insert(refused.seq);
            self.wait_for_topic(refused, now);
            return true;
        }
        let has_entered = index < transaction.covered || transaction.early.contains(&refused.seq);
        let entry = &mut self.entries[index];
        let delivery = &mut entry.deliveries[refused.handler];
        let failure = Failure::OutputRefused {
            topic: refused.topic,
            why: refused.why,
        };
        let decision = match (refused.dead_letter, &delivery.state) {
            (false, State::Emit(_)) => last(failure, refused.then),
            (true, State::DeadLetter(_)) => Decision::Halt(Box::new(failure)),
            // Several outputs of a delivery may be refused.
            _ => return false,
        };
        delivery.state = match decision {
            Decision::DeadLetter(failure) => State::DeadLetter(failure),
            Decision::Skip(reason) => State::Skip(reason),
            Decision::Halt(failure) => State::Halted(failure),
            _ => unreachable!("nothing is called again once its outputs are sent"),
        };
        self.halted |= matches!(delivery.state, State::Halted(_));
        if !has_entered && entry.is_decided() && entry.messages() == 0 {
            self.finish(index, told);
            self.advance();
        }
        true
    }

    fn wait_for_topic(&mut self, refused: Refused, now: Duration) {
        let since = self.resend.as_ref().map_or(now, |resend| resend.since);
        self.resend = Some(Resend {
            code: if refused.dead_letter {
                Code::DeadLetterUnwritable
            } else {
                Code::OutputUnwritable
            },
            topic: refused.topic,
            why: refused.why,
            since,
            at: refused.resend_at,
            kept: 0,
        });
    }

    /// Nothing enters any more, and no position is committed.
    pub fn shut(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.shut = true;
        }
    }

    /// Whether nothing enters any more.
    pub fn is_shut(&self) -> bool {
        self.transaction.as_ref().is_some_and(|of| of.shut)
    }

    /// Whether the open transaction has anything of the partition.
    pub fn is_held(&self) -> bool {
        self.transaction.as_ref().is_some_and(|transaction| {
            let mut covered = self.entries.range(..transaction.covered);
            transaction.has_position
                || !transaction.early.is_empty()
                || covered.any(|entry| !entry.finished)
        })
    }

    /// Whether there is anything to commit that no transaction has yet.
    pub fn owes(&mut self, now: Duration) -> bool {
        self.enterable(now).is_some() || self.progress().is_some()
    }

    /// Entries were dropped from the end.
    pub(super) fn cover_no_more_than(&mut self, entries: usize) {
        if let Some(transaction) = &mut self.transaction {
            transaction.covered = transaction.covered.min(entries);
        }
    }

    /// Records were dropped from the front.
    pub(super) fn uncover(&mut self, dropped: usize) {
        if let Some(transaction) = &mut self.transaction {
            transaction.covered = transaction.covered.saturating_sub(dropped);
        }
    }
}
