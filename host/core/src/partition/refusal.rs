//! What happens when the broker does not take a message.

use std::time::Duration;

use super::entry::State;
use super::{Partition, Seq, Told};
use crate::codes::Code;
use crate::decide::{Decision, last};
use crate::policy::Then;
use crate::verdict::Failure;

/// A refusal, as the partition needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The record.
    pub seq: Seq,
    /// The index of the handler whose output or dead letter it is.
    pub handler: usize,
    /// Whether it is a dead letter.
    pub dead_letter: bool,
    /// Whether this message will never be taken (size, null key, timestamp), as against a topic
    /// that is missing, not permitted or out of reach.
    pub for_good: bool,
    /// The topic.
    pub topic: String,
    /// The broker's reason.
    pub why: String,
    /// What becomes of the record if the message is refused for good.
    pub then: Then,
    /// When to send again what is kept.
    pub resend_at: Duration,
}

/// What is to be done about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRefusal {
    /// Keep the message and send it again when [`Partition::take_resend`] says so.
    Keep,
    /// Drop the message; send the record's dead letter in its place.
    DeadLetter,
    /// Drop the message.
    Drop,
}

/// Messages that wait to be sent again. Nothing new runs until all are acknowledged, so that
/// later records of a key do not overtake.
#[derive(Debug)]
pub(super) struct Resend {
    pub code: Code,
    pub topic: String,
    pub why: String,
    pub since: Duration,
    pub at: Duration,
    /// Refused, or held back behind such; kept by whoever drives this machine.
    pub kept: u64,
}

impl Partition {
    /// The broker refused a message.
    pub fn refused(
        &mut self,
        refused: Refused,
        now: Duration,
        told: &mut Vec<Told>,
    ) -> AfterRefusal {
        let Some(index) = self.index(refused.seq) else {
            return AfterRefusal::Drop;
        };
        if refused.dead_letter || !refused.for_good {
            self.keep(refused, now);
            return AfterRefusal::Keep;
        }
        let entry = &mut self.entries[index];
        let delivery = &mut entry.deliveries[refused.handler];
        if matches!(delivery.state, State::Emit(_)) {
            let failure = Failure::OutputRefused {
                topic: refused.topic,
                why: refused.why,
            };
            match last(failure, refused.then) {
                Decision::DeadLetter(failure) => {
                    delivery.state = State::DeadLetter(failure);
                    return AfterRefusal::DeadLetter;
                }
                Decision::Halt(failure) => {
                    delivery.state = State::Halted(failure);
                    self.halted = true;
                }
                Decision::Skip(reason) => delivery.state = State::Skip(reason),
                _ => unreachable!("nothing is called again once its outputs are sent"),
            }
        }
        self.in_flight -= 1;
        entry.outstanding -= 1;
        if entry.outstanding == 0 && entry.is_decided() {
            self.finish(index, told);
            self.advance();
        }
        self.settle_resend();
        AfterRefusal::Drop
    }

    fn keep(&mut self, refused: Refused, now: Duration) {
        self.in_flight -= 1;
        let code = if refused.dead_letter {
            Code::DeadLetterUnwritable
        } else {
            Code::OutputUnwritable
        };
        let resend = self.resend.get_or_insert(Resend {
            code,
            topic: String::new(),
            why: String::new(),
            since: now,
            at: refused.resend_at,
            kept: 0,
        });
        resend.code = code;
        resend.topic = refused.topic;
        resend.why = refused.why;
        resend.at = refused.resend_at;
        resend.kept += 1;
    }

    /// A message is about to be sent: whether it is to be kept behind those that wait to be sent
    /// again, so that it does not overtake them.
    pub fn hold_back(&mut self) -> bool {
        match &mut self.resend {
            Some(resend) if resend.kept > 0 => {
                resend.kept += 1;
                self.in_flight -= 1;
                true
            }
            _ => false,
        }
    }

    /// Whether [`Partition::take_resend`] would say so.
    pub fn is_resend_due(&self, now: Duration) -> bool {
        self.phase == super::Phase::Consuming
            && self.in_flight == 0
            && self
                .resend
                .as_ref()
                .is_some_and(|resend| resend.kept > 0 && resend.at <= now)
    }

    /// Whether what is kept is to be sent again now, in the order it was first sent. Only when
    /// nothing is in flight, so that the order holds.
    pub fn take_resend(&mut self, now: Duration) -> bool {
        let due = self.is_resend_due(now);
        if let (true, Some(resend)) = (due, &mut self.resend) {
            self.in_flight = std::mem::take(&mut resend.kept);
        }
        due
    }

    /// When [`Partition::take_resend`] is worth asking again.
    pub fn resend_at(&self) -> Option<Duration> {
        self.resend
            .as_ref()
            .filter(|resend| resend.kept > 0)
            .map(|resend| resend.at)
    }

    /// The wait for a topic is over once all that was sent is acknowledged.
    pub(super) fn settle_resend(&mut self) {
        if self.in_flight == 0 && self.resend.as_ref().is_some_and(|resend| resend.kept == 0) {
            self.resend = None;
        }
    }
}
