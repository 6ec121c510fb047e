//! How fast, and how much at once.

use std::num::NonZeroU32;
use std::time::Duration;

/// The most records of one transaction.
const BATCH_RECORDS_MAX: usize = 500;
/// A transaction ends when it has this much.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// So many records a second at most; `None`: as many as go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace(pub Option<NonZeroU32>);

impl Pace {
    /// Whether a batch has enough. With a rate, a batch is half a second's.
    pub(super) fn is_full(self, records: usize, bytes: usize) -> bool {
        let half = self.0.map_or(usize::MAX, |rate| rate.get() as usize / 2);
        records >= BATCH_RECORDS_MAX.min(half.max(1)) || bytes >= BATCH_BYTES_MAX
    }

    /// How long to wait after so many records in that time.
    pub(super) fn rest(self, sent: u64, elapsed: Duration) -> Duration {
        let due = self
            .0
            .map(|rate| Duration::from_secs_f64(sent as f64 / f64::from(rate.get())));
        due.unwrap_or_default().saturating_sub(elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept() {
        let pace = |rate| Pace(NonZeroU32::new(rate));
        let (second, none) = (Duration::from_secs(1), Duration::ZERO);
        assert_eq!(pace(10).rest(20, second), second);
        assert_eq!(pace(10).rest(5, second), none);
        assert_eq!(pace(0).rest(1_000_000, none), none);
        assert!(pace(10).is_full(5, 0) && !pace(10).is_full(4, 0));
        assert!(pace(1).is_full(1, 0));
        assert!(pace(0).is_full(500, 0) && !pace(0).is_full(499, 0));
        assert!(pace(0).is_full(1, 4 << 20));
    }
}
