//! What a scrape shows, taken at one moment so that the ledger balances in it.

use penstock_core::status::Status;

/// A host at one moment, for `/metrics`.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// What `/status` shows.
    pub status: Status,
    /// How long the guests took, by topic and handler.
    pub calls: Vec<HandlerCalls>,
}

/// The call times of one handler of one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerCalls {
    /// The topic.
    pub topic: String,
    /// The handler.
    pub handler: String,
    /// Since the start of the host.
    pub times: CallTimes,
}

/// How long calls took, in powers of two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallTimes {
    /// Bucket `i` counts the calls of less than `2^i` microseconds that no bucket before it
    /// counts; the last one counts all the rest.
    pub buckets: Vec<u64>,
    /// All calls together, in nanoseconds.
    pub sum_ns: u64,
    /// How many calls.
    pub count: u64,
}

impl CallTimes {
    /// The buckets with their upper bounds in seconds, the last one without bound.
    pub(super) fn by_upper_bound_seconds(&self) -> Vec<(f64, u64)> {
        let last = self.buckets.len().saturating_sub(1);
        self.buckets
            .iter()
            .enumerate()
            .map(|(index, count)| {
                let bound = if index == last {
                    f64::INFINITY
                } else {
                    2f64.powi(index as i32) / 1e6
                };
                (bound, *count)
            })
            .collect()
    }
}
