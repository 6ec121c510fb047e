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
    /// For how long answers before the latest were held back, in all.
    earlier: Duration,
    /// When the latest answer said so, and for how long.
    noted: Instant,
    latest: Duration,
}

impl Held {
    /// Whether it is still without a break.
    fn goes_on(&self, now: Instant) -> bool {
        now <= self.noted + self.latest + BREAK
    }

    /// For how long answers have been held back until now; what is still to come is not known.
    fn held(&self, now: Instant) -> Duration {
        self.earlier + self.latest.min(now.saturating_duration_since(self.noted))
    }

    /// Since it began, if that is long.
    fn lasts(&self, now: Instant) -> Option<Duration> {
        let lasts = now.saturating_duration_since(self.since);
        (lasts >= LASTING).then_some(lasts)
    }

    /// Answers were held back for less than half of a long time. librdkafka does not pass on each
    /// zero, so that moments alone may look like a row.
    fn is_thin(&self, now: Instant) -> bool {
        let lasts = self.lasts(now);
        lasts.is_some_and(|lasts| self.held(now) < lasts / 2)
    }
}

impl Throttle {
    /// A broker holds its answers back for so long; zero: no longer.
    pub fn note(&self, broker: &str, time: Duration, now: Instant) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if time.is_zero() {
            held.remove(broker);
            return;
        }
        let before = held.get(broker);
        let before = before.filter(|of| of.goes_on(now) && !of.is_thin(now));
        let of = Held {
            since: before.map_or(now, |of| of.since),
            earlier: before.map_or(Duration::ZERO, |of| of.held(now)),
            noted: now,
            latest: time,
        };
        held.insert(broker.to_owned(), of);
    }

    /// The broker that has held answers back for longest, for how long, and the latest by how much.
    fn lasting(&self, now: Instant) -> Option<(String, Duration, Duration)> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, of| of.goes_on(now));
        let rows = held.iter().filter(|(_, of)| !of.is_thin(now));
        let lasting = rows.filter_map(|(broker, of)| Some((broker, of.lasts(now)?, of.latest)));
        let (broker, lasts, latest) = lasting.max_by_key(|(_, lasts, _)| *lasts)?;
        Some((broker.clone(), lasts, latest))
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
        note(0, 4_000);
        assert_eq!(lasts(4), None);
        note(5, 4_000);
        note(10, 4_000);
        assert_eq!((lasts(9), lasts(10), lasts(12)), (None, Some(10), Some(12)));
        // A broker that does not answer any more is not known to.
        assert_eq!(lasts(20), None);
        // One answer lasts for as long as it has, not as it will.
        note(30, 10_000);
        assert_eq!((lasts(30), lasts(39), lasts(40)), (None, None, Some(10)));
        note(41, 0);
        assert_eq!(lasts(41), None);
    }

    #[test]
    fn a_moment_now_and_then_is_none_that_lasts() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let note = |seconds, ms| throttle.note("b/1", Duration::from_millis(ms), at(seconds));
        let lasts = |seconds| throttle.lasting(at(seconds)).map(|of| of.1.as_secs());
        for moment in 0..10 {
            note(4 * moment, 500);
            assert_eq!(lasts(4 * moment), None);
        }
        // And does not stand before what lasts.
        for moment in 40..60 {
            note(moment, 1_000);
        }
        assert!(lasts(60).is_some());
    }

    #[test]
    fn the_condition_begins_and_ends_once() {
        let (throttle, mut throttled) = (Throttle::default(), Throttled::default());
        let latch = Mutex::new(penstock_core::conditions::Conditions::default());
        let texts = |latch: &Mutex<penstock_core::conditions::Conditions>| -> Vec<String> {
            let held = latch.lock().expect("not poisoned");
            held.iter().map(|(_, _, of)| of.text.clone()).collect()
        };
        throttle.note("b/1", 2 * LASTING, Instant::now() - LASTING);
        for _ in 0..2 {
            throttled.look(&throttle, &latch, "consumer", "records are read");
        }
        let said = texts(&latch);
        assert!(
            said[0].contains("b/1") && said[0].contains("by 20000 ms"),
            "{said:?}"
        );
        throttle.note("b/1", Duration::ZERO, Instant::now());
        throttled.look(&throttle, &latch, "consumer", "records are read");
        assert_eq!(texts(&latch), Vec::<String>::new());
    }
}
