//! The partition's invariants under any history: fetches with gaps, retries, parked keys, several
//! lanes, refusals, acknowledgements in any order, a drain and a close at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use penstock_core::completion::CompletionMap;
use penstock_core::decide::Decision;
use penstock_core::ledger::Ledger;
use penstock_core::partition::{
    AfterRefusal, CommitPoint, Handled, KeyHash, Order, OrderBy, ParkLimits, Partition, Refused,
    Run, RunOf, Seq, Told,
};
use penstock_core::policy::{RetryMode, Then};
use penstock_core::record::{NextOffset, Offset};
use penstock_core::verdict::{Failure, Reason};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Fetch { gap: i64, key: Option<u64> },
    Take { max: usize },
    Bring { pick: usize, answers: Vec<Answer> },
    Acknowledge { pick: usize },
    Refuse { pick: usize, for_good: bool },
    Resend,
    Advance { ms: u64 },
    Commit,
    Drain,
    Close,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Emit(u32),
    Skip,
    Again(u64, RetryMode),
    DeadLetter,
    Halt,
}

fn step() -> impl Strategy<Value = Step> {
    let mode = prop_oneof![Just(RetryMode::Block), Just(RetryMode::Key)];
    let answer = prop_oneof![
        16 => (0u32..3).prop_map(Answer::Emit),
        4 => Just(Answer::Skip),
        8 => (0u64..50, mode).prop_map(|(ms, mode)| Answer::Again(ms, mode)),
        4 => Just(Answer::DeadLetter),
        1 => Just(Answer::Halt),
    ];
    prop_oneof![
        10 => (0i64..3, prop::option::weighted(0.9, 1u64..5))
            .prop_map(|(gap, key)| Step::Fetch { gap, key }),
        10 => (1usize..5).prop_map(|max| Step::Take { max }),
        10 => (any::<usize>(), prop::collection::vec(answer, 16))
            .prop_map(|(pick, answers)| Step::Bring { pick, answers }),
        20 => any::<usize>().prop_map(|pick| Step::Acknowledge { pick }),
        3 => (any::<usize>(), any::<bool>())
            .prop_map(|(pick, for_good)| Step::Refuse { pick, for_good }),
        5 => Just(Step::Resend),
        5 => (0u64..60).prop_map(|ms| Step::Advance { ms }),
        4 => Just(Step::Commit),
        1 => Just(Step::Drain),
        1 => Just(Step::Close),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let park = prop_oneof![
        Just(ParkLimits::NOTHING),
        (1usize..3, 1usize..5).prop_map(|(keys, records)| ParkLimits {
            keys,
            records,
            bytes: 10 * records as u64 - 5,
        }),
    ];
    prop_oneof![
        Just(Order::STRICT),
        (1usize..4, park).prop_map(|(lanes, park)| Order {
            lanes,
            by: OrderBy::Key,
            park,
        }),
        (2usize..4).prop_map(|lanes| Order {
            lanes,
            by: OrderBy::Nothing,
            park: ParkLimits::NOTHING,
        }),
    ]
}

fn failure() -> Box<Failure> {
    Box::new(Failure::Reject(Reason {
        code: "no".into(),
        text: String::new(),
    }))
}

/// A message as the outside knows it.
#[derive(Debug, Clone, Copy)]
struct Message {
    seq: Seq,
    offset: Offset,
    handler: usize,
    dead_letter: bool,
}

const HANDLERS: usize = 2;
const START: NextOffset = NextOffset(100);

/// What an outsider knows of the records, kept apart from the machine's own books.
struct World {
    order: Order,
    partition: Partition,
    now: Duration,
    next_offset: i64,
    /// What was received, with what must stay in order: `None` is in order with all.
    received: BTreeMap<Offset, Option<u64>>,
    runs: Vec<Run>,
    /// Messages sent and unanswered.
    in_flight: Vec<Message>,
    /// Of records that are not complete yet.
    staged: Vec<Message>,
    kept: Vec<Message>,
    /// Per record: messages that must still become durable; absent before it is handled.
    owed: BTreeMap<Offset, i64>,
    halted_after_send: BTreeSet<Offset>,
    halted: bool,
    committed: NextOffset,
    drained: bool,
    closed: bool,
}

impl World {
    fn new(order: Order) -> World {
        World {
            order,
            partition: Partition::new(HANDLERS, START, order),
            now: Duration::ZERO,
            next_offset: START.0,
            received: BTreeMap::new(),
            runs: Vec::new(),
            in_flight: Vec::new(),
            staged: Vec::new(),
            kept: Vec::new(),
            owed: BTreeMap::new(),
            halted_after_send: BTreeSet::new(),
            halted: false,
            committed: START,
            drained: false,
            closed: false,
        }
    }

    fn finished(&self, offset: Offset) -> bool {
        self.owed.get(&offset) == Some(&0) && !self.halted_after_send.contains(&offset)
    }

    /// Whether these two must be handled one after the other.
    fn in_order(&self, one: Offset, other: Offset) -> bool {
        let (one, other) = (self.received[&one], self.received[&other]);
        match self.order.by {
            OrderBy::Nothing => false,
            OrderBy::Key if self.order == Order::STRICT => true,
            OrderBy::Key => one == other,
        }
    }

    fn apply(&mut self, step: Step) {
        let mut told = Vec::new();
        match step {
            Step::Fetch { gap, key } => {
                self.next_offset += gap;
                let offset = Offset(self.next_offset);
                self.next_offset += 1;
                match self.partition.fetched(offset, key.map(KeyHash::from), 10) {
                    Some(_) => drop(self.received.insert(offset, key)),
                    // What intake refused comes again after the next assignment.
                    None => self.next_offset = offset.0,
                }
                let again = self.partition.fetched(offset, key.map(KeyHash::from), 10);
                assert_eq!(again, None, "taken twice");
            }
            Step::Take { max } => self.take(max),
            Step::Bring { pick, answers } if !self.runs.is_empty() => {
                let run = self.runs.remove(pick % self.runs.len());
                self.bring(&run, &answers, &mut told);
            }
            Step::Acknowledge { pick } if !self.in_flight.is_empty() => {
                let pick = pick % self.in_flight.len();
                let message = self.in_flight.remove(pick);
                *self.owed.get_mut(&message.offset).expect("it was sent") -= 1;
                self.partition.acknowledged(message.seq, &mut told);
            }
            Step::Refuse { pick, for_good } if !self.in_flight.is_empty() => {
                let pick = pick % self.in_flight.len();
                self.refuse(pick, for_good, &mut told);
            }
            Step::Resend => {
                if self.partition.take_resend(self.now) {
                    assert!(
                        self.in_flight.is_empty(),
                        "resent beside messages in flight"
                    );
                    self.in_flight.append(&mut self.kept);
                }
            }
            Step::Advance { ms } => self.now += Duration::from_millis(ms),
            Step::Commit => self.commit(),
            Step::Drain => {
                self.drained = true;
                self.partition.drain();
            }
            Step::Close => {
                let open: u64 = self.partition.ledgers().iter().map(|l| l.open).sum();
                let quiet = self.partition.is_quiet();
                let back = self.partition.close();
                assert_eq!(back.deliveries, if self.closed { 0 } else { open });
                assert!(back.abandoned <= back.deliveries && (back.abandoned == 0 || !quiet));
                self.closed = true;
            }
            Step::Acknowledge { .. } | Step::Refuse { .. } | Step::Bring { .. } => {}
        }
        self.check();
    }

    fn commit(&mut self) {
        let Some(point) = self.partition.commit_point() else {
            return;
        };
        assert!(point.next >= self.committed, "a commit went back");
        let CommitPoint { next, beyond } = &point;
        for offset in self.received.keys().copied() {
            let (finished, said) = (self.finished(offset), beyond.contains(offset));
            assert!(!said || finished, "{offset} is said to be finished");
            let strict = self.order == Order::STRICT;
            assert!(
                said || strict || !finished || offset.0 < next.0,
                "{offset} is forgotten"
            );
        }
        self.committed = point.next;
        self.partition.committed(point);
        assert_eq!(self.partition.commit_point(), None);
    }

    fn take(&mut self, max: usize) {
        let runnable = self.partition.runnable(self.now);
        let Some(run) = self.partition.take(max, self.now) else {
            assert_eq!(runnable, 0);
            return;
        };
        assert!(runnable > 0 && self.partition.runnable(self.now) < runnable.max(2));
        assert!(!self.closed && run.records.len() <= max);
        let offsets: Vec<_> = run
            .records
            .iter()
            .map(|seq| self.partition.offset(*seq).expect("it is kept"))
            .collect();
        for (index, offset) in offsets.iter().enumerate() {
            let earlier = self.received.range(..offset).map(|(earlier, _)| *earlier);
            let undecided = earlier.filter(|of| !self.owed.contains_key(of));
            let mut waited_for = undecided.filter(|of| self.in_order(*of, *offset));
            let passed = waited_for.find(|of| !offsets[..index].contains(of));
            assert_eq!(passed, None, "{offset} passes one that is not decided");
        }
        self.runs.push(run);
        assert!(self.runs.len() <= self.order.lanes, "more than may be");
    }

    fn bring(&mut self, run: &Run, answers: &[Answer], told: &mut Vec<Told>) {
        let mut answers = answers.iter().copied().cycle();
        let mut results = Vec::new();
        let mut messages = Vec::new();
        for (index, seq) in run.records.iter().copied().enumerate() {
            let Some(offset) = self.partition.offset(seq) else {
                assert!(self.closed);
                break;
            };
            let calls: Vec<usize> = match index {
                0 => run
                    .first_calls
                    .iter()
                    .map(|(handler, _)| *handler)
                    .collect(),
                _ => (0..HANDLERS).collect(),
            };
            let mut complete = true;
            for handler in calls {
                let message = |dead_letter| Message {
                    seq,
                    offset,
                    handler,
                    dead_letter,
                };
                let decision = match answers.next().expect("it cycles") {
                    Answer::Emit(outputs) => {
                        messages.extend((0..outputs).map(|_| message(false)));
                        Decision::Emit { outputs }
                    }
                    Answer::Skip => Decision::Skip(Box::new(Reason {
                        code: "s".into(),
                        text: String::new(),
                    })),
                    Answer::Again(ms, mode) => Decision::Again {
                        after: Duration::from_millis(ms),
                        why: failure(),
                        mode,
                    },
                    Answer::DeadLetter => {
                        messages.push(message(true));
                        Decision::DeadLetter(failure())
                    }
                    Answer::Halt => {
                        self.halted = true;
                        Decision::Halt(failure())
                    }
                };
                complete &= decision.is_final();
                results.push(Handled {
                    seq,
                    handler,
                    decision,
                });
            }
            if !complete {
                break;
            }
        }
        // The handlers of a record that waits may have staged before: hold those back as the engine
        // does.
        self.staged.extend(messages);
        let offsets: Vec<_> = run
            .records
            .iter()
            .map(|seq| self.partition.offset(*seq))
            .collect();
        let complete = self.partition.handled(run, results, self.now, told);
        assert!(!self.closed || complete == 0);
        for (seq, offset) in run.records.iter().zip(offsets).take(complete) {
            let offset = offset.expect("it was kept");
            let (now, later): (Vec<Message>, _) = std::mem::take(&mut self.staged)
                .into_iter()
                .partition(|message| message.offset == offset);
            self.staged = later;
            self.owed.insert(offset, now.len() as i64);
            let dead = now.iter().filter(|message| message.dead_letter).count();
            if self.partition.offset(*seq).is_some() && !now.is_empty() {
                assert_eq!(self.partition.dead_letters(*seq).count(), dead);
            }
            let now = now.into_iter().map(|of| Message { seq: *seq, ..of });
            for message in now {
                // As the engine does before it sends.
                match self.partition.hold_back() {
                    true => self.kept.push(message),
                    false => self.in_flight.push(message),
                }
            }
        }
    }

    fn refuse(&mut self, pick: usize, for_good: bool, told: &mut Vec<Told>) {
        let message = self.in_flight.remove(pick);
        let then = match message.offset.0 % 3 {
            0 => Then::DeadLetter,
            1 => Then::Halt,
            _ => Then::Skip,
        };
        let after = self.partition.refused(
            Refused {
                seq: message.seq,
                handler: message.handler,
                dead_letter: message.dead_letter,
                for_good,
                topic: "out".into(),
                why: "no".into(),
                then,
                resend_at: self.now + Duration::from_millis(20),
            },
            self.now,
            told,
        );
        match after {
            AfterRefusal::Keep => {
                assert!(message.dead_letter || !for_good);
                self.kept.push(message);
            }
            AfterRefusal::DeadLetter => self.in_flight.push(Message {
                dead_letter: true,
                ..message
            }),
            AfterRefusal::Drop => {
                let Some(owed) = self.owed.get_mut(&message.offset) else {
                    return;
                };
                *owed -= 1;
                if then == Then::Halt && !self.closed {
                    self.halted_after_send.insert(message.offset);
                }
            }
        }
    }

    fn check(&self) {
        let ledgers = self.partition.ledgers();
        assert!(ledgers.iter().all(Ledger::balances));
        if self.closed {
            assert!(ledgers.iter().all(|ledger| ledger.open == 0));
            assert_eq!(self.partition.commit_point(), None);
            return;
        }
        // Invariant 1 and 2, from the outsider's books: the position is behind exactly the
        // contiguous prefix of records whose messages are all durable.
        let mut before = START;
        let mut offsets = self.received.keys().copied();
        let unfinished = offsets.find(|offset| {
            let finished = self.finished(*offset);
            before = if finished { offset.next() } else { before };
            !finished
        });
        let position = self.partition.position();
        match unfinished {
            Some(offset) => assert!((before.0..=offset.0).contains(&position.0)),
            None => assert_eq!(position, before),
        }
        let (parked, limits) = (self.partition.parked(), self.order.park);
        let within = parked.keys <= limits.keys && parked.records <= limits.records;
        assert!(within && parked.bytes <= limits.bytes, "{parked:?}");
        if let Some(at) = self.partition.resend_at().filter(|at| *at > self.now) {
            let wakes = self.partition.wake_at(self.now);
            assert!(
                wakes.is_some_and(|wakes| wakes <= at),
                "sleeps until {wakes:?} though it is to send again at {at:?}"
            );
        }
        if self.partition.wake_at(self.now).is_none() && self.partition.running() == 0 {
            let free = self.partition.runnable(self.now) > 0;
            let waits = self.partition.wait().is_some() || !self.in_flight.is_empty();
            let idle = self
                .received
                .keys()
                .all(|offset| self.owed.contains_key(offset));
            assert!(
                free || waits || idle || self.drained,
                "stands still and can't say why"
            );
        }
    }

    /// Everything succeeds from now on: nothing may be left behind.
    fn bring_to_an_end(&mut self) {
        if self.closed || self.drained {
            return;
        }
        for _ in 0..1_000 {
            self.apply(Step::Advance { ms: 60 });
            self.apply(Step::Take { max: 3 });
            let answers = vec![Answer::Emit(1)];
            self.apply(Step::Bring { pick: 0, answers });
            while !self.in_flight.is_empty() {
                self.apply(Step::Acknowledge { pick: 0 });
            }
            self.apply(Step::Resend);
            let stopped = self.halted || !self.halted_after_send.is_empty();
            if stopped || self.received.keys().all(|offset| self.finished(*offset)) {
                return;
            }
        }
        panic!("some are never finished: {:?}", self.partition);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn invariants_hold_in_any_history(order in order(), steps in prop::collection::vec(step(), 1..150)) {
        let mut world = World::new(order);
        for step in steps {
            world.apply(step);
        }
        world.bring_to_an_end();
        world.apply(Step::Commit);
    }
}

#[test]
fn the_time_of_retries_counts_from_the_first_call_of_the_record_itself() {
    let second = Duration::from_secs(1);
    let mut partition = Partition::new(1, NextOffset(0), Order::STRICT);
    for offset in 0..2 {
        partition.fetched(Offset(offset), None, 0);
    }
    let again = |seq| Handled {
        seq: Seq(seq),
        handler: 0,
        decision: Decision::Again {
            after: second,
            why: Box::new(Failure::Deadline { limit: second }),
            mode: RetryMode::Block,
        },
    };
    let emit = |seq| Handled {
        seq: Seq(seq),
        handler: 0,
        decision: Decision::Emit { outputs: 0 },
    };
    let mut told = Vec::new();
    // Both are taken, and the run ends after the first, which is tried again.
    let run = partition.take(8, second).unwrap();
    assert_eq!(run.records.len(), 2);
    partition.handled(&run, [again(0)], second, &mut told);
    let run = partition.take(8, second * 30).unwrap();
    assert_eq!(run.first_waited, second * 29);
    partition.handled(&run, [emit(0)], second * 30, &mut told);
    // The second one has waited for the first, and not for itself.
    let run = partition.take(8, second * 60).unwrap();
    assert_eq!((run.records[0], run.first_waited), (Seq(1), Duration::ZERO));
    partition.handled(&run, [again(1)], second * 60, &mut told);
    assert_eq!(
        partition.take(8, second * 62).unwrap().first_waited,
        second * 2
    );
}

const PARKING: Order = Order {
    park: ParkLimits {
        keys: 10,
        records: 10,
        bytes: 1000,
    },
    ..Order::STRICT
};

fn by_key() -> Decision {
    Decision::Again {
        after: Duration::from_millis(1),
        why: failure(),
        mode: RetryMode::Key,
    }
}

fn answer(partition: &mut Partition, run: &Run, decision: Decision, now: Duration) {
    let results = [Handled {
        seq: run.records[0],
        handler: 0,
        decision,
    }];
    partition.handled(run, results, now, &mut Vec::new());
}

#[test]
fn what_an_earlier_owner_has_done_is_committed_again_until_it_is_passed() {
    let metadata = "penstock/1 0000000000000001 3 2-6";
    let done = CompletionMap::decode(metadata, NextOffset(3), 1).unwrap();
    for mut partition in [
        Partition::new(1, NextOffset(3), PARKING),
        Partition::new(1, NextOffset(3), Order::STRICT),
        Partition::transactional(1, NextOffset(3), PARKING),
    ] {
        partition.skip_completed(done.clone());
        let point = |partition: &Partition| partition.progress().unwrap_or(partition.finished());
        assert_eq!(point(&partition).beyond, done, "nothing is read yet");
        assert_eq!(partition.progress(), None, "it is committed already");
        for offset in [3, 4] {
            partition.fetched(Offset(offset), Some(KeyHash::from(1)), 10);
        }
        let run = partition.take(1, Duration::ZERO).unwrap();
        answer(
            &mut partition,
            &run,
            Decision::Emit { outputs: 0 },
            Duration::ZERO,
        );
        let at_4 = point(&partition);
        assert_eq!((at_4.next, &at_4.beyond), (NextOffset(4), &done));
        let run = partition.take(1, Duration::ZERO).unwrap();
        answer(
            &mut partition,
            &run,
            Decision::Emit { outputs: 0 },
            Duration::ZERO,
        );
        let at_5 = point(&partition);
        assert_eq!(at_5.next, NextOffset(5));
        assert_eq!(
            at_5.beyond.encode(at_5.next, 1),
            "penstock/1 0000000000000001 5 0-4"
        );
        for offset in 5..11 {
            partition.fetched(Offset(offset), Some(KeyHash::from(1)), 10);
        }
        assert_eq!(point(&partition), CommitPoint::at(NextOffset(10)));
    }
}

#[test]
fn a_key_that_is_tried_again_for_long_takes_no_room() {
    let mut partition = Partition::new(1, NextOffset(0), PARKING);
    partition.fetched(Offset(0), Some(KeyHash::from(1)), 10);
    partition.fetched(Offset(1), None, 10);
    let mut now = Duration::ZERO;
    let run = partition.take(1, now).unwrap();
    answer(&mut partition, &run, by_key(), now);
    // The one without a key blocks the front.
    let run = partition.take(1, now).unwrap();
    let blocks = Decision::Again {
        after: Duration::from_secs(3600),
        why: failure(),
        mode: RetryMode::Key,
    };
    answer(&mut partition, &run, blocks, now);
    for _ in 0..1000 {
        now += Duration::from_millis(1);
        let run = partition.take(1, now).expect("the key is due");
        answer(&mut partition, &run, by_key(), now);
    }
    assert_eq!(partition.unfinished(), 2);
    assert!(partition.ledgers()[0].balances());
}

#[test]
fn a_transaction_names_no_more_holes_than_it_can() {
    let order = Order {
        park: ParkLimits {
            keys: 1000,
            records: 1000,
            bytes: 1 << 20,
        },
        ..Order::STRICT
    };
    let now = Duration::ZERO;
    let mut partition = Partition::transactional(1, NextOffset(0), order);
    for offset in 0..1000 {
        partition.fetched(Offset(offset), Some(KeyHash::from(offset as u64 + 1)), 10);
    }
    while let Some(run) = partition.take(1, now) {
        answer(&mut partition, &run, by_key(), now);
    }
    let is_full = |partition: &Partition| {
        matches!(
            partition.wait(),
            Some(penstock_core::partition::Wait::ParkFull { .. })
        )
    };
    assert!(partition.parked().records == 96 && is_full(&partition));
    // Taken out again, it is a hole until it is committed.
    let later = now + Duration::from_secs(1);
    let mut run = partition.take(1, later).unwrap();
    if !matches!(run.of, RunOf::Key(_)) {
        answer(&mut partition, &run, by_key(), later);
        run = partition.take(1, later).unwrap();
    }
    assert!(matches!(run.of, RunOf::Key(_)));
    answer(&mut partition, &run, Decision::Emit { outputs: 1 }, later);
    assert!(partition.parked().records == 95 && is_full(&partition));
    let point = partition.finished();
    assert!(point.beyond.encode(point.next, 1).len() < 4000);
}
