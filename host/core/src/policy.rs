//! What a handler's failures are met with, by class: tried again or not, and then what.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::verdict::Failure;

/// The classes of failure, each with a rule of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The handler asked to be called again.
    Retry,
    /// The handler refused the record.
    Reject,
    /// An exception within the handler.
    Crash,
    /// The guest trapped.
    Trap,
    /// The deadline passed.
    Deadline,
    /// More memory than allowed.
    Memory,
    /// Too many outputs or too large, or one that the broker refused for what it is.
    Output,
    /// An output that the plugin does not declare.
    UnknownOutput,
}

impl Class {
    /// All of them.
    pub const ALL: [Class; 8] = [
        Class::Retry,
        Class::Reject,
        Class::Crash,
        Class::Trap,
        Class::Deadline,
        Class::Memory,
        Class::Output,
        Class::UnknownOutput,
    ];

    /// As in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Class::Retry => "retry",
            Class::Reject => "reject",
            Class::Crash => "crash",
            Class::Trap => "trap",
            Class::Deadline => "deadline",
            Class::Memory => "memory",
            Class::Output => "output",
            Class::UnknownOutput => "unknown-output",
        }
    }

    /// Calls in all where nothing is configured for the class, if `retry` has `attempts` of them.
    ///
    /// A deadline is tried once more, since a host that was itself held up must not dead-letter a
    /// healthy record, and a handler in an endless loop must not take its partition along.
    pub fn attempts(self, attempts: u32) -> u32 {
        match self {
            Class::Retry => attempts,
            Class::Deadline => attempts.min(2),
            _ => 1,
        }
    }
}

impl Failure {
    /// The class whose rule holds.
    pub fn class(&self) -> Class {
        match self {
            Failure::Retry { .. } => Class::Retry,
            Failure::Reject(_) => Class::Reject,
            Failure::Crash { .. } => Class::Crash,
            Failure::Trap { .. } => Class::Trap,
            Failure::Deadline { .. } => Class::Deadline,
            Failure::Memory { .. } => Class::Memory,
            Failure::TooManyOutputs { .. }
            | Failure::OutputTooLarge { .. }
            | Failure::OutputRefused { .. } => Class::Output,
            Failure::UnknownOutput { .. } => Class::UnknownOutput,
        }
    }
}

/// How a delivery is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Calls of one delivery in all, the first included.
    pub attempts: u32,
    /// The first delay.
    pub backoff_min: Duration,
    /// The largest delay; a handler's own `after-ms` is held to it too.
    pub backoff_max: Duration,
    /// By how much a delay may differ, in percent of it.
    pub jitter_percent: u32,
    /// No call begins later than this after the first one of its record.
    pub total: Duration,
    /// What waits for the next call.
    pub mode: RetryMode,
}

/// `retry.mode`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryMode {
    /// The records after it, of its partition or its lane.
    Block,
    /// Those of the same key; the others go on. A record without a key blocks.
    Key,
}

/// What is done when a delivery is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The original record goes to the dead-letter topic; without one, the partition halts.
    DeadLetter,
    /// The record is passed over, and counted as skipped with a reason.
    Skip,
    /// The partition halts.
    Halt,
}

/// What one class of failure is met with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Whether, and how, it is tried again.
    pub retry: Retry,
    /// And then.
    pub then: Then,
}

/// A handler's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// By class, in the order of [`Class::ALL`].
    pub rules: [Rule; Class::ALL.len()],
    /// Of rejects, by the handler's reason code; they go before the class's.
    pub reject_codes: BTreeMap<String, Rule>,
}

/// The call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Which call for this record it was, from 1.
    pub number: u32,
    /// The time since the first one.
    pub waited: Duration,
    /// Tells deliveries apart, so that not all that failed together are tried again together.
    pub spread: u64,
}

impl Attempt {
    /// The first call.
    pub const FIRST: Attempt = Attempt {
        number: 1,
        waited: Duration::ZERO,
        spread: 0,
    };
}

impl Policy {
    /// The rule for a failure.
    pub fn rule(&self, failure: &Failure) -> &Rule {
        let own = match failure {
            Failure::Reject(reason) => self.reject_codes.get(&reason.code),
            _ => None,
        };
        own.unwrap_or(&self.rules[failure.class() as usize])
    }

    /// Whether a key may wait by itself.
    pub fn parks(&self) -> bool {
        let rules = self.rules.iter().chain(self.reject_codes.values());
        rules
            .map(|rule| &rule.retry)
            .any(|retry| retry.mode == RetryMode::Key && retry.attempts > 1)
    }
}

