//! The partition's invariants under any history: fetches with gaps, retries, refusals,
//! acknowledgements in any order, a drain and a close at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use penstock_core::decide::Decision;
use penstock_core::ledger::Ledger;
use penstock_core::partition::{AfterRefusal, Handled, Partition, Refused, Seq};
use penstock_core::policy::Then;
use penstock_core::record::{NextOffset, Offset};
use penstock_core::verdict::{Failure, Reason};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Fetch { gap: i64 },
    Run { max: usize, answers: Vec<Answer> },
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
    Again(u64),
    DeadLetter,
    Halt,
}

fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        8 => (0u32..3).prop_map(Answer::Emit),
        2 => Just(Answer::Skip),
        3 => (0u64..50).prop_map(Answer::Again),
        2 => Just(Answer::DeadLetter),
        1 => Just(Answer::Halt),
    ];
    prop_oneof![
        10 => (0i64..3).prop_map(|gap| Step::Fetch { gap }),
        10 => (1usize..5, prop::collection::vec(answer, 16))
            .prop_map(|(max, answers)| Step::Run { max, answers }),
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
    handler: usize,
    dead_letter: bool,
}

const HANDLERS: usize = 2;
const START: NextOffset = NextOffset(100);

/// What an outsider knows of the records, kept apart from the machine's own books.
struct World {
    partition: Partition,
    now: Duration,
    next_offset: i64,
    offsets: BTreeMap<Seq, Offset>,
    /// Messages sent and unanswered.
    in_flight: Vec<Message>,
    /// Of records that are not complete yet.
    staged: Vec<Message>,
    kept: Vec<Message>,
    /// Per record: messages that must still become durable; absent before it is handled.
    owed: BTreeMap<Seq, i64>,
    halted_after_send: BTreeSet<Seq>,
    last_sent: Option<Seq>,
    committed: NextOffset,
    closed: bool,
}

impl World {
    fn finished(&self, seq: Seq) -> bool {
        self.owed.get(&seq) == Some(&0) && !self.halted_after_send.contains(&seq)
    }

