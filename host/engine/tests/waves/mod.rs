//! While much is under way, outputs are collected: they follow when it is acknowledged, or when
//! they have waited long enough, in order, and not at all once their stay is over.

use std::sync::Arc;

use penstock_core::record::NextOffset;
use penstock_engine::Partition;

use crate::support::*;

/// Enough that the engine counts much as under way.
const MUCH: usize = 200;

fn large(from: usize, count: usize) -> Vec<String> {
    let value = |n: usize| format!("{n:>1000}");
    (from..from + count).map(value).collect()
}

/// With the sink corked: this much of the partition is sent, and nothing answered.
fn load(world: &World, partition: &Arc<Partition>, from: usize) {
    world.sink.cork();
    partition.fetched(batch(from as i64, &large(from, MUCH)));
    let sent = from + MUCH;
    until("all is sent", || world.sink.all().len() == sent);
}

#[test]
fn the_acknowledgement_of_what_was_before_sends_what_was_collected() {
    let world = world_with(vec![handler("h", 8, echo)], true, 64 << 20);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    let mut next = 0;
    // The wave may have grown old before the sink is uncorked: then once more.
    until("a wave was sent by an acknowledgement", || {
        load(&world, &partition, next);
        next += MUCH;
        partition.fetched(batch(next as i64, &large(next, 1)));
        next += 1;
        let handled = || world.engine.snapshot().handlers[0].times.count == next as u64;
        until("the next one is handled", handled);
        world.sink.uncork();
        finished(&partition, next as i64);
        world.sink.sent_while_answering() > 0
    });
    assert_eq!(world.sink.values(), large(0, next));
}

#[test]
fn what_was_collected_waits_not_for_ever_and_comes_in_order() {
    let world = world_with(vec![handler("h", 8, echo)], true, 64 << 20);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    load(&world, &partition, 0);
    for part in 0..10 {
        let from = MUCH + part * 30;
        partition.fetched(batch(from as i64, &large(from, 30)));
    }
    let all = MUCH + 300;
    until("all is sent, and nothing answered", || {
        world.sink.all().len() == all
    });
    assert_eq!(world.sink.values(), large(0, all));
    world.sink.uncork();
    finished(&partition, all as i64);
}

#[test]
fn many_partitions_lose_nothing_and_keep_their_order() {
    const EACH: usize = 5_000;
    let world = world_with(vec![handler("h", 8, echo)], true, 64 << 20);
    let partitions: Vec<_> = (0..4)
        .map(|number| world.engine.assign("in", number, NextOffset(0)))
        .collect();
    for from in (0..EACH).step_by(100) {
        for (number, partition) in partitions.iter().enumerate() {
            let values: Vec<_> = large(from, 100)
                .iter()
                .map(|value| format!("{number}{value}"))
                .collect();
            partition.fetched(batch(from as i64, &values));
        }
    }
    for partition in &partitions {
        finished(partition, EACH as i64);
    }
    let sent = world.sink.values();
    for number in 0..4 {
        let of = |value: &&String| value.starts_with(&number.to_string());
        let mine = sent.iter().filter(of).map(|value| value[1..].to_owned());
        assert_eq!(mine.collect::<Vec<_>>(), large(0, EACH));
    }
}

#[test]
fn nothing_collected_is_sent_once_its_stay_is_over() {
    let world = world_with(vec![handler("h", 8, echo)], true, 64 << 20);
    let ends = world.engine.assign("in", 0, NextOffset(0));
    let stays = world.engine.assign("in", 1, NextOffset(0));
    load(&world, &stays, 0);
    ends.fetched(batch(0, &["x".to_owned()]));
    let handled = || world.engine.snapshot().handlers[0].times.count == MUCH as u64 + 1;
    until("it is handled", handled);
    world.engine.close(&[ends]);
    let before = world.sink.all().len();
    // Collected later, so that the other's time has come when this one's has.
    stays.fetched(batch(MUCH as i64, &large(MUCH, 1)));
    let sent = || world.sink.values().last() == large(MUCH, 1).last();
    until("a later wave is sent", sent);
    assert_eq!(world.sink.all().len(), before + 1);
    world.sink.uncork();
    finished(&stays, MUCH as i64 + 1);
    // The next acknowledgement comes after all that the one before has set free.
    stays.fetched(batch(MUCH as i64 + 1, &large(MUCH + 1, 1)));
    finished(&stays, MUCH as i64 + 2);
    assert_eq!(world.sink.all().len(), before + 2);
}

#[test]
fn a_guest_that_takes_long_does_not_hold_back_what_was_collected_before() {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let waits = handler("h", 8, move |record, call, staging| {
        if record.value == Some(b"long") {
            at_door.wait();
        }
        echo(record, call, staging)
    });
    let world = world_with(vec![waits], true, 64 << 20);
    let loaded = world.engine.assign("in", 0, NextOffset(0));
    let partition = world.engine.assign("in", 1, NextOffset(0));
    load(&world, &loaded, 0);
    partition.fetched(batch(0, &["quick".to_owned()]));
    let handled = || world.engine.snapshot().handlers[0].times.count == MUCH as u64 + 1;
    until("it is handled", handled);
    partition.fetched(batch(1, &["long".to_owned()]));
    until("the next one is with the guest", || door.waiting() == 1);
    let sent = || world.sink.values().iter().any(|value| value == "quick");
    until("what was collected is sent", sent);
    door.open();
    world.sink.uncork();
    finished(&partition, 2);
}

#[test]
fn a_wave_that_the_outbox_has_no_room_for_waits_and_comes_in_order() {
    const LIMIT: u64 = 300_000;
    let world = world_with(vec![handler("h", 8, echo)], true, LIMIT);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    load(&world, &partition, 0);
    let all = 4 * MUCH;
    for from in (MUCH..all).step_by(20) {
        partition.fetched(batch(from as i64, &large(from, 20)));
    }
    let waits = || {
        let snapshot = world.engine.snapshot();
        let waits = snapshot.partitions[0].waits.as_ref();
        waits.is_some_and(|waits| waits.kind == "outbox")
    };
    until("it waits for the outbox", waits);
    world.sink.uncork();
    finished(&partition, all as i64);
    assert_eq!(world.sink.values(), large(0, all));
    assert!(world.sink.most_unanswered_bytes() as u64 <= LIMIT);
}