impl Rule {
    /// What is done in the end, given whether there is a dead-letter topic.
    pub fn last(&self, dead_letter_topic: bool) -> Then {
        match self.then {
            Then::DeadLetter if !dead_letter_topic => Then::Halt,
            then => then,
        }
    }
}

impl Retry {
    /// The delay before the next call; `None` if there is none. `asked` is the handler's wish.
    ///
    /// It doubles from the least to the largest, and varies within both.
    pub fn delay(&self, attempt: Attempt, asked: Option<Duration>) -> Option<Duration> {
        if attempt.number >= self.attempts {
            return None;
        }
        let doublings = 1u32.checked_shl(attempt.number - 1).unwrap_or(u32::MAX);
        let delay = asked.unwrap_or_else(|| self.backoff_min.saturating_mul(doublings));
        let delay = delay.clamp(self.backoff_min, self.backoff_max);
        let delay = self.varied(delay, attempt);
        (attempt.waited + delay <= self.total).then_some(delay)
    }

    /// Somewhere between `100 - jitter_percent` and `100 + jitter_percent` percent of `delay`, as far
    /// as the bounds allow.
    fn varied(&self, delay: Duration, attempt: Attempt) -> Duration {
        let by = delay * self.jitter_percent / 100;
        let least = delay.saturating_sub(by).max(self.backoff_min);
        let most = delay.saturating_add(by).min(self.backoff_max);
        let span = most.saturating_sub(least).as_nanos();
        let mixed = u128::from(mix(attempt.spread ^ u64::from(attempt.number)));
        let more = (mixed * span) >> u64::BITS;
        least + Duration::from_nanos(u64::try_from(more).unwrap_or(u64::MAX))
    }
}

/// The output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn retry(jitter_percent: u32, total: Duration) -> Retry {
        Retry {
            attempts: 4,
            backoff_min: MS(100),
            backoff_max: MS(250),
            jitter_percent,
            total,
            mode: RetryMode::Block,
        }
    }

    fn attempt(number: u32) -> Attempt {
        Attempt {
            number,
            ..Attempt::FIRST
        }
    }

    #[test]
    fn rules_are_in_the_order_of_the_classes() {
        for (index, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, index, "{class:?}");
        }
    }

    #[test]
    fn a_delay_doubles_within_its_bounds_and_ends_with_the_attempts() {
        let retry = retry(0, Duration::MAX);
        let delays: Vec<_> = (1..=4).map(|n| retry.delay(attempt(n), None)).collect();
        let expected = [Some(MS(100)), Some(MS(200)), Some(MS(250)), None];
        assert_eq!(delays, expected);
        assert_eq!(retry.delay(attempt(1), Some(MS(130))), Some(MS(130)));
        assert_eq!(retry.delay(attempt(1), Some(MS(1))), Some(MS(100)));
        assert_eq!(retry.delay(attempt(1), Some(MS(9_999))), Some(MS(250)));
    }

    #[test]
    fn no_call_begins_after_the_total() {
        let retry = retry(0, MS(1000));
        let after = |waited| Attempt {
            waited,
            ..Attempt::FIRST
        };
        assert_eq!(retry.delay(after(MS(900)), None), Some(MS(100)));
        assert_eq!(retry.delay(after(MS(901)), None), None);
    }

    #[test]
    fn delays_vary_by_the_jitter_and_no_further() {
        let retry = Retry {
            backoff_min: MS(1),
            backoff_max: MS(10_000),
            ..retry(20, Duration::MAX)
        };
        let delays: Vec<_> = (0..1000)
            .filter_map(|spread| {
                let attempt = Attempt {
                    spread,
                    ..Attempt::FIRST
                };
                retry.delay(attempt, Some(MS(1000)))
            })
            .collect();
        let (least, most) = (delays.iter().min(), delays.iter().max());
        assert!(
            least >= Some(&MS(800)) && least < Some(&MS(810)),
            "{least:?}"
        );
        assert!(
            most <= Some(&MS(1200)) && most > Some(&MS(1190)),
            "{most:?}"
        );
        // At a bound there is one way only.
        let held = Retry {
            backoff_min: MS(1000),
            ..retry
        };
        let delays: Vec<_> = (0..1000)
            .filter_map(|spread| {
                let attempt = Attempt {
                    spread,
                    ..Attempt::FIRST
                };
                held.delay(attempt, None)
            })
            .collect();
        let (least, most) = (delays.iter().min(), delays.iter().max());
        assert!(
            least >= Some(&MS(1000)) && least < Some(&MS(1005)),
            "{least:?}"
        );
        assert!(
            most <= Some(&MS(1200)) && most > Some(&MS(1190)),
            "{most:?}"
        );
    }
}
