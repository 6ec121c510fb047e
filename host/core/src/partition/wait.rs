//! What a partition waits for, so that it can be said.

use std::time::Duration;

use super::entry::{Entry, State};
use super::{ParkStatus, Partition};
use crate::codes::Code;
use crate::record::Offset;
use crate::verdict::Failure;

/// Why nothing of a partition runs.
#[derive(Debug)]
pub enum Wait<'a> {
    /// A handler asked for a retry, or its deadline passed.
    Backoff {
        /// The record.
        offset: Offset,
        /// The handler's index.
        handler: usize,
        /// Calls so far.
        attempts: u32,
        /// When it is called again.
        until: Duration,
        /// What failed.
        why: &'a Failure,
    },
    /// A record's key is parked, or is to be, and as much is parked as may be.
    ParkFull {
        /// The record.
        offset: Offset,
        /// What is parked.
        parked: ParkStatus,
    },
    /// A record failed, and is neither dead-lettered nor skipped.
    Halted {
        /// The record.
        offset: Offset,
        /// The handler's index.
        handler: usize,
        /// What failed.
        why: &'a Failure,
    },
    /// A topic can't be written.
    Unwritable {
        /// Whose topic: output or dead letter.
        code: Code,
        /// The topic.
        topic: &'a str,
        /// The broker's reason.
        why: &'a str,
        /// Since when.
        since: Duration,
    },
}

impl Partition {
    /// What this partition waits for, if it does.
    pub fn wait(&self) -> Option<Wait<'_>> {
        let halted = self.halted.then(|| {
            let mut entries = self.entries.iter().chain(self.park.entries());
            entries.find_map(|entry| entry.halted().map(|halted| (entry.offset, halted)))
        });
        if let Some((offset, (handler, why))) = halted.flatten() {
            return Some(Wait::Halted {
                offset,
                handler,
                why,
            });
        }
        if let Some(resend) = &self.resend {
            return Some(Wait::Unwritable {
                code: resend.code,
                topic: &resend.topic,
                why: &resend.why,
                since: resend.since,
            });
        }
        // As long as a lane has something to do, its partition goes on.
        let waits = |entry| self.waits(entry);
        let fronts = self.lanes.iter().filter_map(|lane| self.front(lane));
        let mut waiting = fronts.map(waits);
        let first = waiting.next()??;
        waiting.all(|wait| wait.is_some()).then_some(first)
    }

    fn waits<'a>(&'a self, entry: &'a Entry) -> Option<Wait<'a>> {
        if entry.taken {
            return None;
        }
        if self.is_left_out(entry) {
            return Some(Wait::ParkFull {
                offset: entry.offset,
                parked: self.park.status(),
            });
        }
        let mut deliveries = entry.deliveries.iter().enumerate();
        deliveries.find_map(|(handler, delivery)| match &delivery.state {
            State::Again { at, why, .. } => Some(Wait::Backoff {
                offset: entry.offset,
                handler,
                attempts: delivery.attempts,
                until: *at,
                why,
            }),
            _ => None,
        })
    }

    /// When the partition is to be looked at again though nothing else happens. What is due already
    /// waits for something else, whose end is such a thing.
    pub fn wake_at(&self, now: Duration) -> Option<Duration> {
        let fronts = self.lanes.iter().filter_map(|lane| self.front(lane));
        let again = fronts.flat_map(|entry| {
            entry
                .deliveries
                .iter()
                .filter_map(|delivery| match delivery.state {
                    State::Again { at, .. } => Some(at),
                    _ => None,
                })
        });
        let later = again.chain(self.resend_at()).filter(|at| *at > now);
        later.chain(self.park.next_due(now)).min()
    }
}
