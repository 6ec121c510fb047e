//! What holds of a partition whose records are committed in transactions, under any history: runs,
//! commits, aborts, refusals, a drain, a shut and a close at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use penstock_core::decide::Decision;
use penstock_core::ledger::Ledger;
use penstock_core::partition::{CommitPoint, Handled, Order, Partition, Refused, Seq, Told, Wait};
use penstock_core::policy::{RetryMode, Then};
use penstock_core::record::{NextOffset, Offset};
use penstock_core::verdict::{Failure, Reason};
use proptest::prelude::*;

const HANDLERS: usize = 2;
const START: NextOffset = NextOffset(100);

#[derive(Debug, Clone)]
enum Step {
    Fetch {
        gap: i64,
    },
    Run {
        max: usize,
        answers: Vec<Answer>,
    },
    Enter {
        max: usize,
    },
    Commit,
    Abort,
    Refuse {
        pick: usize,
        handler: usize,
        for_good: bool,
    },
    Advance {
        ms: u64,
    },
    Drain,
    Shut,
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Emit(u32),
    Skip,
    Again(u64),
    DeadLetter,
}

fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        8 => (0u32..3).prop_map(Answer::Emit),
        2 => Just(Answer::Skip),
        2 => (0u64..50).prop_map(Answer::Again),
        2 => Just(Answer::DeadLetter),
    ];
    prop_oneof![
        10 => (0i64..3).prop_map(|gap| Step::Fetch { gap }),
        10 => (1usize..5, prop::collection::vec(answer, 16))
            .prop_map(|(max, answers)| Step::Run { max, answers }),
        10 => (1usize..6).prop_map(|max| Step::Enter { max }),
        8 => Just(Step::Commit),
        3 => Just(Step::Abort),
        3 => (any::<usize>(), 0..HANDLERS, any::<bool>())
            .prop_map(|(pick, handler, for_good)| Step::Refuse { pick, handler, for_good }),
        5 => (0u64..60).prop_map(|ms| Step::Advance { ms }),
        1 => Just(Step::Drain),
        1 => Just(Step::Shut),
        1 => Just(Step::Close),
    ]
}

fn reason() -> Reason {
    Reason {
        code: "no".into(),
        text: String::new(),
    }
}

/// What an outsider knows, kept apart from the machine's own books.
struct World {
    partition: Partition,
    now: Duration,
    next_offset: i64,
    offsets: BTreeMap<Seq, Offset>,
    /// Of records that are complete, what each delivery came to.
    decided: BTreeMap<Seq, [Answer; HANDLERS]>,
    /// Of the record that is not.
    half: BTreeMap<Seq, [Option<Answer>; HANDLERS]>,
    halted: BTreeSet<Seq>,
    entered: Vec<Seq>,
    committed: BTreeSet<Seq>,
    committed_until: NextOffset,
    told: usize,
    shut: bool,
    closed: bool,
}

impl World {
    fn new() -> World {
        World {
            partition: Partition::transactional(HANDLERS, START, Order::STRICT),
            now: Duration::ZERO,
            next_offset: START.0,
            offsets: BTreeMap::new(),
            decided: BTreeMap::new(),
            half: BTreeMap::new(),
            halted: BTreeSet::new(),
            entered: Vec::new(),
            committed: BTreeSet::new(),
            committed_until: START,
            told: 0,
            shut: false,
            closed: false,
        }
    }

    fn sends_nothing(&self, seq: Seq) -> bool {
        let is_empty = |of: &Answer| matches!(of, Answer::Emit(0) | Answer::Skip);
        let decided = self.decided.get(&seq);
        decided.is_some_and(|decided| decided.iter().all(is_empty)) && !self.halted.contains(&seq)
    }

    /// Behind the records that are `done`, without a gap.
    fn until(&self, done: impl Fn(Seq) -> bool) -> NextOffset {
        let mut done = self.offsets.iter().take_while(|(seq, _)| done(**seq));
        done.by_ref().last().map_or(START, |(_, last)| last.next())
    }

