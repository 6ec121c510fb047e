//! What is held back: by a full outbox, a full partition, instances that are all out.

use std::sync::Arc;
use std::time::Duration;

use penstock_core::record::NextOffset;
use penstock_engine::Flow;

use crate::support::*;

#[test]
fn the_outbox_bounds_what_is_unacknowledged_and_nothing_is_lost() {
    const LIMIT: u64 = 2_000;
    let world = world_with(vec![handler("h", 8, echo)], true, LIMIT);
    world.sink.cork();
    let partitions: Vec<_> = (0..4)
        .map(|number| world.engine.assign("in", number, NextOffset(0)))
        .collect();
    let values: Vec<String> = numbered(500).iter().map(|n| format!("{n:>50}")).collect();
    for partition in &partitions {
        partition.fetched(batch(0, &values));
    }
    let waiting = || {
        let snapshot = world.engine.snapshot();
        let outbox = |waits: &penstock_core::status::WaitStatus| waits.kind == "outbox";
        snapshot
            .partitions
            .iter()
            .filter(|of| of.waits.as_ref().is_some_and(outbox))
            .count()
    };
    until("all wait for the outbox", || waiting() == 4);
    world.sink.uncork();
    for partition in &partitions {
        finished(partition, 500);
    }
    assert_eq!(world.sink.all().len(), 2_000);
    assert!(world.sink.most_unanswered_bytes() as u64 <= LIMIT);
}

/// A handler that stands still until its door is opened.
fn behind_a_door() -> (World, Arc<Door>) {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let slow = handler("h", 8, move |record, call, staging| {
        at_door.wait();
        echo(record, call, staging)
    });
    (world(vec![slow], true), door)
}

#[test]
fn a_full_partition_is_paused_and_resumed() {
    let (world, door) = behind_a_door();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    let values: Vec<String> = (0..300).map(|_| "x".repeat(1_000)).collect();
    let mut flow = Flow::Go;
    let mut next = 0;
    while flow == Flow::Go {
        flow = partition.fetched(batch(next, &values));
        next += 300;
        assert!(next < 10_000, "1 MiB is full by then");
    }
    assert!(world.engine.take_resumable().is_empty());
    assert!(!partition.wait_for_room(Duration::from_millis(5)));
    door.open();
    until("it has room again", || {
        world
            .engine
            .take_resumable()
            .iter()
            .any(|of| Arc::ptr_eq(of, &partition))
    });
    finished(&partition, next);
}

/// Whether a thread of this process waits, by its state in `/proc`.
fn is_asleep(thread: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
    let stat = stat.unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|rest| rest.starts_with('S'))
}

#[test]
fn a_full_partition_that_moves_on_is_waited_for() {
    let (world, door) = behind_a_door();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    let values: Vec<String> = (0..100).map(|_| "x".repeat(1_000)).collect();
    let mut next = 0;
    while partition.fetched(batch(next, &values)) == Flow::Go {
        next += 100;
    }
    std::thread::scope(|scope| {
        let (tell, told) = std::sync::mpsc::channel();
        let partition = &partition;
        let waiter = scope.spawn(move || {
            // SAFETY: it only gives the thread's number.
            tell.send(unsafe { libc::gettid() }).unwrap();
            partition.wait_for_room(PATIENCE)
        });
        let thread = told.recv().unwrap();
        // Room that comes before it is waited for is another case: the partition may be named.
        until("the waiter waits", || is_asleep(thread));
        door.open();
        assert!(waiter.join().unwrap());
    });
    finished(&partition, next + 100);
    assert!(
        world.engine.take_resumable().is_empty(),
        "it was never paused"
    );
}

#[test]
fn a_partition_waits_while_all_instances_are_out() {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let world = world(
        vec![handler("h", 1, move |record, call, staging| {
            if record.value == Some(b"hold") {
                at_door.wait();
            }
            echo(record, call, staging)
        })],
        true,
    );
    let holder = world.engine.assign("in", 0, NextOffset(0));
    holder.fetched(batch(0, &["hold".to_owned()]));
    until("the instance is out", || door.waiting() == 1);
    let waiter = world.engine.assign("in", 1, NextOffset(0));
    waiter.fetched(batch(0, &numbered(1)));
    until("the other says what it waits for", || {
        let snapshot = world.engine.snapshot();
        let waits = snapshot.partitions[1].waits.as_ref();
        waits.is_some_and(|waits| waits.kind == "instance")
    });
    assert_eq!(
        waiter.commit_point().map(|point| point.next),
        Some(NextOffset(0))
    );
    door.open();
    finished(&waiter, 1);
    finished(&holder, 1);
}
