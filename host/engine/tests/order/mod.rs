//! Several records of a partition at once, and keys that wait apart from the others.

use std::sync::Arc;
use std::time::Duration;

use penstock_core::batch::Batch;
use penstock_core::codes::Code;
use penstock_core::partition::{Order, OrderBy, ParkLimits};
use penstock_core::policy::RetryMode;
use penstock_core::record::{NextOffset, Offset, Timestamp};
use penstock_core::staging::Staging;
use penstock_core::verdict::Failure;
use penstock_engine::plan::HandlerPlan;
use penstock_engine::ports::{Blame, Call};

use crate::support::*;

const OUTBOX: u64 = 1 << 20;

pub fn lanes(lanes: usize, by: OrderBy) -> Order {
    Order {
        lanes,
        by,
        park: ParkLimits::NOTHING,
    }
}

pub fn parking(keys: usize, records: usize) -> Order {
    let park = ParkLimits {
        keys,
        records,
        bytes: 1 << 20,
    };
    Order {
        park,
        ..Order::STRICT
    }
}

/// Each value with its key.
pub fn keyed(from: i64, records: &[(&str, &str)]) -> Batch {
    let mut batch = Batch::default();
    for (offset, (key, value)) in (from..).zip(records) {
        batch.push(
            Offset(offset),
            Timestamp::CreateTime(offset),
            Some(key.as_bytes()),
            Some(value.as_bytes()),
            [],
        );
    }
    batch
}

/// Asks for a retry of the value `wait` until `door` is open.
pub fn waits_for(door: &Arc<Door>, mode: RetryMode) -> HandlerPlan {
    let closed = Arc::clone(door);
    let mut plan = handler("h", 8, move |record, call: Call, staging: &mut Staging| {
        if record.value == Some(b"wait") && !closed.is_open() {
            return Err(Failure::Retry {
                after: Some(Duration::from_millis(5)),
                why: crate::reason(),
            });
        }
        echo(record, call, staging)
    });
    for rule in &mut plan.policy.rules {
        rule.retry.attempts = 1_000_000;
        rule.retry.mode = mode;
    }
    plan
}

/// Stops at the value `0` until `door` is open.
fn stops_at_0(door: &Arc<Door>) -> HandlerPlan {
    let closed = Arc::clone(door);
    handler("h", 8, move |record, call, staging: &mut Staging| {
        if record.value == Some(b"0") {
            closed.wait();
        }
        echo(record, call, staging)
    })
}

#[test]
fn lanes_run_beside_each_other_and_each_key_stays_in_order() {
    let door = Arc::new(Door::default());
    let plan = stops_at_0(&door);
    let world = world_in_order(lanes(2, OrderBy::Key), vec![plan], true, OUTBOX);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    let keys: Vec<String> = (0..8).map(|key| format!("k{key}")).collect();
    let values = numbered(64);
    let records: Vec<_> = values
        .iter()
        .enumerate()
        .map(|(n, value)| (keys[n % 8].as_str(), value.as_str()))
        .collect();
    partition.fetched(keyed(0, &records));
    until("the other lane is through", || {
        world
            .sink
            .values()
            .iter()
            .any(|value| value == "63" || value == "62")
    });
    let point = partition.commit_point().expect("nothing is committed yet");
    assert_eq!(point.next, NextOffset(0), "0 is not finished");
    until("what is finished beyond is known", || {
        partition.commit_point().is_some_and(|point| {
            point.beyond.contains(Offset(63)) || point.beyond.contains(Offset(62))
        })
    });
    assert!(
        !world.sink.values().iter().any(|value| value == "8"),
        "it is of 0's key"
    );
    door.open();
    finished(&partition, 64);
    for key in 0..8 {
        let of_key = |value: &String| value.parse::<usize>().is_ok_and(|n| n % 8 == key);
        let sent: Vec<_> = world.sink.values().into_iter().filter(of_key).collect();
        let expected: Vec<_> = (0..8).map(|n| (key + 8 * n).to_string()).collect();
        assert_eq!(sent, expected);
    }
}

#[test]
fn without_order_a_record_of_the_same_key_need_not_wait() {
    let door = Arc::new(Door::default());
    let plan = stops_at_0(&door);
    let world = world_in_order(lanes(2, OrderBy::Nothing), vec![plan], true, OUTBOX);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(keyed(0, &[("a", "0"), ("a", "1")]));
    until("1 is sent", || world.sink.values() == ["1"]);
    door.open();
    finished(&partition, 2);
}

