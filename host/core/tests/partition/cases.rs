//! Single cases: the time of retries, what an earlier owner has done, room that is bounded.

use std::time::Duration;

use penstock_core::completion::CompletionMap;
use penstock_core::decide::Decision;
use penstock_core::partition::{
    CommitPoint, Handled, KeyHash, Order, ParkLimits, Partition, Refused, Run, RunOf, Seq,
};
use penstock_core::policy::{RetryMode, Then};
use penstock_core::record::{NextOffset, Offset};
use penstock_core::verdict::Failure;

use crate::steps::failure;

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

#[test]
fn none_of_those_that_a_topic_takes_nothing_of_enters_before_its_time() {
    let ms = Duration::from_millis;
    let mut partition = Partition::transactional(1, NextOffset(10), PARKING);
    for (offset, key) in [(10, 1), (11, 2), (12, 1)] {
        partition.fetched(Offset(offset), Some(KeyHash::from(key)), 10);
    }
    let run = partition.take(1, ms(0)).unwrap();
    answer(&mut partition, &run, by_key(), ms(0));
    let run = partition.take(1, ms(0)).unwrap();
    let blocks = Decision::Again {
        after: ms(5),
        why: failure(),
        mode: RetryMode::Block,
    };
    answer(&mut partition, &run, blocks, ms(0));
    // 10 comes out of the park before 12 has its turn, and has a number behind it.
    for at in [2, 6, 6] {
        let run = partition.take(1, ms(at)).unwrap();
        let emits = Decision::Emit { outputs: 1 };
        answer(&mut partition, &run, emits, ms(at));
    }
    let enter = |partition: &mut Partition, at| {
        let mut entered = Vec::new();
        while let Some(seq) = partition.next_to_enter(at) {
            partition.enter(seq);
            entered.push((seq, partition.offset(seq).unwrap().0));
        }
        entered
    };
    let entered = enter(&mut partition, ms(7));
    let offsets: Vec<_> = entered.iter().map(|(_, offset)| *offset).collect();
    assert_eq!(offsets, [11, 10, 12]);
    partition.aborted();
    for (seq, _) in &entered[1..] {
        let refused = Refused {
            seq: *seq,
            handler: 0,
            dead_letter: false,
            for_good: false,
            topic: "out".into(),
            why: "no".into(),
            then: Then::Halt,
            resend_at: ms(100),
        };
        partition.blamed(refused, ms(8), &mut Vec::new());
    }
    assert_eq!(enter(&mut partition, ms(9)), entered[..1]);
    assert_eq!(enter(&mut partition, ms(100)), entered[1..]);
    partition.transacted(&mut Vec::new());
    assert_eq!(partition.position(), NextOffset(13));
    assert!(partition.wait().is_none() && partition.ledgers()[0].balances());
}
