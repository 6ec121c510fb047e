//! What decided records send, kept until their transaction is committed: by record, as the worker
//! staged it, without a copy. A dead letter is made of its record when it is sent.

use std::collections::VecDeque;
use std::sync::Arc;

use penstock_core::partition::Seq;

use crate::cell::{Partition, State};
use crate::held::{Held, Span};
use crate::send::Finished;

/// The bundles of one partition.
#[derive(Debug, Default)]
pub(crate) struct Bundles {
    /// The record of the front.
    base: Seq,
    by_record: VecDeque<Option<Outputs>>,
    bytes: usize,
    /// Bytes of keys and values that the open transaction has.
    pub entered: u64,
    /// Whether the transactor is to look at the partition already.
    pub listed: bool,
    /// The record that is being sent, and how many of its messages are.
    pub sending: Option<(Seq, usize)>,
}

/// The outputs of one record.
#[derive(Debug, Clone)]
pub(crate) struct Outputs {
    run: Arc<Held>,
    start: usize,
    end: usize,
    /// Of the whole run, with its last record.
    bytes: usize,
}

impl Outputs {
    /// Those of a delivery each, in order.
    pub fn spans(&self) -> &[Span] {
        &self.run.spans[self.start..self.end]
    }

    /// Where they lie.
    pub fn staging(&self) -> &penstock_core::staging::Staging {
        &self.run.staging
    }
}

impl Bundles {
    /// Keeps the outputs of a run; all those of a record come together, in one run.
    pub fn keep(&mut self, run: Held) {
        let run = Arc::new(run);
        self.bytes += run.staging.bytes();
        let mut start = 0;
        for spans in run.spans.chunk_by(|a, b| a.seq == b.seq) {
            let end = start + spans.len();
            let bytes = if end == run.spans.len() {
                run.staging.bytes()
            } else {
                0
            };
            let outputs = Outputs {
                run: Arc::clone(&run),
                start,
                end,
                bytes,
            };
            self.put(spans[0].seq, outputs);
            start = end;
        }
    }

    fn put(&mut self, seq: Seq, outputs: Outputs) {
        if self.by_record.is_empty() {
            self.base = seq;
        }
        while seq < self.base {
            self.by_record.push_front(None);
            self.base.0 -= 1;
        }
        let index = (seq.0 - self.base.0) as usize;
        if index >= self.by_record.len() {
            self.by_record.resize(index + 1, None);
        }
        self.by_record[index] = Some(outputs);
    }

    /// What the handlers staged for a record.
    pub fn outputs(&self, seq: Seq) -> Option<Outputs> {
        let index = usize::try_from(seq.0.checked_sub(self.base.0)?).ok()?;
        self.by_record.get(index)?.clone()
    }

    /// Drops what lies before `oldest`: it is committed.
    pub fn drop_until(&mut self, oldest: Seq) {
        while self.base < oldest {
            let Some(outputs) = self.by_record.pop_front() else {
                break;
            };
            self.bytes -= outputs.map_or(0, |outputs| outputs.bytes);
            self.base.0 += 1;
        }
    }

    /// Bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Partition {
    /// Takes in what a worker staged for records that are complete by now; holds back what is of the
    /// one that isn't. The transactor is told.
    pub(crate) fn bundle(
        self: &Arc<Self>,
        state: &mut State,
        finished: &Finished<'_>,
        staged: &mut Held,
    ) {
        let first = finished.complete.first().copied();
        let held = finished.resumed.filter(|_| first.is_some());
        let held = held.and_then(|offset| state.held.remove(&offset));
        if let (Some(mut held), Some(first)) = (held, first) {
            // Whoever was parked meanwhile has another number since.
            held.spans.iter_mut().for_each(|span| span.seq = first);
            // The record waited for another of its handlers, whose outputs come behind.
            for span in staged.spans.iter().filter(|span| span.seq == first) {
                held.keep(&staged.staging, *span);
            }
            staged.spans.retain(|span| span.seq != first);
            state.bundles.keep(held);
        }
        let is_complete = |span: &Span| finished.is_complete(span.seq);
        if let Some(offset) = finished.stopped_at {
            for span in staged.spans.iter().filter(|span| !is_complete(span)) {
                let held = state.held.entry(offset).or_default();
                held.keep(&staged.staging, *span);
            }
        }
        staged.spans.retain(is_complete);
        if !staged.spans.is_empty() {
            let next = Held::sized_as(staged);
            state.bundles.keep(std::mem::replace(staged, next));
        }
        self.shared.list(self, state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(records: &[u64]) -> Held {
        let mut run = Held::default();
        for (index, seq) in records.iter().enumerate() {
            let value = seq.to_string();
            run.staging.push(0, None, Some(value.as_bytes()), [], None);
            run.spans.push(Span {
                seq: Seq(*seq),
                handler: 0,
                start: index,
                end: index + 1,
                timestamp_ms: None,
            });
        }
        run
    }

    fn values(bundles: &Bundles, seq: u64) -> Vec<String> {
        let outputs = bundles.outputs(Seq(seq));
        let text = |outputs: &Outputs, index| {
            let value = outputs.staging().output(index).value;
            String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
        };
        outputs.map_or_else(Vec::new, |outputs| {
            let spans = outputs.spans().iter();
            let indices = spans.flat_map(|span| span.start..span.end);
            indices.map(|index| text(&outputs, index)).collect()
        })
    }

    #[test]
    fn each_record_has_its_own_until_all_before_the_next_are_dropped() {
        let mut bundles = Bundles::default();
        bundles.keep(run(&[3, 3, 5]));
        bundles.keep(run(&[8]));
        assert_eq!(values(&bundles, 3), ["3", "3"]);
        assert_eq!(values(&bundles, 4), [""; 0]);
        assert_eq!(
            (values(&bundles, 5), values(&bundles, 8)),
            (vec!["5".into()], vec!["8".into()])
        );
        assert_eq!(bundles.bytes(), 4);
        bundles.drop_until(Seq(5));
        assert_eq!((bundles.bytes(), values(&bundles, 3)), (4, vec![]));
        bundles.drop_until(Seq(6));
        assert_eq!(
            bundles.bytes(),
            1,
            "a run counts until its last record is dropped"
        );
        bundles.drop_until(Seq(100));
        assert_eq!(bundles.bytes(), 0);
        bundles.keep(run(&[101]));
        bundles.keep(run(&[100]));
        assert_eq!(
            (values(&bundles, 100), values(&bundles, 101)),
            (vec!["100".into()], vec!["101".into()])
        );
    }
}
