//! What a reset of a group's committed offsets would do, decided without a broker.

pub mod history;
pub mod journal;
mod target;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use target::Target;

/// A partition before the reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The group's committed offset: the next to be read.
    pub committed: Option<i64>,
    /// The log's first offset.
    pub start: i64,
    /// Behind the log's last record.
    pub end: i64,
    /// For [`Target::Time`]: the first record that is not older; `None` if there is none.
    pub at_time: Option<i64>,
}

/// What would become of a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The committed offset; `None` if there is none.
    pub from: Option<i64>,
    /// The offset to be committed.
    pub to: i64,
    /// Offsets that are read again. Each holds a record at most: some hold none.
    pub again: i64,
    /// Offsets that are passed over unread.
    pub skipped: i64,
    /// What was asked for, where it lies outside the log and its nearer end is taken.
    pub clamped_from: Option<i64>,
}

/// A target that a partition has not: it is relative to a commit that isn't there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NothingToCountFrom {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
}

impl fmt::Display for NothingToCountFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (topic, partition) = (&self.topic, self.partition);
        write!(
            f,
            "{topic}[{partition}] has no committed offset to count from"
        )
    }
}

impl std::error::Error for NothingToCountFrom {}

impl Change {
    /// Whether the committed offset would be another one.
    pub fn is_one(&self) -> bool {
        self.from != Some(self.to)
    }
}

/// What a reset to `target` would do to each partition, in the order given.
///
/// # Errors
/// The first partition that has no such place.
pub fn plan(target: Target, of: &[Standing]) -> Result<Vec<Change>, NothingToCountFrom> {
    of.iter().map(|of| change(target, of)).collect()
}

fn change(target: Target, of: &Standing) -> Result<Change, NothingToCountFrom> {
    let wanted = match target {
        Target::Earliest => of.start,
        Target::Latest => of.end,
        Target::Offset(offset) => offset,
        Target::Time(_) => of.at_time.unwrap_or(of.end),
        Target::Back(by) => {
            let committed = of.committed.ok_or_else(|| NothingToCountFrom {
                topic: of.topic.clone(),
                partition: of.partition,
            })?;
            committed.saturating_sub(by)
        }
    };
    let end = of.end.max(of.start);
    let to = wanted.clamp(of.start, end);
    // Outside the log there is nothing, read or unread.
    let from = of.committed.unwrap_or(of.start).clamp(of.start, end);
    Ok(Change {
        topic: of.topic.clone(),
        partition: of.partition,
        from: of.committed,
        to,
        again: (from - to).max(0),
        skipped: (to - from).max(0),
        clamped_from: (wanted != to).then_some(wanted),
    })
}
