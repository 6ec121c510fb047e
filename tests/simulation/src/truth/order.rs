//! Which records of a stay wait for which, and what a commit says of those that did not.

use std::collections::BTreeSet;
use std::time::Duration;

use penstock_core::completion::CompletionMap;
use penstock_core::decide::Decision;
use penstock_core::partition::{Order, OrderBy, ParkLimits};
use penstock_core::policy::RetryMode;
use penstock_core::record::{NextOffset, Offset};

use super::stay::{Delivered, Stay};
use super::{Broken, Fare, Truth};
use crate::script::Delivery;

/// Records that are handled and sent one after the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Among {
    /// All of the partition.
    All,
    /// Those of a key; those without one are as if they had one in common.
    Key(Option<Vec<u8>>),
    /// Only this one.
    Record(i64),
}

impl Stay {
    /// Among which records this one has its turn.
    pub fn among(&self, offset: i64) -> Among {
        match self.order.by {
            _ if self.order == Order::STRICT => Among::All,
            OrderBy::Key => Among::Key(self.keys[&offset].clone()),
            OrderBy::Nothing => Among::Record(offset),
        }
    }

    /// An earlier owner finished it, and the commit at which this stay began said so.
    pub fn was_done(&self, offset: i64) -> bool {
        self.done.contains(Offset(offset))
    }
}

impl Truth {
    pub(super) fn may_be_called(
        &mut self,
        stay: usize,
        of: Delivery,
        attempt: u32,
    ) -> Result<(), Broken> {
        let it = &self.stays[stay];
        let Some(deliveries) = it.records.get(&of.offset) else {
            return Err(format!(
                "{of:?} is called and was never fetched in its stay"
            ));
        };
        if it.was_done(of.offset) {
            return Err(format!(
                "{of:?} is called though an earlier owner finished it, and its commit says so"
            ));
        }
        let latest = |delivery: &Delivered| delivery.calls.last().map(|call| &self.calls[*call]);
        let mut calls = deliveries.iter().filter_map(latest);
        if calls.any(|call| !call.returned) {
            return Err(format!(
                "{of:?} is called while its record is being handled"
            ));
        }
        if it.calling >= it.order.lanes {
            return Err(format!(
                "{of:?} is called while {} calls are under way, in {} lanes",
                it.calling, it.order.lanes
            ));
        }
        self.has_its_turn(it, of)?;
        let delivery = &deliveries[of.handler];
        if let Some(call) = latest(delivery)
            && !matches!(call.decision, Decision::Again { .. })
        {
            return Err(format!("{of:?} is called again after {:?}", call.answer));
        }
        if attempt as usize != delivery.calls.len() + 1 {
            return Err(format!(
                "{of:?} is told of attempt {attempt} after {} calls",
                delivery.calls.len()
            ));
        }
        let it = &mut self.stays[stay];
        if it.closed {
            // The record that a worker is at, and no other.
            it.called_late.insert(of.offset);
            if it.called_late.len() > it.order.lanes {
                return Err(format!("{of:?} is called though its stay is over"));
            }
        }
        Ok(())
    }

    /// It passes no record that it is to wait for, and with one lane none that may not be parked.
    fn has_its_turn(&self, stay: &Stay, of: Delivery) -> Result<(), Broken> {
        let among = stay.among(of.offset);
        let mut passed = (BTreeSet::new(), 0);
        for (before, deliveries) in stay.records.range(..of.offset).rev() {
            if stay.was_done(*before) || self.is_decided(deliveries) {
                continue;
            }
            if stay.among(*before) == among {
                return Err(format!(
                    "{of:?} is called though {before} still wants a call"
                ));
            }
            if stay.order.lanes > 1 {
                continue;
            }
            if !self.may_be_parked(stay, *before) {
                return Err(format!("{of:?} is called though {before} holds its lane"));
            }
            passed.0.insert(&stay.keys[before]);
            passed.1 += 1;
        }
        let park = stay.order.park;
        if passed.0.len() > park.keys || passed.1 > park.records {
            return Err(format!(
                "{of:?} is called while {} records of {} keys wait: more than may be parked",
                passed.1,
                passed.0.len()
            ));
        }
        Ok(())
    }

    /// Whether all handlers of a record have said their last word.
    pub(super) fn is_decided(&self, deliveries: &[Delivered]) -> bool {
        deliveries.iter().all(|delivery| {
            let latest = delivery.calls.last().map(|call| &self.calls[*call]);
            latest.is_some_and(|call| call.returned && call.decision.is_final())
        })
    }

