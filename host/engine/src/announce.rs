//! Says it once when a partition begins to wait for somebody outside, and once when that is over.

use std::sync::{Arc, MutexGuard, PoisonError};

use penstock_core::codes::Code;
use penstock_core::conditions::Conditions;
use penstock_core::partition::Wait;
use penstock_core::policy::Then;

use crate::cell::{Partition, State};

impl Partition {
    /// After anything happened to the state: frees finished bytes, says what changed, hands the
    /// partition to a worker if it has work.
    pub(crate) fn settle(self: &Arc<Self>, state: &mut State) {
        self.shared.freed(self, state);
        self.announce(state);
        self.announce_parking(state);
        self.shared.schedule(self, state);
    }

    fn announce(&self, state: &mut State) {
        let wait = match state.machine.wait() {
            Some(Wait::Halted {
                offset,
                handler,
                why,
            }) => {
                let handler = &self.plan().handlers[handler];
                let (name, topic, class) = (&handler.name, self.topic(), why.class().name());
                let (because, cure) = match handler.policy.rule(why).then {
                    Then::Halt => (
                        format!("`failures` says to halt on `{class}`"),
                        format!("Mend what failed, or change `failures.{class}` of {name}"),
                    ),
                    _ => match self.plan().dead_letter {
                        None => (
                            "the topic has no dead-letter topic".to_owned(),
                            format!("Set topics.{topic}.dead-letter, or mend the handler"),
                        ),
                        Some(letters) => (
                            "its dead letter is refused for good, too".to_owned(),
                            format!("Have {} take it", self.topic_name(letters)),
                        ),
                    },
                };
                let text = format!(
                    "partition halted: record {offset} failed in {name} ({}: {}) and {because}; \
                     later records of this partition wait. {cure}, then restart",
                    why.code(),
                    why.headline(),
                );
                Some((Code::Halted, text, Some(offset.0), Some(why.text())))
            }
            Some(Wait::Unwritable {
                code, topic, why, ..
            }) => {
                let text = format!(
                    "{topic} can't be written ({why}); this partition waits and tries again"
                );
                Some((code, text, None, None))
            }
            // What concerns the park is said by itself: only a lane of several may wait for it.
            Some(Wait::Backoff { .. } | Wait::ParkFull { .. }) | None => None,
        };
        let code = wait.as_ref().map(|(code, ..)| *code);
        if code == state.announced {
            return;
        }
        let subject = self.subject();
        let mut conditions = self.conditions();
        if let Some(over) = state.announced.take() {
            conditions.clear(over, &subject);
            tracing::info!(code = over.as_str(), partition = subject, "works again");
        }
        if let Some((code, text, offset, failure)) = wait {
            conditions.raise(code, &subject, &text, self.shared.machine.wall_ms());
            // The trace is of use to whoever mends the handler, and stands in nobody's way here.
            let (name, partition) = (code.as_str(), subject);
            tracing::error!(code = name, partition, offset, failure, "{text}");
            state.announced = Some(code);
        }
    }

    /// What conditions of this partition are about.
    pub(crate) fn subject(&self) -> String {
        format!("{}[{}]", self.topic(), self.number())
    }

    pub(crate) fn conditions(&self) -> MutexGuard<'_, Conditions> {
        let conditions = &self.shared.conditions;
        conditions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was said: the stay is over.
    pub(crate) fn retract(&self, state: &mut State) {
        self.retract_parking(state);
        if let Some(over) = state.announced.take() {
            self.conditions().clear(over, &self.subject());
        }
    }
}