#[test]
fn a_parked_key_waits_and_the_others_go_on() {
    let door = Arc::new(Door::default());
    let plan = waits_for(&door, RetryMode::Key);
    let world = world_in_order(parking(10, 10), vec![plan], true, OUTBOX);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    let records = [("a", "wait"), ("b", "b1"), ("a", "a2"), ("b", "b2")];
    partition.fetched(keyed(10, &records));
    partition.fetched(keyed(14, &[("a", "a3"), ("c", "c1")]));
    until("the others are sent", || {
        world.sink.values() == ["b1", "b2", "c1"]
    });
    until("three are parked", || {
        let parked = world.engine.snapshot().partitions[0].parked.clone();
        parked.is_some_and(|parked| (parked.keys, parked.records) == (1, 3))
    });
    until("the others are finished", || {
        partition
            .commit_point()
            .is_some_and(|point| point.next == NextOffset(10) && point.beyond.contains(Offset(15)))
    });
    until(
        "its record is named, and is not among those in hand",
        || {
            let status = &world.engine.snapshot().partitions[0];
            let parked = status.parked.as_ref().unwrap();
            let record = (parked.offset, parked.handler.as_deref());
            record == (Some(10), Some("h"))
                && parked.code.as_deref() == Some("PSK-H001")
                && parked.for_ms > 0
                && status.oldest_open_ms.is_none()
        },
    );
    let point = partition.commit_point().unwrap();
    let metadata = partition.metadata(&point);
    assert_eq!(metadata, "penstock/1 0000000000000001 10 1,3,5");

    // The next owner does the rest, and nothing twice.
    let next = world_in_order(
        parking(10, 10),
        vec![waits_for(&door, RetryMode::Key)],
        true,
        OUTBOX,
    );
    let later = next.engine.assign("in", 0, NextOffset(10));
    later.skip_completed(NextOffset(10), &metadata);
    later.fetched(keyed(10, &records));
    later.fetched(keyed(14, &[("a", "a3"), ("c", "c1"), ("d", "d1")]));
    until("only what is new is sent", || next.sink.values() == ["d1"]);

    door.open();
    finished(&partition, 16);
    assert_eq!(world.sink.values(), ["b1", "b2", "c1", "wait", "a2", "a3"]);
    finished(&later, 17);
    assert_eq!(next.sink.values(), ["d1", "wait", "a2", "a3"]);
    let snapshot = world.engine.snapshot();
    assert_eq!(snapshot.handlers[0].ledger.emitted, 6);
    assert!(snapshot.partitions[0].parked.is_none());
}

#[test]
fn what_exceeds_the_parking_blocks_and_says_so() {
    let door = Arc::new(Door::default());
    let plan = waits_for(&door, RetryMode::Key);
    let world = world_in_order(parking(10, 2), vec![plan], true, OUTBOX);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(keyed(
        0,
        &[
            ("a", "wait"),
            ("a", "a2"),
            ("b", "b1"),
            ("a", "a3"),
            ("b", "b2"),
        ],
    ));
    until("it is said", || {
        let snapshot = world.engine.snapshot();
        let waits = snapshot.partitions[0].waits.as_ref();
        waits.is_some_and(|waits| {
            let told = (waits.kind.as_str(), waits.code.as_deref());
            told == ("parking", Some("PSK-O006")) && waits.offset == Some(3)
        })
    });
    assert_eq!(world.sink.values(), ["b1"]);
    let full = || {
        let conditions = world.conditions.lock().unwrap();
        conditions
            .iter()
            .any(|(code, ..)| code == Code::ParkingFull)
    };
    assert!(full());
    door.open();
    finished(&partition, 5);
    let values = world.sink.values();
    let of_a: Vec<_> = values
        .iter()
        .filter(|value| !value.starts_with('b'))
        .collect();
    assert_eq!(of_a, ["wait", "a2", "a3"]);
    until("that is over", || !full());
}

