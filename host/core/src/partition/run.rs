//! What a worker takes, and what it brings back.

use std::time::Duration;

use smallvec::SmallVec;

use super::entry::Entry;
use super::{KeyHash, Partition, Phase, Seq, Told};
use crate::decide::Decision;

/// Records that a worker is to run, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The records; at least one.
    pub records: Vec<Seq>,
    /// Whose they are.
    pub of: RunOf,
    /// The calls that are due for the first record: handler and attempt. All other records are
    /// fresh: each handler, attempt 1.
    pub first_calls: SmallVec<[(usize, u32); 2]>,
    /// The time since a handler was first called with the first record.
    pub first_waited: Duration,
}

/// Where the records of a run come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOf {
    /// A lane, by number.
    Lane(usize),
    /// A parked key.
    Key(KeyHash),
}

/// What came of one call.
#[derive(Debug)]
pub struct Handled {
    /// The record.
    pub seq: Seq,
    /// The handler's index.
    pub handler: usize,
    /// What is to be done.
    pub decision: Decision,
}

impl Partition {
    /// Takes up to `max` records of one lane, or one of a parked key. Until [`Partition::handled`]
    /// says what became of them, nothing more is given of that lane or key.
    pub fn take(&mut self, max: usize, now: Duration) -> Option<Run> {
        if !self.may_run() {
            return None;
        }
        // In turns, so that neither those that waited nor those that did not starve.
        self.turn = self.turn.wrapping_add(1);
        let lanes = self.lanes.len();
        let first = self.turn % (lanes + 1);
        let lane = (0..lanes)
            .map(|next| (first + next) % lanes)
            .find(|lane| self.is_due(&self.lanes[*lane], now));
        let parked = self.parked_due(now).next();
        let (of, records) = match (lane, parked) {
            (Some(lane), None) => (RunOf::Lane(lane), self.take_of_lane(lane, max, now)),
            (Some(lane), Some(_)) if first != 0 => {
                (RunOf::Lane(lane), self.take_of_lane(lane, max, now))
            }
            (_, Some(key)) => (RunOf::Key(key), vec![self.take_of_key(key)?]),
            (None, None) => return None,
        };
        self.running += 1;
        for seq in &records {
            let entry = &mut self.entries[(seq.0 - self.base) as usize];
            entry.taken = true;
            if !entry.begun {
                entry.begun = true;
                entry.begun_at = now;
                for ledger in &mut self.ledgers {
                    ledger.begun += 1;
                    ledger.open += 1;
                }
            }
        }
        let entry = &mut self.entries[(records[0].0 - self.base) as usize];
        let called_at = *entry.called_at.get_or_insert(now);
        Some(Run {
            of,
            first_calls: entry.due_calls(now).collect(),
            first_waited: now.saturating_sub(called_at),
            records,
        })
    }

    fn take_of_lane(&mut self, lane: usize, max: usize, now: Duration) -> Vec<Seq> {
        self.lanes[lane].running = true;
        let queue = &self.lanes[lane].queue;
        let first = &self.entries[(queue[0].0 - self.base) as usize];
        let calls: SmallVec<[(usize, u32); 2]> = first.due_calls(now).collect();
        // The later handlers of a record that waits for another must not drag the next record in.
        if !first.would_be_final_after(&calls) {
            return vec![queue[0]];
        }
        let in_turn = queue.iter().copied().take(max);
        if self.park.status().keys == 0 {
            return in_turn.collect();
        }
        // What belongs to the park is taken out when it has come to the front.
        let goes = |seq: &Seq| !self.park.holds(&self.entries[(seq.0 - self.base) as usize]);
        in_turn.take_while(goes).collect()
    }

    fn take_of_key(&mut self, key: KeyHash) -> Option<Seq> {
        let mut entry = self.park.take_first(key)?;
        entry.late = true;
        let seq = Seq(self.base + self.entries.len() as u64);
        self.entries.push_back(entry);
        Some(seq)
    }

    /// A worker is done with what it took. Answers how many records of the run are to be sent now,
    /// in order: their outputs, and a dead letter for each [`Decision::DeadLetter`]. `told` gets
    /// verdicts that need no acknowledgement.
    pub fn handled(
        &mut self,
        run: &Run,
        results: impl IntoIterator<Item = Handled>,
        now: Duration,
        told: &mut Vec<Told>,
    ) -> usize {
        self.running -= 1;
        if self.phase == Phase::Closed {
            return 0;
        }
        for result in results {
            let index = (result.seq.0 - self.base) as usize;
            self.halted |= matches!(result.decision, Decision::Halt(_));
            self.entries[index].decide(result.handler, result.decision, now);
        }
        let complete = self.complete(run, told);
        match run.of {
            RunOf::Lane(lane) => {
                self.lanes[lane].running = false;
                self.lanes[lane].queue.drain(..complete);
                self.divert(lane);
            }
            RunOf::Key(key) => {
                if complete == 0 {
                    let index = (run.records[0].0 - self.base) as usize;
                    let entry = self.entries[index].take_out();
                    self.park.put_back(key, entry);
                    self.drop_empty_places();
                } else {
                    self.park.go_on(key);
                }
                // There may be room for what waits in the lanes.
                self.divert_all();
            }
        }
        self.advance();
        complete
    }

    /// Nothing was sent under these numbers, so others may have them; a key that is tried again for a
    /// long time would fill the entries otherwise.
    fn drop_empty_places(&mut self) {
        while self.entries.back().is_some_and(Entry::is_empty_place) {
            self.entries.pop_back();
        }
        self.cover_no_more_than(self.entries.len());
    }

    /// How many records of a run are decided, from its first on; they are to be sent, or finished if
    /// they send nothing.
    fn complete(&mut self, run: &Run, told: &mut Vec<Told>) -> usize {
        let mut complete = 0;
        for (number, seq) in run.records.iter().enumerate() {
            let index = (seq.0 - self.base) as usize;
            let entry = &mut self.entries[index];
            entry.taken = false;
            if complete < number || !entry.is_decided() {
                continue;
            }
            complete += 1;
            entry.outstanding = entry.messages();
            if entry.outstanding == 0 {
                self.finish(index, told);
            } else if self.transaction.is_none() {
                self.in_flight += u64::from(entry.outstanding);
            }
        }
        complete
    }
}