    fn apply(&mut self, step: Step) {
        let mut told = Vec::new();
        match step {
            Step::Fetch { gap } => {
                let offset = Offset(self.next_offset + gap);
                if let Some(seq) = self.partition.fetched(offset, None, 0) {
                    self.offsets.insert(seq, offset);
                    self.next_offset = offset.0 + 1;
                }
            }
            Step::Run { max, answers } => self.run(max, &answers, &mut told),
            Step::Enter { max } => self.enter(max),
            Step::Commit => self.commit(&mut told),
            Step::Abort => {
                self.partition.aborted();
                self.entered.clear();
            }
            Step::Refuse {
                pick,
                handler,
                for_good,
            } if !self.entered.is_empty() => {
                let seq = self.entered[pick % self.entered.len()];
                self.partition.aborted();
                self.entered.clear();
                self.refuse(seq, handler, for_good, &mut told);
            }
            Step::Refuse { .. } => {}
            Step::Advance { ms } => self.now += Duration::from_millis(ms),
            Step::Drain => self.partition.drain(),
            Step::Shut => {
                self.partition.shut();
                self.shut = true;
            }
            Step::Close => {
                let open: u64 = self.partition.ledgers().iter().map(|of| of.open).sum();
                let back = self.partition.close();
                assert_eq!(back.deliveries, if self.closed { 0 } else { open });
                self.entered.clear();
                self.closed = true;
            }
        }
        self.told += told.len();
        self.check();
    }

    fn run(&mut self, max: usize, answers: &[Answer], told: &mut Vec<Told>) {
        let Some(run) = self.partition.take(max, self.now) else {
            return;
        };
        let mut answers = answers.iter().copied().cycle();
        let mut results = Vec::new();
        for (index, seq) in run.records.iter().copied().enumerate() {
            self.partition.trace(seq);
            let calls: Vec<usize> = match index {
                0 => run
                    .first_calls
                    .iter()
                    .map(|(handler, _)| *handler)
                    .collect(),
                _ => (0..HANDLERS).collect(),
            };
            let half = self.half.entry(seq).or_default();
            for handler in calls {
                let answer = answers.next().expect("it cycles");
                half[handler] = Some(answer);
                let decision = match answer {
                    Answer::Emit(outputs) => Decision::Emit { outputs },
                    Answer::Skip => Decision::Skip(Box::new(reason())),
                    Answer::Again(ms) => Decision::Again {
                        after: Duration::from_millis(ms),
                        why: Box::new(Failure::Reject(reason())),
                        mode: RetryMode::Block,
                    },
                    Answer::DeadLetter => Decision::DeadLetter(Box::new(Failure::Reject(reason()))),
                };
                results.push(Handled {
                    seq,
                    handler,
                    decision,
                });
            }
            let is_final = |of: &Option<Answer>| !matches!(of, None | Some(Answer::Again(_)));
            if !half.iter().all(is_final) {
                break;
            }
            let half = self.half.remove(&seq).expect("it was put there");
            let half = half.map(|of| of.expect("it is decided"));
            self.decided.insert(seq, half);
        }
        self.partition.handled(&run, results, self.now, told);
    }

    fn enter(&mut self, max: usize) {
        for _ in 0..max {
            let Some(seq) = self.partition.next_to_enter(self.now) else {
                return;
            };
            assert!(!self.shut && !self.closed, "{seq:?} enters after the end");
            assert!(
                !self.halted.contains(&seq),
                "{seq:?} enters though it halted"
            );
            assert!(!self.sends_nothing(seq) && !self.committed.contains(&seq));
            assert!(!self.entered.contains(&seq), "{seq:?} enters twice");
            let decided = self.decided[&seq];
            for (handler, answer) in decided.iter().enumerate() {
                let sends = self.partition.sends(seq, handler);
                assert_eq!(sends, matches!(answer, Answer::Emit(_)));
            }
            let letters = decided.iter().filter(|of| **of == Answer::DeadLetter);
            assert_eq!(self.partition.dead_letters(seq).count(), letters.count());
            self.partition.enter();
            self.entered.push(seq);
        }
    }

    fn commit(&mut self, told: &mut Vec<Told>) {
        let next = self.partition.take_progress().map(|point| point.next);
        if self.closed || self.shut {
            assert_eq!(next, None);
            return;
        }
        let covered = |seq| {
            self.sends_nothing(seq) || self.committed.contains(&seq) || self.entered.contains(&seq)
        };
        let expected = self.until(covered);
        let moved = expected > self.committed_until;
        assert_eq!(
            next,
            moved.then_some(expected),
            "what is covered, and nothing else"
        );
        assert_eq!(self.partition.is_held(), moved);
        self.partition.transacted(told);
        self.partition.committed(CommitPoint::at(expected));
        self.committed.extend(self.entered.drain(..));
        self.committed_until = expected;
        assert!(!self.partition.is_held());
    }

