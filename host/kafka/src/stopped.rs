//! What a consumer says at its end.

use std::sync::Arc;

use penstock_core::partition::HandedBack;
use penstock_core::record::NextOffset;

use crate::intake::Stay;

/// How a consumer ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StopReport {
    /// Whether all work in hand was finished; if not, it is abandoned to the next owner.
    pub drained: bool,
    /// Deliveries that were begun and not finished.
    pub handed_back: HandedBack,
    /// Whether the group was left (a classic static member stays on purpose).
    pub closed: bool,
    /// Why the last commit failed, if it did.
    pub commit_error: Option<String>,
    /// Where each partition stood, at the end.
    pub partitions: Vec<PartitionReport>,
}

/// Where a partition stood when the consumer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionReport {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
    /// What finished work would still let be committed; `None` when all of it is.
    pub uncommitted: Option<NextOffset>,
    /// Where fetching had come to.
    pub fetched: NextOffset,
}

impl PartitionReport {
    /// As it stands.
    pub(crate) fn of(stay: &impl Stay) -> PartitionReport {
        PartitionReport {
            topic: Arc::clone(stay.topic()),
            partition: stay.number(),
            uncommitted: stay.commit_point().map(|point| point.next),
            fetched: stay.fetch_position(),
        }
    }
}
