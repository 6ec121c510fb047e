//! The engine between ports that the test holds: order, retries, dead letters; and the rest of what
//! it promises, by subject, in the folders beside this file.

mod bounds;
mod coming;
mod endings;
mod lanes;
mod order;
mod pauses;
mod policies;
mod replaced;
mod rests;
mod support;
mod transactions;
mod watches;
mod waves;

use std::sync::Arc;

use penstock_core::record::{NextOffset, Record};
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome, Reason};
use penstock_engine::ports::{Blame, Call};
use support::*;

fn retry() -> Failure {
    Failure::Retry {
        after: None,
        why: reason(),
    }
}

fn reason() -> Reason {
    Reason {
        code: "busy".into(),
        text: "later".into(),
    }
}

#[test]
fn outputs_come_in_order_and_all_is_finished() {
    let world = world(vec![handler("h", 8, echo)], true);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    let values = numbered(10_000);
    for (index, chunk) in values.chunks(137).enumerate() {
        partition.fetched(batch(index as i64 * 137, chunk));
    }
    finished(&partition, 10_000);
    assert_eq!(world.sink.values(), values);
    let account = &world.engine.snapshot().handlers[0];
    assert_eq!(
        (account.ledger.begun, account.ledger.emitted),
        (10_000, 10_000)
    );
    assert_eq!(account.times.count, 10_000);
}

#[test]
fn nothing_is_finished_before_its_acknowledgement() {
    let world = world(vec![handler("h", 8, echo)], true);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(7));
    partition.fetched(batch(7, &numbered(3)));
    until("all are sent", || world.sink.all().len() == 3);
    assert_eq!(
        partition.commit_point().map(|point| point.next),
        Some(NextOffset(7))
    );
    world.sink.uncork();
    finished(&partition, 10);
}

#[test]
fn a_retry_does_not_run_the_neighbour_again_and_sends_nothing_before_the_record_is_whole() {
    let calls = Arc::new(Counts::default());
    let (a, b) = (Arc::clone(&calls), Arc::clone(&calls));
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let first = handler("a", 8, move |record, call, staging| {
        let value = String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned();
        a.add(&format!("a{value}"));
        match (value.as_str(), call.attempt) {
            ("0", 1) => Err(retry()),
            ("0", _) => {
                at_door.wait();
                echo(record, call, staging)
            }
            _ => echo(record, call, staging),
        }
    });
    let second = handler("b", 8, move |record, call, staging| {
        let value = String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned();
        b.add(&format!("b{value}"));
        staging.push(0, record.key, Some(b"from b"), [], None);
        let _ = call;
        Ok(Outcome::Done)
    });
    let world = world(vec![first, second], true);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(2)));
    until("the second call", || door.waiting() == 1);
    assert_eq!((calls.get("b0"), calls.get("a1")), (1, 0));
    assert!(world.sink.all().is_empty(), "the record is not whole yet");
    door.open();
    finished(&partition, 2);
    assert_eq!(
        (calls.get("a0"), calls.get("b0"), calls.get("b1")),
        (2, 1, 1)
    );
    assert_eq!(world.sink.values(), ["from b", "0", "1", "from b"]);
}

#[test]
fn a_retry_that_a_halt_forbids_holds_no_other_partition_up() {
    let reject = |_: &Record<'_>, call: Call, _: &mut Staging| match call.partition {
        0 => Err(Failure::Reject(reason())),
        _ => Ok(Outcome::Done),
    };
    let again = |_: &Record<'_>, call: Call, _: &mut Staging| match (call.partition, call.attempt) {
        (1, 3) => Ok(Outcome::Done),
        _ => Err(retry()),
    };
    let world = world(vec![handler("a", 8, reject), handler("b", 8, again)], false);
    let halted = world.engine.assign("in", 0, NextOffset(0));
    halted.fetched(batch(0, &numbered(1)));
    until("it halts", || {
        let waits = world.engine.snapshot().partitions[0].waits.clone();
        waits.is_some_and(|waits| waits.kind == "halted")
    });
    // The other handler's backoff passes meanwhile, and can't be followed: timers go on all the same.
    let other = world.engine.assign("in", 1, NextOffset(0));
    other.fetched(batch(0, &numbered(1)));
    finished(&other, 1);
}

