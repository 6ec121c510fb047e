//! A worker's run: takes records of one partition, passes each through its handlers, hands the
//! outputs over. No lock is held while a guest runs.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use penstock_core::config::OutputTimestamp;
use penstock_core::dead_letter::redriven_for_another;
use penstock_core::decide::{Decision, decide};
use penstock_core::partition::{Handled, Run, Seq, Told};
use penstock_core::policy::Attempt;
use penstock_core::record::{Offset, Record};
use penstock_core::verdict::{Failure, Outcome, Reason};

use crate::batches::Stretch;
use crate::cell::{Partition, Stall, StallKind};
use crate::held::{Held, Span};
use crate::lanes::Slot;
use crate::plan::TopicPlan;
use crate::ports::{Call, Instance};
use crate::send::Finished;
use crate::shared::Shared;
use crate::times::LocalTimes;

/// The most records of one run.
const RUN_RECORDS_MAX: usize = 256;
/// A run ends after this, so that slow handlers do not keep finished outputs back.
const RUN_TIME_MAX: Duration = Duration::from_millis(1);
/// A run ends when this much is staged.
const RUN_STAGED_BYTES_MAX: usize = 1 << 20;
/// Runs without being held up after which a suspect is trusted again.
const GOOD_RUNS: u32 = 256;
/// How long a partition waits when all instances of a handler are out.
const INSTANCE_WAIT: Duration = Duration::from_millis(1);

/// One thread's reusable buffers.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    calls: u64,
    staged: Held,
    results: Vec<Handled>,
    dead: Vec<Seq>,
    told: Vec<Told>,
    instances: Vec<Option<Box<dyn Instance>>>,
    times: Vec<LocalTimes>,
    /// What calls that a limit stopped took, in this run.
    stopped: Duration,
    /// Whether anything is watched.
    watching: bool,
}

/// Why a run ended before its last record.
enum Ended {
    Whole,
    AtRecord,
    NoInstance,
}

impl Worker {
    /// Its calls have the numbers after `calls`.
    pub fn new(shared: Arc<Shared>, slot: Arc<Slot>, calls: u64) -> Worker {
        Worker {
            shared,
            slot,
            calls,
            staged: Held::default(),
            results: Vec::new(),
            dead: Vec::new(),
            told: Vec::new(),
            instances: Vec::new(),
            times: Vec::new(),
            stopped: Duration::ZERO,
            watching: false,
        }
    }

    /// One run of a partition, from the queue to the sink.
    pub fn run(&mut self, partition: &Arc<Partition>) {
        let Some((run, stretches)) = self.begin(partition) else {
            return;
        };
        self.slot.begin_run(partition);
        self.watching = self.shared.watches.any();
        self.shared.ticker.run_begins();
        let ended = self.call_all(partition, &run, &stretches);
        self.shared.ticker.run_ends();
        self.give_back(partition);
        self.end(partition, &run, ended);
        if partition.suspect.load(Ordering::Relaxed)
            && partition.good_runs.fetch_add(1, Ordering::Relaxed) > GOOD_RUNS
        {
            partition.suspect.store(false, Ordering::Relaxed);
        }
    }

    /// First what waits to be sent, for the order's sake; then the next records, if they may run.
    fn begin(&mut self, partition: &Arc<Partition>) -> Option<(Run, Vec<Stretch>)> {
        let mut state = partition.lock();
        let room = partition.send_waiting(&mut state, &mut self.told);
        let now = self.shared.now();
        let taken = (room && !partition.held() && !state.rest.lasts(now))
            .then(|| state.machine.take(RUN_RECORDS_MAX, now))
            .flatten();
        let stretches = taken.as_ref().map(|run| state.stretches(&run.records));
        if taken.is_none() {
            state.scheduled -= 1;
            partition.settle(&mut state);
        }
        drop(state);
        self.tell(partition);
        if !room {
            self.shared.wake_waiters();
        }
        taken.zip(stretches)
    }

