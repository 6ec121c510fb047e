//! What a scrape shows, taken at one moment so that the ledger balances in it.

use penstock_core::status::Status;
use penstock_engine::CallTimes;

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

/// The buckets with their upper bounds in seconds, the last one without bound.
pub(super) fn by_upper_bound_seconds(times: &CallTimes) -> Vec<(f64, u64)> {
    let last = times.buckets.len().saturating_sub(1);
    times
        .buckets
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
