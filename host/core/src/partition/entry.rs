//! One record on its way, with its delivery to each handler.

use std::time::Duration;

use smallvec::SmallVec;

use super::KeyHash;
use crate::decide::Decision;
use crate::policy::RetryMode;
use crate::record::Offset;
use crate::verdict::{Failure, Reason, Verdict};

#[derive(Debug)]
pub(super) struct Entry {
    pub offset: Offset,
    /// `None` if it has no key, or order is not kept by it.
    pub key: Option<KeyHash>,
    pub bytes: u32,
    /// Given to a worker, once or more.
    pub begun: bool,
    /// With a worker now.
    pub taken: bool,
    /// It was parked: others of a higher offset may be finished.
    pub late: bool,
    pub begun_at: Duration,
    /// When a handler was first called with it.
    pub called_at: Option<Duration>,
    /// Messages sent and not acknowledged; a refused one that waits to be sent again counts too.
    pub outstanding: u32,
    pub finished: bool,
    pub traced: bool,
    pub deliveries: SmallVec<[Delivery; 1]>,
}

#[derive(Debug)]
pub(super) struct Delivery {
    pub attempts: u32,
    pub state: State,
}

/// Where a delivery stands. The first two want a call, the third wants an operator, the rest are
/// decided and become a verdict when what they send is durable.
#[derive(Debug)]
pub(super) enum State {
    Fresh,
    Again {
        at: Duration,
        why: Box<Failure>,
        mode: RetryMode,
    },
    Halted(Box<Failure>),
    Emit(u32),
    Skip(Box<Reason>),
    DeadLetter(Box<Failure>),
}

impl Entry {
    pub fn new(offset: Offset, handlers: usize, key: Option<KeyHash>, bytes: u32) -> Entry {
        Entry {
            offset,
            key,
            bytes,
            begun: false,
            taken: false,
            late: false,
            begun_at: Duration::ZERO,
            called_at: None,
            outstanding: 0,
            finished: false,
            traced: false,
            deliveries: (0..handlers)
                .map(|_| Delivery {
                    attempts: 0,
                    state: State::Fresh,
                })
                .collect(),
        }
    }

    /// Takes it out, and leaves in its place what counts as finished.
    pub fn take_out(&mut self) -> Entry {
        let mut gone = Entry::new(self.offset, 0, None, 0);
        (gone.finished, gone.late) = (true, self.late);
        std::mem::replace(self, gone)
    }

    /// Whether it stands for a record that was taken out again after it had been parked before.
    pub fn is_empty_place(&self) -> bool {
        self.late && self.deliveries.is_empty()
    }

    /// Whether its deliveries are begun and without a verdict.
    pub fn is_open(&self) -> bool {
        self.begun && !self.finished
    }

    /// Whether it may wait in the park: each call that it still wants is to wait for its key only.
    pub fn wants_parking(&self) -> bool {
        let mut wanted = self.deliveries.iter().filter(|of| !of.is_decided());
        let by_key = |delivery: &Delivery| {
            matches!(
                delivery.state,
                State::Again {
                    mode: RetryMode::Key,
                    ..
                }
            )
        };
        !self.is_decided() && wanted.all(by_key)
    }

    /// When the first call that it still wants is due.
    pub fn due_at(&self) -> Option<Duration> {
        let due = self.deliveries.iter().filter_map(|of| match of.state {
            State::Fresh => Some(Duration::ZERO),
            State::Again { at, .. } => Some(at),
            _ => None,
        });
        due.min()
    }

    pub fn due_calls(&self, now: Duration) -> impl Iterator<Item = (usize, u32)> {
        self.deliveries
            .iter()
            .enumerate()
            .filter(move |(_, delivery)| delivery.is_due(now))
            .map(|(handler, delivery)| (handler, delivery.attempts + 1))
    }

    pub fn has_due_call(&self, now: Duration) -> bool {
        self.due_calls(now).next().is_some()
    }

    /// Whether these calls are all that the record still wants.
    pub fn would_be_final_after(&self, calls: &[(usize, u32)]) -> bool {
        self.deliveries
            .iter()
            .enumerate()
            .all(|(handler, delivery)| {
                delivery.is_decided() || calls.iter().any(|(called, _)| *called == handler)
            })
    }

    pub fn halted(&self) -> Option<(usize, &Failure)> {
        self.deliveries
            .iter()
            .enumerate()
            .find_map(|(handler, delivery)| match &delivery.state {
                State::Halted(failure) => Some((handler, &**failure)),
                _ => None,
            })
    }

    pub fn decide(&mut self, handler: usize, decision: Decision, now: Duration) {
        self.called_at.get_or_insert(now);
        let delivery = &mut self.deliveries[handler];
        delivery.attempts += 1;
        delivery.state = match decision {
            Decision::Emit { outputs } => State::Emit(outputs),
            Decision::Skip(reason) => State::Skip(reason),
            Decision::Again { after, why, mode } => State::Again {
                at: now + after,
                why,
                mode,
            },
            Decision::DeadLetter(failure) => State::DeadLetter(failure),
            Decision::Halt(failure) => State::Halted(failure),
        };
    }

    pub fn is_decided(&self) -> bool {
        self.deliveries.iter().all(Delivery::is_decided)
    }

    /// How many messages the decided record sends.
    pub fn messages(&self) -> u32 {
        self.deliveries
            .iter()
            .map(|delivery| match delivery.state {
                State::Emit(outputs) => outputs,
                State::DeadLetter(_) => 1,
                _ => 0,
            })
            .sum()
    }

    pub fn dead_letters(&self) -> impl Iterator<Item = DeadLetter<'_>> {
        self.deliveries
            .iter()
            .enumerate()
            .filter_map(|(handler, delivery)| match &delivery.state {
                State::DeadLetter(failure) => Some(DeadLetter {
                    handler,
                    failure,
                    attempts: delivery.attempts,
                }),
                _ => None,
            })
    }
}

impl Delivery {
    fn is_due(&self, now: Duration) -> bool {
        match self.state {
            State::Fresh => true,
            State::Again { at, .. } => at <= now,
            _ => false,
        }
    }

    fn is_decided(&self) -> bool {
        matches!(
            self.state,
            State::Emit(_) | State::Skip(_) | State::DeadLetter(_)
        )
    }

    /// The verdict of a decided delivery; it gives its words away.
    pub fn verdict(&mut self) -> Verdict {
        match std::mem::replace(&mut self.state, State::Emit(0)) {
            State::Emit(outputs) => Verdict::Emitted { outputs },
            State::Skip(reason) => Verdict::Skipped(*reason),
            State::DeadLetter(failure) => Verdict::DeadLettered {
                failure: *failure,
                attempts: self.attempts,
            },
            State::Fresh | State::Again { .. } | State::Halted(_) => {
                unreachable!("only a decided delivery is finished")
            }
        }
    }
}

/// A dead letter to be sent.
#[derive(Debug)]
pub struct DeadLetter<'a> {
    /// The handler's index.
    pub handler: usize,
    /// What failed.
    pub failure: &'a Failure,
    /// How many times the handler was called.
    pub attempts: u32,
}