    fn call_all(&mut self, partition: &Partition, run: &Run, stretches: &[Stretch]) -> Ended {
        let handlers = partition.plan().handlers.len();
        self.instances.resize_with(handlers, || None);
        self.times.resize_with(handlers, LocalTimes::default);
        let begun = self.shared.now();
        let mut last = begun;
        let mut records = run.records.iter().copied();
        for stretch in stretches {
            for seq in records.by_ref().take(stretch.count) {
                let record = stretch.record(seq);
                let mut complete = true;
                let fresh = seq != run.records[0];
                let calls = if fresh {
                    handlers
                } else {
                    run.first_calls.len()
                };
                for call in 0..calls {
                    let (handler, number, waited) = if fresh {
                        (call, 1, Duration::ZERO)
                    } else {
                        let (handler, number) = run.first_calls[call];
                        (handler, number, run.first_waited)
                    };
                    let attempt = Attempt {
                        number,
                        waited,
                        spread: spread(partition.number(), record.offset),
                    };
                    match self.call(partition, seq, &record, handler, (attempt, last)) {
                        Some(is_final) => complete &= is_final,
                        None => return Ended::NoInstance,
                    }
                    let now = self.shared.now();
                    self.times[handler].note(now - last);
                    last = now;
                }
                if !complete
                    || !self.stopped.is_zero()
                    || partition.stopped()
                    || partition.held()
                    || last - begun > RUN_TIME_MAX
                    || self.staged.staging.bytes() > RUN_STAGED_BYTES_MAX
                {
                    return Ended::AtRecord;
                }
            }
        }
        Ended::Whole
    }

    /// One delivery's call, begun then; whether it was the last it needs. `None`: no instance is free.
    fn call(
        &mut self,
        partition: &Partition,
        seq: Seq,
        record: &Record<'_>,
        handler: usize,
        (attempt, begun): (Attempt, Duration),
    ) -> Option<bool> {
        let topic = partition.plan();
        let plan = &topic.handlers[handler];
        let staging = &self.staged.staging;
        let (start, mark) = (staging.len(), staging.mark());
        let answer = match for_another(record, topic, &plan.name) {
            Some(why) => Ok(Outcome::Skip(why)),
            None => self.ask(partition, record, handler, attempt.number)?,
        };
        if answer.as_ref().is_err_and(Failure::is_limit) {
            self.stopped += self.shared.now() - begun;
        }
        let staging = &mut self.staged.staging;
        if !matches!(answer, Ok(Outcome::Done)) {
            staging.rollback(mark);
        }
        let end = staging.len();
        let outputs = (end - start) as u32;
        let decision = decide(
            answer,
            outputs,
            attempt,
            &plan.policy,
            topic.dead_letter.is_some(),
        );
        if self.watching {
            let watches = &self.shared.watches;
            let call = (handler, attempt.number);
            watches.decided(partition.stay(), record.offset, call, &decision);
        }
        let is_final = decision.is_final();
        if !is_final {
            self.shared.lines.undecided(
                topic,
                partition.number(),
                record.offset,
                (handler, attempt.number),
                &decision,
            );
        }
        // Once a record, however many of its handlers fail: all its dead letters are sent together.
        if matches!(decision, Decision::DeadLetter(_)) && self.dead.last() != Some(&seq) {
            self.dead.push(seq);
        }
        if outputs > 0 {
            self.staged.spans.push(Span {
                seq,
                handler,
                start,
                end,
                timestamp_ms: match plan.timestamp {
                    OutputTimestamp::Now => None,
                    OutputTimestamp::Input => record.timestamp.millis(),
                },
            });
        }
        self.results.push(Handled {
            seq,
            handler,
            decision,
        });
        Some(is_final)
    }