    /// Records that a handler could be called with while nothing else is done: the first that wants
    /// a call, and those that have had one and are due again.
    pub fn callable(&self, stay: usize, now: Duration) -> Vec<i64> {
        let it = &self.stays[stay];
        let mut callable = Vec::new();
        let mut waiting = BTreeSet::new();
        for (offset, deliveries) in &it.records {
            if it.was_done(*offset) || self.is_decided(deliveries) {
                continue;
            }
            let is_first = waiting.is_empty();
            let begun = deliveries.iter().any(|of| !of.calls.is_empty());
            let has_turn = waiting.insert(it.among(*offset)) && (is_first || begun);
            let due = |delivery: &Delivered| match delivery.calls.last() {
                None => true,
                Some(call) => match &self.calls[*call] {
                    call if !call.returned => false,
                    call => matches!(call.decision, Decision::Again { after, .. }
                        if call.over_at + after <= now),
                },
            };
            if has_turn && deliveries.iter().any(due) {
                callable.push(*offset);
            }
        }
        callable
    }

    /// Whether a record of its key, up to it, was to be tried again without holding others up.
    fn may_be_parked(&self, stay: &Stay, offset: i64) -> bool {
        let key = &stay.keys[&offset];
        let waited = |delivery: &Delivered| {
            delivery.calls.iter().any(|call| {
                let mode = match &self.calls[*call].decision {
                    Decision::Again { mode, .. } => Some(*mode),
                    _ => None,
                };
                mode == Some(RetryMode::Key)
            })
        };
        let mut until = stay.records.range(..=offset);
        key.is_some()
            && stay.order.park != ParkLimits::NOTHING
            && until.any(|(of, deliveries)| stay.keys[of] == *key && deliveries.iter().any(waited))
    }

    /// What the metadata of a commit says is finished, is.
    pub fn says_of_commit(&self, stay: usize, next: i64, metadata: &str) -> Result<(), Broken> {
        if metadata.is_empty() {
            return Ok(());
        }
        let it = &self.stays[stay];
        if it.order == Order::STRICT {
            return Err(format!("a strict partition is committed with {metadata:?}"));
        }
        let Some(beyond) = CompletionMap::decode(metadata, NextOffset(next), it.identity) else {
            return Err(format!("nobody reads {metadata:?}, of a commit at {next}"));
        };
        let mut records = it.records.range(next..);
        let wrong = records.find(|(offset, deliveries)| {
            let is_there = it.was_done(**offset) || self.is_finished(deliveries);
            beyond.contains(Offset(**offset)) && !is_there
        });
        if let Some((offset, deliveries)) = wrong {
            return Err(format!(
                "{metadata:?} is to be committed though {offset} is not finished: {}",
                self.describe(deliveries)
            ));
        }
        let unread = Offset(it.fetched_until);
        if beyond.contains(unread) && !it.was_done(unread.0) {
            return Err(format!("{metadata:?} goes beyond what was fetched"));
        }
        Ok(())
    }

    /// Finished, and nothing of it is to be sent again: beside an output that is refused for good,
    /// another may wait for its topic.
    fn is_answered(&self, deliveries: &[Delivered]) -> bool {
        let open = |delivery: &Delivered| {
            let latest = delivery.calls.last().map(|call| &self.calls[*call]);
            let mut outputs = latest.into_iter().flat_map(|call| &call.outputs);
            outputs.any(|fare| matches!(fare, Fare::Home | Fare::Sent | Fare::Landed))
        };
        self.is_finished(deliveries) && !deliveries.iter().any(open)
    }

    /// Whether anything of a record is seen.
    fn shows(&self, deliveries: &[Delivered]) -> bool {
        let shows = |delivery: &Delivered| {
            let calls = delivery.calls.iter().map(|call| &self.calls[*call]);
            let mut outputs = calls.flat_map(|call| &call.outputs);
            delivery.letter == Fare::Seen || outputs.any(|fare| *fare == Fare::Seen)
        };
        deliveries.iter().any(shows)
    }

    /// A stay ends that was drained and committed: nothing that it finished is left behind.
    pub fn handed_over(&self, stay: usize, committed: i64, metadata: &str) -> Result<(), Broken> {
        let it = &self.stays[stay];
        let beyond = CompletionMap::decode(metadata, NextOffset(committed), it.identity);
        let beyond = beyond.unwrap_or_default();
        let mut left = it
            .records
            .range(committed..)
            .filter(|(offset, _)| !beyond.contains(Offset(**offset)));
        let left = left.find(|(offset, deliveries)| {
            // Exactly once, what sends nothing may be handled again: nobody sees it.
            let counts = !self.exactly_once || self.shows(deliveries);
            it.was_done(**offset) || (counts && self.is_answered(deliveries))
        });
        // A strict partition's commits say nothing of what lies behind a refused message.
        let may_be = it.order == Order::STRICT && it.refusals > 0;
        match left {
            Some((offset, _)) if !may_be => Err(format!(
                "{offset} is finished, and is done again by the next owner, who begins at \
                 {committed} with {metadata:?}"
            )),
            _ => Ok(()),
        }
    }
}
