//! How far each partition is: what is acknowledged, and the offset that may be committed.

use std::collections::{HashMap, VecDeque};

use rdkafka::{Offset, TopicPartitionList};

/// Bits of a ticket that count the records of a partition; the rest is the partition's slot.
const SEQUENCE_BITS: u32 = 48;

/// One assigned partition.
struct Slot {
    topic: String,
    partition: i32,
    /// The sequence number of the front of `open`.
    first: usize,
    /// Next offset and whether it is done, in the order received.
    open: VecDeque<(i64, bool)>,
    /// The next offset of the finished prefix, and what of it was committed.
    finished: Option<i64>,
    committed: Option<i64>,
}

/// All partitions of the consumer. A slot is never used again: an acknowledgement that comes after
/// a revocation finds nothing to finish.
#[derive(Default)]
pub(crate) struct Progress {
    slots: Vec<Slot>,
    by_partition: HashMap<(usize, i32), usize>,
    last: Option<((usize, i32), usize)>,
}

impl Progress {
    /// Opens a record; the ticket is given back to [`finish`](Self::finish). `topic_id` tells topics
    /// apart more cheaply than `topic`.
    pub(crate) fn open(
        &mut self,
        topic_id: usize,
        partition: i32,
        offset: i64,
        topic: impl FnOnce() -> String,
    ) -> usize {
        let key = (topic_id, partition);
        let slot = match self.last {
            Some((last, slot)) if last == key => slot,
            _ => self.slot(key, topic),
        };
        self.last = Some((key, slot));
        let queue = &mut self.slots[slot];
        let sequence = queue.first + queue.open.len();
        queue.open.push_back((offset + 1, false));
        slot << SEQUENCE_BITS | sequence
    }

    fn slot(&mut self, key: (usize, i32), topic: impl FnOnce() -> String) -> usize {
        *self.by_partition.entry(key).or_insert_with(|| {
            self.slots.push(Slot {
                topic: topic(),
                partition: key.1,
                first: 0,
                open: VecDeque::new(),
                finished: None,
                committed: None,
            });
            self.slots.len() - 1
        })
    }

    /// The record is skipped, or what it became is acknowledged.
    pub(crate) fn finish(&mut self, ticket: usize) {
        let slot = &mut self.slots[ticket >> SEQUENCE_BITS];
        let sequence = ticket & ((1 << SEQUENCE_BITS) - 1);
        let entry = sequence
            .checked_sub(slot.first)
            .and_then(|index| slot.open.get_mut(index));
        let Some((_, done)) = entry else { return };
        *done = true;
        while let Some((next, true)) = slot.open.front().copied() {
            slot.open.pop_front();
            slot.first += 1;
            slot.finished = Some(next);
        }
    }

    /// What is finished and not committed; counts as committed from now on.
    pub(crate) fn take_commit(&mut self) -> Option<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for slot in &mut self.slots {
            if slot.finished != slot.committed
                && let Some(next) = slot.finished
                && list
                    .add_partition_offset(&slot.topic, slot.partition, Offset::Offset(next))
                    .is_ok()
            {
                slot.committed = slot.finished;
            }
        }
        (list.count() > 0).then_some(list)
    }

    /// Forgets a partition: another member has it, or this one again from the committed offset.
    pub(crate) fn forget(&mut self, topic: &str, partition: i32) {
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if slot.partition == partition && slot.topic == topic {
                slot.open.clear();
                slot.finished = slot.committed;
                self.by_partition.retain(|_, slot| *slot != index);
            }
        }
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(progress: &mut Progress) -> Option<i64> {
        let list = progress.take_commit()?;
        list.elements()[0].offset().to_raw()
    }

    #[test]
    fn only_the_contiguous_prefix_is_committed() {
        let mut progress = Progress::default();
        // Offset 6 was never received: offsets have gaps.
        let tickets = [5, 7, 8].map(|offset| progress.open(1, 0, offset, || "t".into()));
        progress.finish(tickets[1]);
        assert_eq!(committed(&mut progress), None);
        progress.finish(tickets[0]);
        assert_eq!(committed(&mut progress), Some(8));
        assert_eq!(committed(&mut progress), None);
        progress.finish(tickets[2]);
        assert_eq!(committed(&mut progress), Some(9));
    }

    #[test]
    fn a_late_acknowledgement_finishes_nothing() {
        let mut progress = Progress::default();
        let old = progress.open(1, 0, 5, || "t".into());
        progress.forget("t", 0);
        let new = progress.open(1, 0, 5, || "t".into());
        progress.finish(old);
        assert_eq!(committed(&mut progress), None);
        progress.finish(new);
        assert_eq!(committed(&mut progress), Some(6));
    }
}
