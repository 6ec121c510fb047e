//! How long guest calls take, in buckets of powers of two.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bucket `i` counts calls under `2^i` microseconds, the last one the rest.
pub const BUCKETS: usize = 26;

/// Counts of one handler, gathered by one worker during a run.
#[derive(Debug, Clone)]
pub(crate) struct LocalTimes {
    buckets: [u32; BUCKETS],
    sum: Duration,
}

impl Default for LocalTimes {
    fn default() -> Self {
        LocalTimes {
            buckets: [0; BUCKETS],
            sum: Duration::ZERO,
        }
    }
}

impl LocalTimes {
    pub fn note(&mut self, call: Duration) {
        let micros = call.as_micros() as u64;
        let bucket = (u64::BITS - micros.leading_zeros()) as usize;
        self.buckets[bucket.min(BUCKETS - 1)] += 1;
        self.sum += call;
    }
}

/// Counts of one handler and topic since the start.
#[derive(Debug, Default)]
pub(crate) struct Times {
    buckets: [AtomicU64; BUCKETS],
    sum_ns: AtomicU64,
}

/// [`Times`] as read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallTimes {
    /// By bucket; see [`BUCKETS`].
    pub buckets: Vec<u64>,
    /// Nanoseconds of all calls.
    pub sum_ns: u64,
    /// Calls.
    pub count: u64,
}

impl Times {
    /// Adds what a worker gathered and empties it.
    pub fn add(&self, local: &mut LocalTimes) {
        for (shared, count) in self.buckets.iter().zip(&mut local.buckets) {
            if *count > 0 {
                shared.fetch_add(u64::from(*count), Ordering::Relaxed);
                *count = 0;
            }
        }
        let sum_ns = local.sum.as_nanos() as u64;
        self.sum_ns.fetch_add(sum_ns, Ordering::Relaxed);
        local.sum = Duration::ZERO;
    }

    pub fn read(&self) -> CallTimes {
        let buckets: Vec<u64> = self
            .buckets
            .iter()
            .map(|bucket| bucket.load(Ordering::Relaxed))
            .collect();
        CallTimes {
            count: buckets.iter().sum(),
            sum_ns: self.sum_ns.load(Ordering::Relaxed),
            buckets,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_lands_in_the_bucket_that_bounds_it() {
        let mut local = LocalTimes::default();
        local.note(Duration::from_nanos(300));
        local.note(Duration::from_micros(1));
        local.note(Duration::from_micros(5));
        local.note(Duration::from_secs(1 << 30));
        let times = Times::default();
        times.add(&mut local);
        let read = times.read();
        assert_eq!(
            (read.buckets[0], read.buckets[1], read.buckets[3]),
            (1, 1, 1)
        );
        assert_eq!((read.buckets[BUCKETS - 1], read.count), (1, 4));
        times.add(&mut local);
        assert_eq!(times.read(), read);
    }
}
