//! Quotas: brokers hold a client's answers back that takes or sends more than it may.
//!
//! A broker says with each answer for how long it has held it back. For a moment that is usual,
//! after a start above all; a condition is what lasts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use penstock_core::codes::Code;

use crate::latch::{self, Latch};

/// For so long without a break, it is a condition.
const LASTING: Duration = Duration::from_secs(10);
/// Between the end of what one answer was held back and the next answer, at most.
const BREAK: Duration = Duration::from_secs(5);

/// What the brokers say of one client; written by its callback.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<BTreeMap<String, Held>>);

#[derive(Debug, Clone, Copy)]
struct Held {
    since: Instant,
    /// When the latest answer may leave the broker.
    until: Instant,
    latest: Duration,
}

impl Throttle {
    /// A broker holds its answers back for so long; zero: no longer.
    pub fn note(&self, broker: &str, time: Duration, now: Instant) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if time.is_zero() {
            held.remove(broker);
            return;
        }
        let before = held.get(broker).filter(|of| now <= of.until + BREAK);
        let of = Held {
            since: before.map_or(now, |of| of.since),
            until: now + time,
            latest: time,
        };
        held.insert(broker.to_owned(), of);
    }

    /// The broker that has held answers back for longest, for how long, and the latest by how much.
    fn lasting(&self, now: Instant) -> Option<(String, Duration, Duration)> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, of| now <= of.until + BREAK);
        let (broker, of) = held.iter().min_by_key(|(_, of)| of.since)?;
        let lasts = of.until.max(now) - of.since;
        (lasts >= LASTING).then(|| (broker.clone(), lasts, of.latest))
    }
}

/// Makes it a condition; one thread's own.
#[derive(Debug, Default)]
pub struct Throttled {
    told: bool,
}

impl Throttled {
    /// Says that it lasts, and that it is over. `subject` is the client, `what` its work.
    pub fn look(&mut self, throttle: &Throttle, latch: &dyn Latch, subject: &str, what: &str) {
        match throttle.lasting(Instant::now()) {
            Some((broker, lasts, latest)) if !self.told => {
                let text = format!(
                    "broker {broker} has held this host's answers back for {} s, the latest by \
                     {} ms: a quota of the cluster is exceeded, and {what} no faster than it allows",
                    lasts.as_secs(),
                    latest.as_millis()
                );
                latch::raise(latch, Code::Throttled, subject, &text);
                self.told = true;
            }
            None if self.told => {
                latch::clear(latch, Code::Throttled, subject);
                self.told = false;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_said_and_a_moment_is_not() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let note = |seconds, ms| throttle.note("b/1", Duration::from_millis(ms), at(seconds));
        let lasts = |seconds| throttle.lasting(at(seconds)).map(|of| of.1.as_secs());
        note(0, 500);
        assert_eq!(lasts(1), None);
        note(3, 2_000);
        note(7, 1_000);
        assert_eq!((lasts(9), lasts(10)), (None, Some(10)));
        // A broker that does not answer any more is not known to.
        assert_eq!(lasts(14), None);
        // A new row, of one answer.
        note(30, 10_000);
        assert_eq!(lasts(30), Some(10));
        note(31, 0);
        assert_eq!(lasts(31), None);
    }

    #[test]
    fn the_condition_begins_and_ends_once() {
        let (throttle, mut throttled) = (Throttle::default(), Throttled::default());
        let latch = Mutex::new(penstock_core::conditions::Conditions::default());
        let texts = |latch: &Mutex<penstock_core::conditions::Conditions>| -> Vec<String> {
            let held = latch.lock().expect("not poisoned");
            held.iter().map(|(_, _, of)| of.text.clone()).collect()
        };
        throttle.note("b/1", LASTING, Instant::now());
        for _ in 0..2 {
            throttled.look(&throttle, &latch, "consumer", "records are read");
        }
        let said = texts(&latch);
        assert!(
            said[0].contains("b/1") && said[0].contains("by 10000 ms"),
            "{said:?}"
        );
        throttle.note("b/1", Duration::ZERO, Instant::now());
        throttled.look(&throttle, &latch, "consumer", "records are read");
        assert_eq!(texts(&latch), Vec::<String>::new());
    }
}