#[test]
fn a_record_without_a_key_blocks() {
    let door = Arc::new(Door::default());
    let plan = waits_for(&door, RetryMode::Key);
    let world = world_in_order(parking(10, 10), vec![plan], true, OUTBOX);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    let mut records = Batch::default();
    for (offset, value) in [(0, "wait"), (1, "1")] {
        records.push(
            Offset(offset),
            Timestamp::CreateTime(offset),
            None,
            Some(value.as_bytes()),
            [],
        );
    }
    partition.fetched(records);
    until("it is tried again", || {
        let snapshot = world.engine.snapshot();
        let waits = snapshot.partitions[0].waits.as_ref();
        waits.is_some_and(|waits| waits.kind == "backoff")
    });
    assert!(world.sink.values().is_empty());
    door.open();
    finished(&partition, 2);
    assert_eq!(world.sink.values(), ["wait", "1"]);
}

#[test]
fn what_another_handler_wrote_waits_with_the_parked_record() {
    let door = Arc::new(Door::default());
    let plans = vec![handler("echo", 8, echo), waits_for(&door, RetryMode::Key)];
    let world = world_in_order(parking(10, 10), plans, true, OUTBOX);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(keyed(0, &[("a", "wait"), ("b", "b1"), ("a", "a2")]));
    until("the other key is sent", || {
        world.sink.values() == ["b1", "b1"]
    });
    door.open();
    finished(&partition, 3);
    assert_eq!(
        world.sink.values(),
        ["b1", "b1", "wait", "wait", "a2", "a2"]
    );
}

#[test]
fn what_is_sent_again_keeps_the_order_of_a_key_that_was_parked() {
    let (first, second) = (Arc::new(Door::default()), Arc::new(Door::default()));
    let doors = [
        (&b"first"[..], Arc::clone(&first)),
        (b"second", Arc::clone(&second)),
    ];
    let mut plan = handler("h", 8, move |record, call, staging: &mut Staging| {
        let mut doors = doors.iter();
        if doors.any(|(value, door)| record.value == Some(value) && !door.is_open()) {
            return Err(Failure::Retry {
                after: Some(Duration::from_millis(5)),
                why: crate::reason(),
            });
        }
        echo(record, call, staging)
    });
    for rule in &mut plan.policy.rules {
        rule.retry.attempts = 1_000_000;
        rule.retry.mode = RetryMode::Key;
    }
    let world = world_in_order(parking(10, 10), vec![plan], true, OUTBOX);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    // The first is parked. The one without a key is not, and holds the lane before the third.
    let mut records = Batch::default();
    for (offset, key, value) in [
        (0, Some("a"), "first"),
        (1, None, "second"),
        (2, Some("a"), "third"),
    ] {
        let key = key.map(str::as_bytes);
        let value = Some(value.as_bytes());
        records.push(
            Offset(offset),
            Timestamp::CreateTime(offset),
            key,
            value,
            [],
        );
    }
    partition.fetched(records);
    until("the first is parked", || {
        world.engine.snapshot().partitions[0].parked.is_some()
    });
    first.open();
    until("it is sent", || world.sink.values() == ["first"]);
    second.open();
    until("the others are sent", || world.sink.values().len() == 3);
    world.sink.refuse(Blame::Topic);
    world.sink.uncork();
    finished(&partition, 3);
    let again = &world.sink.values()[3..];
    let of_a: Vec<_> = again.iter().filter(|value| *value != "second").collect();
    assert_eq!(of_a, ["first", "third"]);
}

#[test]
fn what_found_no_room_is_sent_while_another_lane_is_in_a_guest() {
    let door = Arc::new(Door::default());
    let closed = Arc::clone(&door);
    let plan = handler("h", 8, move |record, call, staging: &mut Staging| {
        if record.value == Some(b"waits") {
            closed.wait();
        }
        echo(record, call, staging)
    });
    let world = world_in_order(lanes(2, OrderBy::Nothing), vec![plan], true, 12);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(keyed(0, &[("k", "waits")]));
    until("one lane is in a guest", || door.waiting() == 1);
    partition.fetched(keyed(
        1,
        &[("k", "one"), ("k", "behind"), ("k", "too-large")],
    ));
    until("one fills the outbox", || world.sink.values() == ["one"]);
    world.sink.uncork();
    until("there is room", || {
        world.sink.values() == ["one", "too-large"]
    });
    door.open();
    finished(&partition, 4);
}