#[test]
fn an_exhausted_retry_is_a_dead_letter_with_its_attempts() {
    let world = world(vec![handler("h", 8, |_, _, _| Err(retry()))], true);
    let partition = world.engine.assign("in", 3, NextOffset(5));
    partition.fetched(batch(5, &numbered(1)));
    finished(&partition, 6);
    let sent = world.sink.all();
    assert_eq!(sent.len(), 1);
    let header = |name: &str| {
        let headers = &sent[0].message.headers;
        let found = headers.iter().find(|header| header.name == name.as_bytes());
        String::from_utf8(found.and_then(|header| header.value.clone()).unwrap()).unwrap()
    };
    assert_eq!(header("penstock.code"), "PSK-H001");
    assert_eq!(header("penstock.reason"), "busy");
    assert_eq!(header("penstock.attempts"), "3");
    assert_eq!(
        (header("penstock.partition"), header("penstock.offset")),
        ("3".into(), "5".into())
    );
    assert_eq!(world.engine.snapshot().handlers[0].ledger.dead_lettered, 1);
}

#[test]
fn without_a_dead_letter_topic_the_partition_halts_and_others_go_on() {
    let refuse = handler("h", 8, |record, call, staging| match record.value {
        Some(b"1") if call.partition == 0 => Err(Failure::Reject(reason())),
        _ => echo(record, call, staging),
    });
    let world = world(vec![refuse], false);
    let halted = world.engine.assign("in", 0, NextOffset(0));
    let other = world.engine.assign("in", 1, NextOffset(0));
    halted.fetched(batch(0, &numbered(3)));
    other.fetched(batch(0, &numbered(3)));
    finished(&other, 3);
    finished(&halted, 1);
    let kind = || {
        let snapshot = world.engine.snapshot();
        snapshot.partitions[0]
            .waits
            .as_ref()
            .map(|waits| waits.kind.clone())
    };
    until("it says so", || kind().as_deref() == Some("halted"));
    assert_eq!(world.engine.conditions().lock().unwrap().iter().count(), 1);
    assert_eq!(world.sink.all().len(), 4);
    world.engine.close(&[halted]);
    assert_eq!(world.engine.conditions().lock().unwrap().iter().count(), 0);
}

#[test]
fn what_a_topic_is_to_blame_for_is_sent_again_in_order() {
    let world = world(vec![handler("h", 8, echo)], true);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(3)));
    until("all are sent", || world.sink.all().len() == 3);
    world.sink.refuse(Blame::Topic);
    until("all are sent again", || world.sink.all().len() == 6);
    assert_eq!(world.sink.values()[3..], numbered(3));
    world.sink.uncork();
    finished(&partition, 3);
}

#[test]
fn an_output_that_is_to_blame_itself_is_a_dead_letter() {
    let world = world(vec![handler("h", 8, echo)], true);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(1)));
    until("it is sent", || world.sink.all().len() == 1);
    world.sink.refuse(Blame::Message);
    until("its dead letter is sent", || world.sink.all().len() == 2);
    assert_eq!(
        partition.commit_point().map(|point| point.next),
        Some(NextOffset(0))
    );
    world.sink.uncork();
    finished(&partition, 1);
    let account = world.engine.snapshot().handlers[0].ledger;
    assert_eq!((account.emitted, account.dead_lettered), (0, 1));
}

#[test]
fn every_snapshot_balances_under_load() {
    let world = world(
        vec![
            handler("a", 8, echo),
            handler("b", 8, |_, _, _| Ok(Outcome::Skip(reason()))),
        ],
        true,
    );
    let partitions: Vec<_> = (0..8)
        .map(|number| world.engine.assign("in", number, NextOffset(0)))
        .collect();
    for partition in &partitions {
        for chunk in 0..20 {
            partition.fetched(batch(chunk * 100, &numbered(100)));
        }
    }
    let mut closing = partitions.clone();
    loop {
        let snapshot = world.engine.snapshot();
        assert!(snapshot.handlers.iter().all(|of| of.ledger.balances()));
        let open: u64 = snapshot.handlers.iter().map(|of| of.ledger.open).sum();
        if closing.len() > 4 {
            world.engine.close(&[closing.pop().unwrap()]);
        } else if open == 0
            && closing.iter().all(|of| {
                of.commit_point()
                    .is_some_and(|point| point.next == NextOffset(2_000))
            })
        {
            break;
        }
    }
}
