//! The bytes of records that are not finished: batches as they were fetched, and what was parked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use penstock_core::batch::Batch;
use penstock_core::partition::{Freed, Seq};
use penstock_core::record::{Offset, Record};

use crate::spares::{Lent, Spares};

/// See the module.
pub(crate) struct Batches {
    spares: Arc<Spares>,
    batches: VecDeque<HeldBatch>,
    bytes: usize,
    /// A batch of its own for each parked record, so that it does not hold its neighbours.
    parked: BTreeMap<Offset, Arc<Lent>>,
}

/// A batch whose records, from `skip` on, carry the numbers from `first`.
struct HeldBatch {
    first: Seq,
    skip: usize,
    count: usize,
    /// How many records are not finished out of turn, or parked.
    wanted: usize,
    /// `None` when none is.
    batch: Option<Arc<Lent>>,
}

/// Records of a batch to run, one behind the other in their run.
pub(crate) struct Stretch {
    /// How many.
    pub count: usize,
    batch: Arc<Lent>,
    first: Seq,
    skip: usize,
}

impl Stretch {
    pub fn record(&self, seq: Seq) -> Record<'_> {
        self.batch
            .record(self.skip + (seq.0 - self.first.0) as usize)
    }
}

impl Batches {
    /// None. The room of those to come goes to `spares` afterwards.
    pub fn new(spares: &Arc<Spares>) -> Batches {
        Batches {
            spares: Arc::clone(spares),
            batches: VecDeque::new(),
            bytes: 0,
            parked: BTreeMap::new(),
        }
    }

    /// Bytes of the batches that are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes of about so many of the records that are kept.
    pub fn bytes_of(&self, records: usize) -> usize {
        let kept = self.batches.iter().filter(|held| held.batch.is_some());
        let count: usize = kept.map(|held| held.count).sum();
        (self.bytes / count.max(1)).saturating_mul(records)
    }

    /// What [`Batches::drop_before`] would free.
    pub fn bytes_before(&self, oldest: Seq) -> usize {
        let before = self.batches.iter();
        let before = before.take_while(|held| held.end() <= oldest.0);
        let kept = before.filter_map(|held| held.batch.as_ref());
        kept.map(|batch| batch.bytes()).sum()
    }

    pub fn push(&mut self, first: Seq, skip: usize, batch: Batch) {
        let count = batch.len() - skip;
        self.bytes += batch.bytes();
        self.batches.push_back(HeldBatch {
            first,
            skip,
            count,
            wanted: count,
            batch: Some(Arc::new(self.spares.lend(batch))),
        });
    }

    /// The batches that hold the records of a run, which are in order.
    pub fn stretches(&self, records: &[Seq]) -> Vec<Stretch> {
        let mut stretches = Vec::with_capacity(1);
        let mut left = records;
        while let Some(first) = left.first() {
            let held = &self.batches[self.index(*first).expect("what is run is kept")];
            let count = left.partition_point(|seq| seq.0 < held.end());
            stretches.push(Stretch {
                batch: Arc::clone(held.batch.as_ref().expect("what is run is wanted")),
                count,
                first: held.first,
                skip: held.skip,
            });
            left = &left[count..];
        }
        stretches
    }

    pub fn record(&self, seq: Seq) -> Option<Record<'_>> {
        let held = &self.batches[self.index(seq)?];
        let batch = held.batch.as_ref()?;
        Some(batch.record(held.skip + (seq.0 - held.first.0) as usize))
    }

    /// A record that is, or was, parked.
    pub fn parked(&self, offset: Offset) -> Option<Record<'_>> {
        self.parked.get(&offset).map(|batch| batch.record(0))
    }

    pub fn parked_stretch(&self, seq: Seq, offset: Offset) -> Vec<Stretch> {
        vec![Stretch {
            batch: Arc::clone(&self.parked[&offset]),
            count: 1,
            first: seq,
            skip: 0,
        }]
    }

    pub fn freed(&mut self, freed: Freed) {
        match freed {
            Freed::Finished(seq) => self.unwanted(seq),
            Freed::Parked(seq, offset) => {
                if let Some(record) = self.record(seq) {
                    let mut batch = Batch::default();
                    batch.push(
                        record.offset,
                        record.timestamp,
                        record.key,
                        record.value,
                        record.headers.iter(),
                    );
                    self.parked
                        .insert(offset, Arc::new(self.spares.lend(batch)));
                }
                self.unwanted(seq);
            }
            Freed::Unparked(offset) => {
                self.parked.remove(&offset);
            }
        }
    }

    fn unwanted(&mut self, seq: Seq) {
        let Some(index) = self.index(seq) else {
            return;
        };
        let held = &mut self.batches[index];
        held.wanted -= 1;
        if held.wanted == 0
            && let Some(batch) = held.batch.take()
        {
            self.bytes -= batch.bytes();
        }
    }

    /// Drops all.
    pub fn clear(&mut self) {
        self.batches.clear();
        self.bytes = 0;
        self.parked.clear();
    }

    /// Drops the batches before the first record that is not finished.
    pub fn drop_before(&mut self, oldest: Seq) {
        while let Some(front) = self.batches.front() {
            if front.end() > oldest.0 {
                break;
            }
            self.bytes -= front.batch.as_ref().map_or(0, |batch| batch.bytes());
            self.batches.pop_front();
        }
    }

    fn index(&self, seq: Seq) -> Option<usize> {
        // Most often it is the oldest.
        let front = self.batches.front()?;
        if (front.first.0..front.end()).contains(&seq.0) {
            return Some(0);
        }
        let after = self.batches.partition_point(|held| held.first <= seq);
        let index = after.checked_sub(1)?;
        (seq.0 < self.batches[index].end()).then_some(index)
    }
}

impl HeldBatch {
    /// After its last record's number.
    fn end(&self) -> u64 {
        self.first.0 + self.count as u64
    }
}
