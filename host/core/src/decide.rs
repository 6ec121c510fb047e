//! What the host makes of a handler's answer.

use std::time::Duration;

use crate::policy::{Attempt, Policy, RetryMode, Then};
use crate::verdict::{Failure, Outcome, Reason};

/// What is to be done with a delivery after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Send what was staged.
    Emit {
        /// How many outputs.
        outputs: u32,
    },
    /// Nothing to send: the handler's word, or the policy's.
    Skip(Box<Reason>),
    /// Call the handler again after a while.
    Again {
        /// How long.
        after: Duration,
        /// What failed.
        why: Box<Failure>,
        /// What waits meanwhile.
        mode: RetryMode,
    },
    /// Send the original record to the dead-letter topic.
    DeadLetter(Box<Failure>),
    /// Stop the partition here: nothing is stepped over.
    Halt(Box<Failure>),
}

impl Decision {
    /// Whether the delivery needs no further call.
    pub fn is_final(&self) -> bool {
        match self {
            Decision::Emit { .. } | Decision::Skip(_) | Decision::DeadLetter(_) => true,
            Decision::Again { .. } | Decision::Halt(_) => false,
        }
    }
}

/// Decides on the answer to a call.
///
/// `outputs` is what the call staged; `dead_letter` whether the topic has a dead-letter topic.
pub fn decide(
    answer: Result<Outcome, Failure>,
    outputs: u32,
    attempt: Attempt,
    policy: &Policy,
    dead_letter: bool,
) -> Decision {
    let failure = match answer {
        Ok(Outcome::Done) => return Decision::Emit { outputs },
        Ok(Outcome::Skip(reason)) => return Decision::Skip(Box::new(reason)),
        Err(failure) => failure,
    };
    let asked = match &failure {
        Failure::Retry { after, .. } => *after,
        _ => None,
    };
    let rule = policy.rule(&failure);
    match rule.retry.delay(attempt, asked) {
        Some(after) => Decision::Again {
            after,
            why: Box::new(failure),
            mode: rule.retry.mode,
        },
        None => last(failure, rule.last(dead_letter)),
    }
}

/// What is left when nothing is tried again.
pub fn last(failure: Failure, then: Then) -> Decision {
    match then {
        Then::DeadLetter => Decision::DeadLetter(Box::new(failure)),
        Then::Halt => Decision::Halt(Box::new(failure)),
        Then::Skip => Decision::Skip(Box::new(Reason {
            code: format!("failed-{}", failure.class().name()),
            text: format!("{}: {}", failure.code(), failure.text()),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Class, Retry, Rule};

    const RETRY: Retry = Retry {
        attempts: 4,
        backoff_min: Duration::from_millis(100),
        backoff_max: Duration::from_millis(250),
        jitter_percent: 0,
        total: Duration::MAX,
        mode: RetryMode::Block,
    };

    fn policy() -> Policy {
        Policy {
            rules: Class::ALL.map(|class| Rule {
                retry: Retry {
                    attempts: class.attempts(RETRY.attempts),
                    ..RETRY
                },
                then: Then::DeadLetter,
            }),
            reject_codes: Default::default(),
        }
    }

    fn attempt(number: u32) -> Attempt {
        Attempt {
            number,
            ..Attempt::FIRST
        }
    }

    fn reason() -> Reason {
        Reason {
            code: "busy".into(),
            text: "later".into(),
        }
    }

    fn failures() -> [Failure; 9] {
        [
            Failure::Reject(reason()),
            Failure::Crash {
                message: String::new(),
                trace: String::new(),
            },
            Failure::Trap {
                message: String::new(),
                trace: String::new(),
            },
            Failure::Memory { limit_bytes: 1 },
            Failure::TooManyOutputs { limit: 1 },
            Failure::OutputTooLarge { limit_bytes: 1 },
            Failure::UnknownOutput { index: 3 },
            Failure::OutputRefused {
                topic: String::new(),
                why: String::new(),
            },
            Failure::Deadline {
                limit: Duration::ZERO,
            },
        ]
    }

    #[test]
    fn what_the_handler_asks_for_is_its_delay() {
        let failure = || Failure::Retry {
            after: Some(Duration::from_millis(130)),
            why: reason(),
        };
        let decide = |number| decide(Err(failure()), 0, attempt(number), &policy(), true);
        assert!(matches!(
            decide(1),
            Decision::Again { after, .. } if after == Duration::from_millis(130)
        ));
        assert!(matches!(decide(4), Decision::DeadLetter(_)));
    }

    #[test]
    fn a_deadline_is_tried_once_more() {
        let failure = || Failure::Deadline {
            limit: Duration::from_secs(1),
        };
        let decide = |number| decide(Err(failure()), 0, attempt(number), &policy(), true);
        assert!(matches!(decide(1), Decision::Again { .. }));
        assert!(matches!(decide(2), Decision::DeadLetter(_)));
    }

    #[test]
    fn by_default_nothing_else_is_tried_again_and_without_a_dead_letter_topic_it_halts() {
        for failure in failures() {
            let decide = |dead_letter| {
                let failure = failure.clone();
                decide(Err(failure), 0, attempt(2), &policy(), dead_letter)
            };
            assert!(matches!(decide(true), Decision::DeadLetter(_)));
            assert!(matches!(decide(false), Decision::Halt(_)));
        }
    }

    #[test]
    fn each_class_has_its_own_rule() {
        for class in Class::ALL {
            let mut policy = policy();
            policy.rules[class as usize] = Rule {
                retry: RETRY,
                then: Then::Skip,
            };
            for failure in failures() {
                let own = failure.class() == class;
                let decide = |number| {
                    let failure = failure.clone();
                    decide(Err(failure), 0, attempt(number), &policy, true)
                };
                assert_eq!(
                    matches!(decide(3), Decision::Again { .. }),
                    own,
                    "{failure:?}"
                );
                match decide(4) {
                    Decision::Skip(reason) => {
                        assert!(own, "{failure:?}");
                        assert_eq!(reason.code, format!("failed-{}", class.name()));
                    }
                    Decision::DeadLetter(_) => assert!(!own, "{failure:?}"),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_reject_may_have_a_rule_by_its_code() {
        let mut policy = policy();
        let rule = Rule {
            then: Then::Halt,
            ..policy.rules[Class::Reject as usize].clone()
        };
        policy.reject_codes.insert("busy".into(), rule);
        let decide = |code: &str| {
            let reason = Reason {
                code: code.into(),
                ..reason()
            };
            decide(
                Err(Failure::Reject(reason)),
                0,
                Attempt::FIRST,
                &policy,
                true,
            )
        };
        assert!(matches!(decide("busy"), Decision::Halt(_)));
        assert!(matches!(decide("other"), Decision::DeadLetter(_)));
    }
}
