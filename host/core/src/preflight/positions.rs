//! Where a host would begin, by the rules by which it does.

use std::collections::BTreeMap;

use crate::config::{Config, Start};
use crate::diagnosis::snapshot::{Committed, Log, Look};

/// Where a partition would be read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The broker that leads it.
    pub leader: Option<i32>,
    /// Its log.
    pub log: Log,
    /// The offset of the first record to be read.
    pub from: i64,
    /// Why there.
    pub why: Why,
}

/// Why a partition is read from where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The group's committed offset.
    Committed,
    /// The group has committed nothing of the topic: the configured start.
    Start,
    /// The group has committed something of the topic, but nothing of this partition: from its
    /// first record.
    CommitMissing,
    /// The committed record is deleted: from the first that is left.
    BelowLog {
        /// Offsets that are gone.
        lost: i64,
    },
    /// The committed offset lies behind the log's end, so the broker refuses it: from the first
    /// record.
    BeyondLog {
        /// What is committed.
        committed: i64,
    },
}

impl Position {
    /// Offsets to be read. Each holds a record at most: some hold none.
    pub fn ahead(&self) -> i64 {
        (self.log.last_stable - self.from).max(0)
    }
}

/// Where a host would begin now in each partition of which that is known; `starts` has the offsets
/// of topics that start at a time.
pub fn positions(
    config: &Config,
    look: &Look,
    starts: &BTreeMap<(String, i32), i64>,
) -> Vec<Position> {
    let Some(commits) = look.committed.known() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, topic) in &config.topics {
        let of_topic: Vec<_> = commits.iter().filter(|of| of.topic == *name).collect();
        let seen = look.topics.iter().find(|of| of.name == *name);
        let partitions = seen.and_then(|of| of.partitions.known());
        for of in partitions.into_iter().flatten() {
            let Some(log) = of.log.known().copied() else {
                continue;
            };
            let commit = of_topic.iter().find(|it| it.partition == of.number);
            let (from, why) = match commit.map(|it| &it.offset) {
                Some(Committed::At(offset)) => of_commit(*offset, &log),
                Some(Committed::Nothing) | None if of_topic.is_empty() => {
                    let at = starts.get(&(name.clone(), of.number)).copied();
                    (of_start(topic.start, at, &log), Why::Start)
                }
                Some(Committed::Nothing) | None => (log.start, Why::CommitMissing),
                Some(Committed::Unstable | Committed::Refused(_)) => continue,
            };
            found.push(Position {
                topic: name.clone(),
                partition: of.number,
                leader: of.leader,
                log,
                from,
                why,
            });
        }
    }
    found
}

fn of_commit(committed: i64, log: &Log) -> (i64, Why) {
    if committed < log.start {
        let lost = log.start - committed;
        (log.start, Why::BelowLog { lost })
    } else if committed > log.end {
        (log.start, Why::BeyondLog { committed })
    } else {
        (committed, Why::Committed)
    }
}

fn of_start(start: Start, at: Option<i64>, log: &Log) -> i64 {
    match start {
        Start::Earliest => log.start,
        Start::Latest => log.last_stable,
        Start::Time(_) => at.unwrap_or(log.last_stable).max(log.start),
    }
}
