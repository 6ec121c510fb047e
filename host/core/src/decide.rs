//! What the host makes of a handler's answer: the whole failure policy in one function.

use std::time::Duration;

use crate::config::Retry;
use crate::verdict::{Failure, Outcome, Reason};

/// What is to be done with a delivery after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Send what was staged.
    Emit {
        /// How many outputs.
        outputs: u32,
    },
    /// Nothing to send.
    Skip(Box<Reason>),
    /// Call the handler again after a while.
    Again {
        /// How long.
        after: Duration,
        /// What failed.
        why: Box<Failure>,
    },
    /// Send the original record to the dead-letter topic.
    DeadLetter(Box<Failure>),
    /// Stop the partition here: there is no dead-letter topic, and nothing is stepped over.
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

/// How often a passed deadline is tried in all: a host that was itself held up must not
/// dead-letter a healthy record, a handler in an endless loop must not take its partition along.
const DEADLINE_ATTEMPTS: u32 = 2;

/// Decides on the answer to the call number `attempt` (from 1).
///
/// `outputs` is what the call staged; `dead_letter` whether the topic has a dead-letter topic.
pub fn decide(
    answer: Result<Outcome, Failure>,
    outputs: u32,
    attempt: u32,
    retry: &Retry,
    dead_letter: bool,
) -> Decision {
    let failure = match answer {
        Ok(Outcome::Done) => return Decision::Emit { outputs },
        Ok(Outcome::Skip(reason)) => return Decision::Skip(Box::new(reason)),
        Err(failure) => failure,
    };
    let again = match &failure {
        Failure::Retry { after, .. } => {
            (attempt < retry.attempts).then(|| delay(retry, attempt, *after))
        }
        Failure::Deadline { .. } => {
            (attempt < retry.attempts.min(DEADLINE_ATTEMPTS)).then(|| delay(retry, attempt, None))
        }
        _ => None,
    };
    match again {
        Some(after) => Decision::Again {
            after,
            why: Box::new(failure),
        },
        None => final_failure(failure, dead_letter),
    }
}

/// What is left when nothing is tried again.
pub fn final_failure(failure: Failure, dead_letter: bool) -> Decision {
    if dead_letter {
        Decision::DeadLetter(Box::new(failure))
    } else {
        Decision::Halt(Box::new(failure))
    }
}

/// The delay after the failed call number `attempt`: doubled from the least to the largest; what
/// the handler asks for is honoured within the same bounds.
fn delay(retry: &Retry, attempt: u32, asked: Option<Duration>) -> Duration {
    let doubled = retry
        .backoff_min
        .saturating_mul(1u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
    asked
        .unwrap_or(doubled)
        .clamp(retry.backoff_min, retry.backoff_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        attempts: 4,
        backoff_min: Duration::from_millis(100),
        backoff_max: Duration::from_millis(250),
    };

    fn reason() -> Reason {
        Reason {
            code: "busy".into(),
            text: "later".into(),
        }
    }

    fn again(after: Option<Duration>, attempt: u32) -> Option<Duration> {
        let failure = Failure::Retry {
            after,
            why: reason(),
        };
        match decide(Err(failure), 0, attempt, &RETRY, true) {
            Decision::Again { after, .. } => Some(after),
            Decision::DeadLetter(_) => None,
            other => panic!("unexpected {other:?}"),
        }
    }

    #[test]
    fn a_retry_doubles_within_its_bounds_and_is_exhausted_after_its_attempts() {
        let ms = Duration::from_millis;
        assert_eq!(again(None, 1), Some(ms(100)));
        assert_eq!(again(None, 2), Some(ms(200)));
        assert_eq!(again(None, 3), Some(ms(250)));
        assert_eq!(again(None, 4), None);
        assert_eq!(again(Some(ms(130)), 1), Some(ms(130)));
        assert_eq!(again(Some(ms(1)), 1), Some(ms(100)));
        assert_eq!(again(Some(ms(9_999)), 1), Some(ms(250)));
    }

    #[test]
    fn a_deadline_is_tried_once_more() {
        let failure = || Failure::Deadline {
            limit: Duration::from_secs(1),
        };
        let decide = |attempt| decide(Err(failure()), 0, attempt, &RETRY, true);
        assert!(matches!(decide(1), Decision::Again { .. }));
        assert!(matches!(decide(2), Decision::DeadLetter(_)));
    }

    #[test]
    fn nothing_else_is_tried_again_and_without_a_dead_letter_topic_it_halts() {
        for failure in [
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
            Failure::UnknownOutput { index: 1 },
        ] {
            assert!(matches!(
                decide(Err(failure.clone()), 0, 1, &RETRY, true),
                Decision::DeadLetter(_)
            ));
            assert!(matches!(
                decide(Err(failure), 0, 1, &RETRY, false),
                Decision::Halt(_)
            ));
        }
    }
}
