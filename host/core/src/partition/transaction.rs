//! A partition whose outputs, dead letters and position are committed together, in transactions.
//!
//! A record that is decided *enters* the open transaction with all it sends, its bundle, and only when
//! all before it are finished or have entered: so the position behind what entered covers just what
//! was sent. It is finished with the commit. After an abort all that had entered enters again, in
//! order.

use std::time::Duration;

use super::entry::State;
use super::refusal::{Refused, Resend};
use super::{Partition, Phase, Seq, Told};
use crate::codes::Code;
use crate::decide::{Decision, last};
use crate::record::NextOffset;
use crate::verdict::Failure;

/// What transactions have of a partition.
#[derive(Debug)]
pub(super) struct Transaction {
    /// Entries before this index are finished, or in the open transaction.
    pub covered: usize,
    /// Where the stay began.
    start: NextOffset,
    /// The open transaction commits a position.
    has_position: bool,
    /// The record at which a topic can't be written; nothing enters from there on for a while.
    pub blocked: Option<Seq>,
    /// Nothing enters any more.
    pub shut: bool,
}

impl Partition {
    /// As [`Partition::new`], but what is decided is committed in transactions.
    pub fn transactional(handlers: usize, start: NextOffset) -> Partition {
        Partition {
            transaction: Some(Transaction {
                covered: 0,
                start,
                has_position: false,
                blocked: None,
                shut: false,
            }),
            ..Partition::new(handlers, start)
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
        let index = transaction.covered;
        let seq = Seq(self.base + index as u64);
        let waits = transaction.blocked == Some(seq)
            && (self.phase == Phase::Draining
                || self.resend.as_ref().is_some_and(|resend| resend.at > now));
        // A record that halted when its message was refused lies before the next to run.
        (index < self.run_next && self.entries[index].is_decided() && !waits).then_some(seq)
    }

    /// What sends nothing has no need to enter.
    fn cover_finished(&mut self) {
        if let Some(Transaction { covered, .. }) = &mut self.transaction {
            while *covered < self.run_next && self.entries[*covered].finished {
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

    /// The record that was named last is in the open transaction from now on.
    pub fn enter(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            debug_assert!(transaction.covered < self.run_next);
            transaction.covered += 1;
        }
    }

    /// Whether the outputs of a delivery are part of its record's bundle; they are not once one of
    /// them was refused for good.
    pub fn sends(&self, seq: Seq, handler: usize) -> bool {
        self.entry(seq)
            .is_some_and(|entry| matches!(entry.deliveries[handler].state, State::Emit(_)))
    }

    /// Nothing more enters until the transaction is over: the position that it is to commit, if that
    /// has moved.
    pub fn take_progress(&mut self) -> Option<NextOffset> {
        self.cover_finished();
        let progress = self.progress();
        let transaction = self.transaction.as_mut()?;
        let progress = progress.filter(|_| !transaction.shut);
        transaction.has_position = progress.is_some();
        progress
    }

    /// After all that is finished or has entered, if that is not committed.
    pub fn progress(&self) -> Option<NextOffset> {
        let transaction = self.transaction.as_ref()?;
        let next = match transaction.covered.checked_sub(1) {
            Some(last) => self.entries[last].offset.next(),
            None => self.position,
        };
        let before = self.committed.unwrap_or(transaction.start);
        (next > before && self.phase != Phase::Closed).then_some(next)
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
        for index in 0..transaction.covered {
            if !self.entries[index].finished {
                self.finish(index, told);
            }
        }
        self.advance();
    }

    /// The transaction is aborted: what had entered is to enter again.
    pub fn aborted(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.covered = 0;
            transaction.has_position = false;
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
            let first = transaction
                .blocked
                .map_or(refused.seq, |seq| seq.min(refused.seq));
            transaction.blocked = Some(first);
            self.wait_for_topic(refused, now);
            return true;
        }
        let has_entered = index < transaction.covered;
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
            transaction.has_position || covered.any(|entry| !entry.finished)
        })
    }

    /// Whether there is anything to commit that no transaction has yet.
    pub fn owes(&mut self, now: Duration) -> bool {
        self.enterable(now).is_some() || self.progress().is_some()
    }

    /// Records were dropped from the front.
    pub(super) fn uncover(&mut self, dropped: usize) {
        let base = Seq(self.base);
        if let Some(transaction) = &mut self.transaction {
            transaction.covered = transaction.covered.saturating_sub(dropped);
            if transaction.blocked.is_some_and(|seq| seq < base) {
                transaction.blocked = None;
                self.resend = None;
            }
        }
    }
}