    fn refuse(&mut self, seq: Seq, handler: usize, for_good: bool, told: &mut Vec<Told>) {
        let answer = self.decided[&seq][handler];
        if matches!(answer, Answer::Skip | Answer::Emit(0)) {
            return;
        }
        let then = match seq.0 % 3 {
            0 => Then::DeadLetter,
            1 => Then::Halt,
            _ => Then::Skip,
        };
        let dead_letter = answer == Answer::DeadLetter;
        let refused = Refused {
            seq,
            handler,
            dead_letter,
            for_good,
            topic: "out".into(),
            why: "no".into(),
            then,
            resend_at: self.now + Duration::from_millis(20),
        };
        self.partition.blamed(refused, self.now, told);
        if !for_good {
            let wait = self.partition.wait();
            assert!(matches!(
                wait,
                Some(Wait::Unwritable { .. } | Wait::Halted { .. })
            ));
            let next = self.partition.next_to_enter(self.now);
            assert!(next < Some(seq), "what is behind waits, too");
            return;
        }
        let decided = self.decided.get_mut(&seq).expect("it had entered");
        match (dead_letter, then) {
            (true, _) | (false, Then::Halt) => drop(self.halted.insert(seq)),
            (false, Then::DeadLetter) => decided[handler] = Answer::DeadLetter,
            (false, Then::Skip) => decided[handler] = Answer::Skip,
        }
    }

    fn check(&mut self) {
        let ledgers = self.partition.ledgers();
        assert!(ledgers.iter().all(Ledger::balances));
        assert_eq!(
            self.partition.commit_point(),
            None,
            "the source commits nothing"
        );
        if self.closed {
            assert!(ledgers.iter().all(|of| of.open == 0));
            assert!(!self.partition.is_held());
            return;
        }
        let finished = |seq| self.committed.contains(&seq) || self.sends_nothing(seq);
        assert_eq!(self.partition.position(), self.until(finished));
        let finished = self.offsets.keys().filter(|seq| finished(**seq)).count();
        let told = finished * HANDLERS;
        assert_eq!(self.told, told, "told with the commit, and once");
        assert_eq!(self.partition.is_held(), !self.entered.is_empty());
        if matches!(self.partition.wait(), Some(Wait::Unwritable { .. })) {
            assert!(
                !self.partition.is_runnable(self.now),
                "runs what can't be sent"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_holds_of_transactions_holds_in_any_history(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        let mut world = World::new();
        for step in steps {
            world.apply(step);
        }
    }
}

#[test]
fn a_topic_that_can_be_written_again_lets_the_partition_go_on() {
    let mut world = World::new();
    let emit = || Step::Run {
        max: 1,
        answers: vec![Answer::Emit(1)],
    };
    for step in [
        Step::Fetch { gap: 0 },
        Step::Fetch { gap: 0 },
        emit(),
        Step::Enter { max: 1 },
        Step::Refuse {
            pick: 0,
            handler: 0,
            for_good: false,
        },
    ] {
        world.apply(step);
    }
    assert_eq!(
        world.partition.enters_at(world.now),
        Some(Duration::from_millis(20))
    );
    world.apply(Step::Enter { max: 1 });
    assert!(world.entered.is_empty());
    world.apply(Step::Advance { ms: 20 });
    world.apply(Step::Enter { max: 1 });
    assert_eq!(world.entered, [Seq(0)]);
    world.apply(Step::Commit);
    assert!(world.partition.wait().is_none() && world.partition.is_runnable(world.now));
    world.apply(emit());
    world.apply(Step::Enter { max: 1 });
    world.apply(Step::Refuse {
        pick: 0,
        handler: 0,
        for_good: false,
    });
    world.apply(Step::Drain);
    world.apply(Step::Advance { ms: 20 });
    assert_eq!(world.partition.next_to_enter(world.now), None);
    assert!(!world.partition.owes(world.now));
}
