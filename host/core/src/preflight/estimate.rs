//! What a host would have to do when it starts.

use serde::Serialize;

use crate::config::{Config, Start};
use crate::diagnosis::words::{count, time};

use super::positions::{Position, Why};
use super::snapshot::Seen;

/// What lies ahead in an input topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TopicEstimate {
    /// The topic.
    pub topic: String,
    /// Where a host begins, in words.
    pub begins: String,
    /// Partitions of which it is known where a host begins.
    pub partitions: usize,
    /// Up to so many records: the offsets between there and the end.
    pub records: i64,
    /// Their bytes in the log, compressed as they lie there, by the size of the first ones; `None`
    /// where none could be looked at.
    pub bytes: Option<i64>,
    /// Of the records, up to so many may have been processed by this group before.
    pub again: i64,
    /// Offsets before the start that this group will never see.
    pub skipped: i64,
    /// When the oldest of the records was written, by its timestamp.
    pub oldest: Option<String>,
}

/// One for each input topic of which something is known.
pub fn estimate(config: &Config, seen: &Seen, positions: &[Position]) -> Vec<TopicEstimate> {
    let topics = config.topics.iter().filter_map(|(name, topic)| {
        let of: Vec<&Position> = positions.iter().filter(|of| of.topic == *name).collect();
        (!of.is_empty()).then(|| one(name, topic.start, seen, &of))
    });
    topics.collect()
}

fn one(topic: &str, start: Start, seen: &Seen, positions: &[&Position]) -> TopicEstimate {
    let batches = positions.iter().filter_map(|of| {
        let mut samples = seen.ahead.iter();
        let sample = samples.find(|it| it.topic == topic && it.partition == of.partition)?;
        sample.batch.known()?.as_ref()
    });
    let batches: Vec<_> = batches.collect();
    let sampled: i64 = batches.iter().map(|of| i64::from(of.records)).sum();
    let sampled_bytes: i64 = batches.iter().map(|of| of.bytes).sum();
    let records: i64 = positions.iter().map(|of| of.ahead()).sum();
    let bytes = match (records, sampled) {
        (0, _) => Some(0),
        (_, 0) => None,
        _ => i64::try_from(i128::from(records) * i128::from(sampled_bytes) / i128::from(sampled))
            .ok(),
    };
    let sum = |of: fn(&Position) -> i64| positions.iter().map(|it| of(it)).sum();
    let oldest = batches.iter().map(|of| of.time_ms).filter(|ms| *ms >= 0);
    TopicEstimate {
        topic: topic.to_owned(),
        begins: begins(start, positions),
        partitions: positions.len(),
        records,
        bytes,
        again: sum(|of| match of.why {
            Why::CommitMissing | Why::BeyondLog { .. } => of.ahead(),
            _ => 0,
        }),
        skipped: sum(|of| match of.why {
            Why::Start => of.from - of.log.start,
            _ => 0,
        }),
        oldest: oldest.min().map(time),
    }
}

fn begins(start: Start, positions: &[&Position]) -> String {
    if positions.iter().all(|of| of.why == Why::Start) {
        return match start {
            Start::Earliest => "at the earliest record: nothing is committed yet".to_owned(),
            Start::Latest => "at the latest record: nothing is committed yet".to_owned(),
            Start::Time(ms) => format!("at {}: nothing is committed yet", time(ms)),
        };
    }
    let other = positions.iter().filter(|of| of.why != Why::Committed);
    match other.count() {
        0 => "at the committed offsets".to_owned(),
        some => format!(
            "at the committed offsets, in {} at the earliest record",
            count(some as i64, "partition", "partitions")
        ),
    }
}
