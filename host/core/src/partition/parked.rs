//! What there is to say of the park.

use std::time::Duration;

use super::entry::{Entry, State};
use super::{ParkLimits, Partition};
use crate::record::Offset;
use crate::verdict::Failure;

/// A record that is tried again while its partition goes on.
#[derive(Debug)]
pub struct Parked<'a> {
    /// The record.
    pub offset: Offset,
    /// When it was begun.
    pub since: Duration,
    /// The handler's index, and what failed.
    pub why: Option<(usize, &'a Failure)>,
}

impl Partition {
    /// Of the parked records the one that was begun first.
    pub fn longest_parked(&self) -> Option<Parked<'_>> {
        // One whose turn it is lies among the others meanwhile.
        let out = self.entries.iter().filter(|of| of.late && of.is_open());
        let longest = out.chain(self.park.oldest()).min_by_key(|of| of.begun_at)?;
        Some(Parked {
            offset: longest.offset,
            since: longest.begun_at,
            why: longest.tried_again(),
        })
    }

    /// The first record that waits where it is only because no more may be parked.
    pub fn park_is_full_for(&self) -> Option<Offset> {
        if self.order.park == ParkLimits::NOTHING {
            return None;
        }
        let fronts = self.lanes.iter().filter_map(|lane| self.front(lane));
        let mut left_out = fronts.filter(|of| !of.taken && self.is_left_out(of));
        left_out.next().map(|entry| entry.offset)
    }

    /// Whether a record would be parked, if there were room.
    pub(super) fn is_left_out(&self, entry: &Entry) -> bool {
        self.park.wants(entry) && !self.has_room_to_park(entry)
    }

    /// Whether a quarter of all that may be parked is free.
    pub fn park_has_room(&self) -> bool {
        let (of, limits) = (self.park.status(), self.order.park);
        let ample = |used: u64, limit: u64| used.saturating_mul(4) <= limit.saturating_mul(3);
        ample(of.keys as u64, limits.keys as u64)
            && ample(of.records as u64, limits.records as u64)
            && ample(of.bytes, limits.bytes)
    }
}

impl Entry {
    fn tried_again(&self) -> Option<(usize, &Failure)> {
        let deliveries = self.deliveries.iter().enumerate();
        let mut failed = deliveries.filter_map(|(handler, of)| match &of.state {
            State::Again { why, .. } => Some((handler, &**why)),
            _ => None,
        });
        failed.next()
    }
}