    fn apply(&mut self, step: Step) {
        let mut told = Vec::new();
        match step {
            Step::Fetch { gap } => {
                self.next_offset += gap;
                let offset = Offset(self.next_offset);
                self.next_offset += 1;
                match self.partition.fetched(offset) {
                    Some(seq) => drop(self.offsets.insert(seq, offset)),
                    // What intake refused comes again after the next assignment.
                    None => self.next_offset = offset.0,
                }
                assert_eq!(self.partition.fetched(offset), None, "taken twice");
            }
            Step::Run { max, answers } => self.run(max, &answers, &mut told),
            Step::Acknowledge { pick } if !self.in_flight.is_empty() => {
                let pick = pick % self.in_flight.len();
                let message = self.in_flight.remove(pick);
                *self.owed.get_mut(&message.seq).expect("it was sent") -= 1;
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
            Step::Commit => {
                if let Some(next) = self.partition.commit_point() {
                    assert!(next >= self.committed, "a commit went back");
                    self.committed = next;
                    self.partition.committed(next);
                    assert_eq!(self.partition.commit_point(), None);
                }
            }
            Step::Drain => self.partition.drain(),
            Step::Close => {
                let open: u64 = self.partition.ledgers().iter().map(|l| l.open).sum();
                let quiet = self.partition.is_quiet();
                let back = self.partition.close();
                assert_eq!(back.deliveries, if self.closed { 0 } else { open });
                assert!(back.abandoned <= back.deliveries && (back.abandoned == 0 || !quiet));
                self.closed = true;
            }
            Step::Acknowledge { .. } | Step::Refuse { .. } => {}
        }
        self.check();
    }

    fn run(
        &mut self,
        max: usize,
        answers: &[Answer],
        told: &mut Vec<penstock_core::partition::Told>,
    ) {
        let Some(run) = self.partition.take(max, self.now) else {
            return;
        };
        assert!(!self.closed && run.count <= max);
        assert!(
            self.partition.take(max, self.now).is_none(),
            "two workers at once"
        );
        let mut answers = answers.iter().copied().cycle();
        let mut results = Vec::new();
        let mut messages = Vec::new();
        'records: for index in 0..run.count {
            let seq = Seq(run.first.0 + index as u64);
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
                    Answer::Again(ms) => Decision::Again {
                        after: Duration::from_millis(ms),
                        why: failure(),
                    },
                    Answer::DeadLetter => {
                        messages.push(message(true));
                        Decision::DeadLetter(failure())
                    }
                    Answer::Halt => Decision::Halt(failure()),
                };
                complete &= decision.is_final();
                results.push(Handled {
                    seq,
                    handler,
                    decision,
                });
            }
            if !complete {
                break 'records;
            }
        }
        // The handlers of a blocked record may have staged before: hold those back as the engine does.
        self.staged.extend(messages);
        let sent = self.partition.handled(results, self.now, told);
        for seq in (sent.start.0..sent.end.0).map(Seq) {
            assert!(self.last_sent < Some(seq), "sent out of order");
            self.last_sent = Some(seq);
            let (now, later) = std::mem::take(&mut self.staged)
                .into_iter()
                .partition(|message: &Message| message.seq == seq);
            self.staged = later;
            self.owed.insert(seq, Vec::len(&now) as i64);
            let dead = now.iter().filter(|message| message.dead_letter).count();
            if self.partition.oldest() <= seq {
                assert_eq!(self.partition.dead_letters(seq).count(), dead);
            }
            self.in_flight.extend(now);
        }
    }

    fn refuse(
        &mut self,
        pick: usize,
        for_good: bool,
        told: &mut Vec<penstock_core::partition::Told>,
    ) {
        let message = self.in_flight.remove(pick);
        let then = match message.seq.0 % 3 {
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
                self.kept.sort_by_key(|message| message.seq);
            }
            AfterRefusal::DeadLetter => self.in_flight.push(Message {
                dead_letter: true,
                ..message
            }),
            AfterRefusal::Drop => {
                *self.owed.get_mut(&message.seq).expect("it was sent") -= 1;
                if then == Then::Halt {
                    self.halted_after_send.insert(message.seq);
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
        let lowest_unfinished = self.offsets.keys().find(|seq| !self.finished(**seq));
        let expected = match lowest_unfinished {
            Some(seq) if seq.0 == 0 => START,
            Some(seq) => self.offsets[&Seq(seq.0 - 1)].next(),
            None => self
                .offsets
                .values()
                .next_back()
                .map_or(START, |last| last.next()),
        };
        assert_eq!(self.partition.position(), expected);
        assert!(self.committed <= expected);
        if let Some(at) = self.partition.resend_at().filter(|at| *at > self.now) {
            let wakes = self.partition.wake_at(self.now);
            assert!(
                wakes.is_some_and(|wakes| wakes <= at),
                "sleeps until {wakes:?} though it is to send again at {at:?}"
            );
        }
        if let Some(at) = self.partition.wake_at(self.now) {
            assert!(
                self.partition.wait().is_some(),
                "sleeps until {at:?} and can't say why"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn invariants_hold_in_any_history(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World {
            partition: Partition::new(HANDLERS, START),
            now: Duration::ZERO,
            next_offset: START.0,
            offsets: BTreeMap::new(),
            in_flight: Vec::new(),
            staged: Vec::new(),
            kept: Vec::new(),
            owed: BTreeMap::new(),
            halted_after_send: BTreeSet::new(),
            last_sent: None,
            committed: START,
            closed: false,
        };
        for step in steps {
            world.apply(step);
        }
    }
}

#[test]
fn the_time_of_retries_counts_from_the_first_call_of_the_record_itself() {
    let second = Duration::from_secs(1);
    let mut partition = Partition::new(1, NextOffset(0));
    for offset in 0..2 {
        partition.fetched(Offset(offset));
    }
    let again = |seq| Handled {
        seq: Seq(seq),
        handler: 0,
        decision: Decision::Again {
            after: second,
            why: Box::new(Failure::Deadline { limit: second }),
        },
    };
    let emit = |seq| Handled {
        seq: Seq(seq),
        handler: 0,
        decision: Decision::Emit { outputs: 0 },
    };
    let mut told = Vec::new();
    // Both are taken, and the run ends after the first, which is tried again.
    assert_eq!(partition.take(8, second).unwrap().count, 2);
    partition.handled([again(0)], second, &mut told);
    let run = partition.take(8, second * 30).unwrap();
    assert_eq!(run.first_waited, second * 29);
    partition.handled([emit(0)], second * 30, &mut told);
    // The second one has waited for the first, and not for itself.
    let run = partition.take(8, second * 60).unwrap();
    assert_eq!((run.first, run.first_waited), (Seq(1), Duration::ZERO));
    partition.handled([again(1)], second * 60, &mut told);
    assert_eq!(
        partition.take(8, second * 62).unwrap().first_waited,
        second * 2
    );
}
