//! The partitions that are ours, each with the records that were polled and not handed over.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use penstock_core::batch::{Batch, Size};
use penstock_core::record::Offset;
use penstock_engine::Flow;

use crate::intake::Stay;
use crate::native::{Message, PartitionOffset};

/// A batch is handed over when it has this many records or bytes, or nothing more is there.
const BATCH_RECORDS_MAX: usize = 1024;
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// How long a full partition is waited for before it is paused. A partition that moves on has room
/// by then; one that does not must not hold the others up.
const ROOM_WAIT: Duration = Duration::from_millis(25);

/// Partitions by topic and number.
pub struct Cells<S> {
    index: HashMap<(Arc<str>, i32), usize>,
    slots: Vec<Option<Cell<S>>>,
    /// The slot that the latest record went to: runs of one partition are the rule.
    latest: Option<Latest>,
    /// Those that have records to hand over.
    touched: Vec<usize>,
    /// Whether a full partition may still be waited for in this round: one that is waited for in
    /// vain is enough.
    may_wait: bool,
}

struct Cell<S> {
    stay: Arc<S>,
    batch: Batch,
    /// Of the batch before: the next gets room when it begins, so that a quiet partition holds none.
    last: Size,
    paused: bool,
    touched: bool,
}

struct Latest {
    topic_id: usize,
    partition: i32,
    slot: Option<usize>,
}

impl<S: Stay> Cells<S> {
    /// None.
    pub fn new() -> Cells<S> {
        Cells {
            index: HashMap::new(),
            slots: Vec::new(),
            latest: None,
            touched: Vec::new(),
            may_wait: true,
        }
    }

    /// A new stay.
    pub fn insert(&mut self, stay: Arc<S>) {
        self.latest = None;
        let key = (Arc::clone(stay.topic()), stay.number());
        let cell = Cell {
            stay,
            batch: Batch::default(),
            last: Size::default(),
            paused: false,
            touched: false,
        };
        let free = self.slots.iter().position(Option::is_none);
        let slot = free.unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(Some(cell));
        } else {
            self.slots[slot] = Some(cell);
        }
        self.index.insert(key, slot);
    }

    /// Ends stays; what was polled for them and not handed over is dropped. Names those that were
    /// paused.
    pub fn remove(&mut self, entries: &[PartitionOffset]) -> (Vec<Arc<S>>, Vec<PartitionOffset>) {
        self.latest = None;
        let mut paused = Vec::new();
        let mut stays = Vec::new();
        for entry in entries {
            let key = (Arc::clone(&entry.topic), entry.partition);
            let slot = self.index.remove(&key);
            if let Some(cell) = slot.and_then(|slot| self.slots[slot].take()) {
                if cell.paused {
                    paused.push(entry.clone());
                }
                stays.push(cell.stay);
            }
        }
        (stays, paused)
    }

    /// The stay of a partition.
    pub fn get(&self, topic: &Arc<str>, partition: i32) -> Option<&Arc<S>> {
        let slot = *self.index.get(&(Arc::clone(topic), partition))?;
        self.slots[slot].as_ref().map(|cell| &cell.stay)
    }

    /// All stays.
    pub fn stays(&self) -> impl Iterator<Item = &Arc<S>> {
        self.slots.iter().flatten().map(|cell| &cell.stay)
    }

    /// All partitions.
    pub fn entries(&self) -> Vec<PartitionOffset> {
        let keys = self.index.keys();
        keys.map(|(topic, partition)| PartitionOffset::new(topic, *partition, 0))
            .collect()
    }

    /// Whether any is paused.
    pub fn any_paused(&self) -> bool {
        self.slots.iter().flatten().any(|cell| cell.paused)
    }

    /// Copies a record in. Returns the partition, to be paused, if that filled a batch and the
    /// engine wants no more. A record of a partition that is not ours is dropped.
    pub fn push(&mut self, message: &Message<'_>) -> Option<PartitionOffset> {
        let (topic_id, partition) = (message.topic_id(), message.partition());
        let slot = match &self.latest {
            Some(latest) if latest.topic_id == topic_id && latest.partition == partition => {
                latest.slot
            }
            _ => {
                let key = (Arc::from(message.topic()), partition);
                let slot = self.index.get(&key).copied();
                self.latest = Some(Latest {
                    topic_id,
                    partition,
                    slot,
                });
                slot
            }
        };
        let slot = slot?;
        let cell = self.slots[slot].as_mut()?;
        if cell.batch.is_empty() {
            cell.batch = cell.stay.batch(cell.last);
        }
        cell.batch.push(
            Offset(message.offset()),
            message.timestamp(),
            message.key(),
            message.value(),
            message.headers(),
        );
        if !cell.touched {
            cell.touched = true;
            self.touched.push(slot);
        }
        let full = cell.batch.len() >= BATCH_RECORDS_MAX || cell.batch.bytes() >= BATCH_BYTES_MAX;
        if full && cell.hand_over(&mut self.may_wait) {
            return Some(entry(&cell.stay));
        }
        None
    }

    /// Hands over all that was polled; returns the partitions to be paused.
    pub fn hand_over(&mut self) -> Vec<PartitionOffset> {
        let mut to_pause = Vec::new();
        for slot in self.touched.drain(..) {
            // A cell that was taken meanwhile is gone, and with it what it held.
            if let Some(cell) = self.slots[slot].as_mut() {
                cell.touched = false;
                if cell.hand_over(&mut self.may_wait) {
                    to_pause.push(entry(&cell.stay));
                }
            }
        }
        self.may_wait = true;
        to_pause
    }

    /// Marks the partition of a stay as fetched again; whether it was paused, and is still ours.
    pub fn resume(&mut self, stay: &Arc<S>) -> Option<PartitionOffset> {
        let key = (Arc::clone(stay.topic()), stay.number());
        let cell = self.slots[*self.index.get(&key)?].as_mut()?;
        if !cell.paused || !Arc::ptr_eq(&cell.stay, stay) {
            return None;
        }
        cell.paused = false;
        Some(entry(stay))
    }
}

impl<S: Stay> Cell<S> {
    /// Whether the partition is to be paused now.
    fn hand_over(&mut self, may_wait: &mut bool) -> bool {
        if self.batch.is_empty() {
            return false;
        }
        self.last = self.batch.size();
        let flow = self.stay.fetched(std::mem::take(&mut self.batch));
        if flow == Flow::Go || self.paused {
            return false;
        }
        if *may_wait && self.stay.wait_for_room(ROOM_WAIT) {
            return false;
        }
        *may_wait = false;
        self.paused = true;
        true
    }
}

fn entry<S: Stay>(stay: &Arc<S>) -> PartitionOffset {
    PartitionOffset::new(stay.topic(), stay.number(), 0)
}
