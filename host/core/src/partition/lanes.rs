//! Lanes: how many records of a partition may be with handlers at once, and what stays in order.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;
use std::time::Duration;

use super::entry::Entry;
use super::park::ParkLimits;
use super::{Freed, Partition, Phase, Seq};

/// What stands for a record's key. Two keys with one hash wait for each other, and no harm is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(NonZeroU64);

impl KeyHash {
    /// Of a key's bytes.
    pub fn of(key: &[u8]) -> KeyHash {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        KeyHash::from(hasher.finish())
    }

    pub(super) const MAX: KeyHash = KeyHash(NonZeroU64::MAX);
}

impl From<u64> for KeyHash {
    fn from(hash: u64) -> KeyHash {
        KeyHash(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
    }
}

/// Which records of a partition wait for which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Records that may be with handlers at once, at least 1.
    pub lanes: usize,
    /// What stays in order where there are several lanes.
    pub by: OrderBy,
    /// What may be parked.
    pub park: ParkLimits,
}

impl Order {
    /// All records of the partition one after the other.
    pub const STRICT: Order = Order {
        lanes: 1,
        by: OrderBy::Key,
        park: ParkLimits::NOTHING,
    };
}

/// `topics.NAME.order`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderBy {
    /// Records of one key one after the other; those without a key as if they had one in common.
    Key,
    /// None.
    Nothing,
}

/// Records that run one after the other.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Not decided, the next one first.
    pub queue: VecDeque<Seq>,
    pub running: bool,
}

impl Lane {
    pub fn clear(&mut self) {
        self.queue.clear();
        self.running = false;
    }
}

impl Partition {
    /// Puts a record at the end of its lane.
    pub(super) fn queue(&mut self, seq: Seq, key: Option<super::KeyHash>) {
        let lanes = self.lanes.len() as u64;
        let lane = match (self.order.by, key) {
            _ if lanes == 1 => 0,
            (OrderBy::Nothing, _) => (seq.0 % lanes) as usize,
            (OrderBy::Key, key) => (key.map_or(0, |key| key.0.get()) % lanes) as usize,
        };
        self.lanes[lane].queue.push_back(seq);
        if self.lanes[lane].queue.len() == 1 {
            self.divert(lane);
        }
    }

    /// Takes from the front of a lane what is to wait in the park, as far as there is room.
    pub(super) fn divert(&mut self, lane: usize) {
        while let Some(seq) = self.lanes[lane].queue.front().copied() {
            let index = (seq.0 - self.base) as usize;
            let entry = &self.entries[index];
            if entry.taken || !self.park.wants(entry) || !self.has_room_to_park(entry) {
                break;
            }
            self.lanes[lane].queue.pop_front();
            self.park_entry(index);
        }
    }

    pub(super) fn divert_all(&mut self) {
        for lane in 0..self.lanes.len() {
            self.divert(lane);
        }
    }

    /// Whether the record waits where it is only because no more may be parked.
    pub(super) fn is_left_out(&self, entry: &Entry) -> bool {
        self.park.wants(entry) && !self.has_room_to_park(entry)
    }

    fn has_room_to_park(&self, entry: &Entry) -> bool {
        self.park.has_room(entry) && self.has_room_for_holes()
    }

    pub(super) fn park_entry(&mut self, index: usize) {
        let seq = Seq(self.base + index as u64);
        let entry = self.entries[index].take_out();
        if !entry.late {
            self.freed.push(Freed::Parked(seq, entry.offset));
        }
        self.late.insert(entry.offset);
        self.park.put(entry);
    }

    /// How many more runs [`Partition::take`] would give now.
    pub fn runnable(&self, now: Duration) -> usize {
        if !self.may_run() {
            return 0;
        }
        let idle = self.lanes.len() - self.running;
        let lanes = self.lanes.iter().filter(|of| self.is_due(of, now));
        (lanes.count() + self.parked_due(now).take(idle).count()).min(idle)
    }

    /// Whether [`Partition::take`] would give work.
    pub fn is_runnable(&self, now: Duration) -> bool {
        self.runnable(now) > 0
    }

    /// Whether all records wait for each other: then whoever has one looks at the next.
    pub fn is_strict(&self) -> bool {
        self.lanes.len() == 1 && self.park.status().keys == 0
    }

    /// How many runs are out.
    pub fn running(&self) -> usize {
        self.running
    }

    pub(super) fn may_run(&self) -> bool {
        self.phase == Phase::Consuming
            && self.running < self.lanes.len()
            && !self.halted
            && self.resend.is_none()
    }

    /// Whether only the oldest record that is not decided may go on, and those of its lane: all others
    /// are so far ahead of it that they have to wait.
    pub fn narrow(&mut self, narrow: bool) {
        self.narrow = narrow;
    }

    pub(super) fn is_due(&self, lane: &Lane, now: Duration) -> bool {
        let due = |entry: &Entry| entry.has_due_call(now) && !self.park.holds(entry);
        !lane.running
            && self.front(lane).is_some_and(due)
            && (!self.narrow || lane.queue.front() == self.oldest_undecided().as_ref())
    }

    pub(super) fn parked_due(&self, now: Duration) -> impl Iterator<Item = KeyHash> {
        let oldest = self.oldest_undecided().and_then(|seq| self.entry(seq));
        // It may be what the oldest one waits for.
        let goes = !self.narrow || oldest.is_some_and(|entry| self.park.wants(entry));
        self.park.due(now).filter(move |_| goes)
    }

    /// How many records of the lanes still have a handler before them, or are with one.
    pub fn undecided(&self) -> usize {
        self.lanes.iter().map(|lane| lane.queue.len()).sum()
    }

    fn oldest_undecided(&self) -> Option<Seq> {
        let fronts = self.lanes.iter().filter_map(|lane| lane.queue.front());
        fronts.min().copied()
    }

    pub(super) fn front(&self, lane: &Lane) -> Option<&Entry> {
        lane.queue.front().and_then(|seq| self.entry(*seq))
    }
}
