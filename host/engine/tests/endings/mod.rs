//! How stays end: revoked, drained, with guests that never return.

use std::sync::Arc;
use std::time::{Duration, Instant};

use penstock_core::record::NextOffset;
use penstock_engine::ports::DeliveryReports;

use crate::support::*;

#[test]
fn after_a_close_nothing_is_sent_and_the_unfinished_is_handed_back() {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let world = world(
        vec![handler("h", 8, move |record, call, staging| {
            if record.value == Some(b"1") {
                at_door.wait();
            }
            echo(record, call, staging)
        })],
        true,
    );
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(1)));
    finished(&partition, 1);
    partition.fetched(batch(1, &numbered(3)[1..]));
    until("the guest is busy", || door.waiting() == 1);
    let stays = [Arc::clone(&partition)];
    assert!(
        !world
            .engine
            .drain(&stays, Instant::now() + Duration::from_millis(20))
    );
    let back = world.engine.close(&stays);
    assert!(back.abandoned >= 1 && back.abandoned <= back.deliveries);
    let sent = world.sink.all().len();
    let next = world.engine.assign("in", 0, NextOffset(1));
    door.open();
    next.fetched(batch(1, &numbered(1)));
    finished(&next, 2);
    assert_eq!(
        world.sink.all().len(),
        sent + 1,
        "the old stay sent after its end"
    );
    assert_eq!(partition.commit_point(), None);
    let token = |index: usize| world.sink.all()[index].token;
    let sends_again = |index| {
        let mut called = false;
        world.engine.while_live(token(index), &mut || called = true);
        called
    };
    assert_eq!((sends_again(0), sends_again(sent)), (false, true));
    let ledger = world.engine.snapshot().handlers[0].ledger;
    assert!(ledger.balances());
    assert_eq!(ledger.open, 0);
    assert_eq!(ledger.handed_back, back.deliveries);
}

#[test]
fn a_drain_waits_for_what_runs_and_what_is_sent() {
    let world = world(vec![handler("h", 8, echo)], true);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(5)));
    until("some are sent", || !world.sink.all().is_empty());
    let stays = [Arc::clone(&partition)];
    assert!(
        !world
            .engine
            .drain(&stays, Instant::now() + Duration::from_millis(20))
    );
    world.sink.uncork();
    assert!(world.engine.drain(&stays, Instant::now() + PATIENCE));
    let sent = world.sink.all().len() as i64;
    assert_eq!(
        partition.commit_point().map(|point| point.next),
        Some(NextOffset(sent))
    );
    assert_eq!(world.engine.close(&stays).abandoned, 0);
}

/// As many guests as there are workers, and twice more, never return; the rest goes on.
#[test]
fn guests_that_never_return_hold_nobody_up() {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let world = world(
        vec![handler("h", 64, move |record, call, staging| {
            if record.value == Some(b"wedge") {
                at_door.wait();
            }
            echo(record, call, staging)
        })],
        true,
    );
    let wedged: Vec<_> = (0..6)
        .map(|number| {
            let partition = world.engine.assign("in", number, NextOffset(0));
            partition.fetched(batch(0, &["wedge".to_owned()]));
            let count = number as u32 + 1;
            until("it is stuck", || door.waiting() == count);
            partition
        })
        .collect();
    let healthy = world.engine.assign("in", 99, NextOffset(0));
    healthy.fetched(batch(0, &numbered(1_000)));
    finished(&healthy, 1_000);
    door.open();
    for partition in &wedged {
        finished(partition, 1);
    }
}
