//! What a partition waits for, so that it can be said.

use std::time::Duration;

use super::Partition;
use super::entry::State;
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
        // A record that halted after it was sent lies before the next to run.
        let halted = self.halted.then(|| {
            let mut begun = self.entries.range(..self.begun);
            begun.find_map(|entry| entry.halted().map(|halted| (entry.offset, halted)))
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
        let entry = self.entries.get(self.run_next)?;
        entry
            .deliveries
            .iter()
            .enumerate()
            .find_map(|(handler, delivery)| match &delivery.state {
                State::Again { at, why } => Some(Wait::Backoff {
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
        let again = self
            .entries
            .get(self.run_next)
            .into_iter()
            .flat_map(|entry| {
                entry
                    .deliveries
                    .iter()
                    .filter_map(|delivery| match delivery.state {
                        State::Again { at, .. } => Some(at),
                        _ => None,
                    })
            });
        again.chain(self.resend_at()).filter(|at| *at > now).min()
    }
}