    /// The handler's answer. `None`: no instance is free.
    fn ask(
        &mut self,
        partition: &Partition,
        record: &Record<'_>,
        handler: usize,
        attempt: u32,
    ) -> Option<Result<Outcome, Failure>> {
        let plan = &partition.plan().handlers[handler];
        let staging = &mut self.staged.staging;
        let start = staging.len();
        self.calls += 1;
        self.slot.call.store(self.calls, Ordering::Relaxed);
        let instance = match self.instances[handler].take() {
            Some(instance) => Ok(Some(instance)),
            None => plan.pool.checkout(),
        };
        let answer = match instance {
            Ok(Some(mut instance)) => {
                let call = Call {
                    partition: partition.number(),
                    attempt,
                };
                let answer = instance.handle(record, call, staging);
                if instance.is_spent() {
                    plan.pool.give_back(instance);
                } else {
                    self.instances[handler] = Some(instance);
                }
                known_outputs(answer, staging, start, plan.outputs.len())
            }
            Ok(None) => {
                self.slot.call.store(0, Ordering::Relaxed);
                return None;
            }
            Err(failure) => Err(failure),
        };
        self.slot.call.store(0, Ordering::Relaxed);
        Some(answer)
    }

    fn give_back(&mut self, partition: &Partition) {
        for (handler, plan) in partition.plan().handlers.iter().enumerate() {
            if let Some(instance) = self.instances[handler].take() {
                plan.pool.give_back(instance);
            }
            partition.topic.times[handler].add(&mut self.times[handler]);
        }
    }

    /// Says what became of the records, sends what is complete, lets the partition go.
    fn end(&mut self, partition: &Arc<Partition>, run: &Run, ended: Ended) {
        let mut state = partition.lock();
        let now = self.shared.now();
        // Asked before what is finished or parked is forgotten.
        let offset_of = |called: Option<&Handled>| state.machine.offset(called?.seq);
        let resumed = offset_of(self.results.first());
        let stopped_at = offset_of(self.results.last());
        let complete = state
            .machine
            .handled(run, self.results.drain(..), now, &mut self.told);
        let complete = &run.records[..complete];
        // A record that waited may have had a handler dead-lettered in an earlier run.
        let first = complete.first().filter(|seq| {
            !self.dead.contains(seq) && state.machine.dead_letters(**seq).next().is_some()
        });
        // It comes first, as it does in the order of records.
        self.dead.splice(0..0, first.copied());
        let finished = Finished {
            complete,
            resumed,
            stopped_at,
            dead: &self.dead,
        };
        let room = partition.send_finished(&mut state, &finished, &mut self.staged, &mut self.told);
        self.staged.clear();
        self.dead.clear();
        if matches!(ended, Ended::NoInstance) {
            state.stall = Some(Stall {
                kind: StallKind::Instances,
                since: now,
            });
            self.shared
                .set_timer(partition, &mut state, now + INSTANCE_WAIT);
        }
        let stopped = std::mem::take(&mut self.stopped);
        if !stopped.is_zero() {
            state.rest.extend(now, stopped);
        }
        state.scheduled -= 1;
        partition.settle(&mut state);
        drop(state);
        self.tell(partition);
        if !room {
            self.shared.wake_waiters();
        }
        if !partition.suspect.load(Ordering::Relaxed) {
            self.shared.send_waves();
        }
    }

    fn tell(&mut self, partition: &Partition) {
        self.shared.tell(partition, &mut self.told);
    }
}

/// Different for records that may fail together.
pub(crate) fn spread(partition: i32, offset: Offset) -> u64 {
    (u64::from(partition as u32) << 40) ^ offset.0 as u64
}

/// Why the handler is not asked: the record was redriven for another one. Records without headers
/// cost nothing here.
pub(crate) fn for_another(record: &Record<'_>, topic: &TopicPlan, handler: &str) -> Option<Reason> {
    if record.headers.is_empty() {
        return None;
    }
    redriven_for_another(record, &topic.name, handler)
}

/// A success that names an output which isn't there is a failure.
pub(crate) fn known_outputs(
    answer: Result<Outcome, Failure>,
    staging: &penstock_core::staging::Staging,
    start: usize,
    outputs: usize,
) -> Result<Outcome, Failure> {
    if !matches!(answer, Ok(Outcome::Done)) {
        return answer;
    }
    let unknown = (start..staging.len())
        .map(|index| staging.output(index).to)
        .find(|to| *to as usize >= outputs);
    match unknown {
        Some(index) => Err(Failure::UnknownOutput { index }),
        None => answer,
    }
}
