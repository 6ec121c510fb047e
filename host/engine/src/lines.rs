//! The log line of each record and each verdict: which get one, and what it says.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use penstock_core::config::RecordLines;
use penstock_core::decide::Decision;
use penstock_core::partition::Told;
use penstock_core::record::{Offset, Record};
use penstock_core::verdict::Verdict;

use crate::plan::TopicPlan;

/// Sampled: the first records of each stay.
const FIRST_RECORDS: u64 = 3;
/// Sampled: and so many a second, all partitions together.
const RECORDS_A_SECOND: u32 = 5;

/// Decides which records get a line.
pub(crate) struct Lines {
    mode: RecordLines,
    second: AtomicU64,
    left: AtomicU32,
}

impl Lines {
    pub fn new(mode: RecordLines) -> Lines {
        Lines {
            mode,
            second: AtomicU64::new(0),
            left: AtomicU32::new(RECORDS_A_SECOND),
        }
    }

    /// How many of `count` records that just arrived get a line. `seen` were there before.
    pub fn allow(&self, seen: u64, count: usize, now: Duration) -> usize {
        match self.mode {
            RecordLines::All => count,
            RecordLines::Off => 0,
            RecordLines::Sampled => {
                let first = FIRST_RECORDS.saturating_sub(seen) as usize;
                if first > 0 {
                    return first.min(count);
                }
                let second = now.as_secs();
                if self.second.swap(second, Ordering::Relaxed) != second {
                    self.left.store(RECORDS_A_SECOND, Ordering::Relaxed);
                }
                let take = |left: u32| left.checked_sub(1);
                let taken = self
                    .left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
                usize::from(taken.is_ok()).min(count)
            }
        }
    }

    /// A record was received.
    pub fn received(&self, topic: &str, partition: i32, record: &Record<'_>) {
        tracing::info!(
            target: "penstock::record",
            topic,
            partition,
            offset = record.offset.0,
            timestamp_ms = record.timestamp.millis(),
            key_bytes = record.key.map(<[u8]>::len),
            value_bytes = record.value.map(<[u8]>::len),
            "received"
        );
    }

    /// A call did not lead to a verdict.
    pub fn undecided(
        &self,
        plan: &TopicPlan,
        partition: i32,
        offset: Offset,
        (handler, attempt): (usize, u32),
        decision: &Decision,
    ) {
        let handler = &*plan.handlers[handler].name;
        let topic = &*plan.name;
        // A halt is the partition's to tell, and is told whatever the mode.
        if let Decision::Again { after, why, .. } = decision
            && self.mode != RecordLines::Off
        {
            tracing::warn!(
                target: "penstock::record",
                topic,
                partition,
                offset = offset.0,
                handler,
                attempt,
                code = why.code().as_str(),
                reason = why.reason_code(),
                again_in_ms = after.as_millis() as u64,
                text = why.text(),
                "retrying"
            );
        }
    }

    /// Deliveries ended.
    pub fn told(&self, plan: &TopicPlan, partition: i32, told: &mut Vec<Told>) {
        for told in told.drain(..) {
            if self.mode == RecordLines::Off {
                continue;
            }
            let handler = &*plan.handlers[told.handler].name;
            let topic = &*plan.name;
            let offset = told.offset.0;
            match told.verdict {
                Verdict::Emitted { outputs } => tracing::info!(
                    target: "penstock::record", topic, partition, offset, handler, outputs, "emitted"
                ),
                Verdict::Skipped(reason) => tracing::info!(
                    target: "penstock::record",
                    topic,
                    partition,
                    offset,
                    handler,
                    reason = reason.code,
                    text = reason.text,
                    "skipped"
                ),
                Verdict::DeadLettered { failure, attempts } => tracing::warn!(
                    target: "penstock::record",
                    topic,
                    partition,
                    offset,
                    handler,
                    code = failure.code().as_str(),
                    reason = failure.reason_code(),
                    attempts,
                    text = failure.text(),
                    "dead-lettered"
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampled_allows_the_first_of_a_stay_and_a_few_a_second() {
        let lines = Lines::new(RecordLines::Sampled);
        let now = Duration::from_secs(7);
        assert_eq!(lines.allow(0, 100, now), 3);
        assert_eq!(lines.allow(2, 100, now), 1);
        let allowed: usize = (0..50).map(|_| lines.allow(100, 10, now)).sum();
        assert_eq!(allowed, RECORDS_A_SECOND as usize);
        assert_eq!(lines.allow(100, 10, now + Duration::from_secs(1)), 1);
        assert_eq!(Lines::new(RecordLines::All).allow(9, 5, now), 5);
        assert_eq!(Lines::new(RecordLines::Off).allow(0, 5, now), 0);
    }
}
