//! What is paused on purpose does not run, everything else does, and it ends by itself.

use std::time::{SystemTime, UNIX_EPOCH};

use penstock_core::pauses::{Pause, Scope};
use penstock_core::record::NextOffset;

use crate::support::*;

const HOUR_MS: i64 = 3_600_000;

fn pause(scope: Scope, for_ms: i64) -> Pause {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let since_ms = now.expect("after 1970").as_millis() as i64;
    Pause {
        scope,
        why: "a release is looked into".to_owned(),
        since_ms,
        until_ms: since_ms + for_ms,
    }
}

fn kind(world: &World, partition: i32) -> Option<String> {
    let snapshot = world.engine.snapshot();
    let mut partitions = snapshot.partitions.into_iter();
    let found = partitions.find(|of| of.partition == partition)?;
    found.waits.map(|waits| waits.kind)
}

#[test]
fn a_partition_is_paused_alone_until_it_is_resumed() {
    let world = world(vec![handler("h", 8, echo)], true);
    let scope = Scope::Partition("in".to_owned(), 0);
    world.engine.pause(pause(scope.clone(), HOUR_MS)).unwrap();
    let paused = world.engine.assign("in", 0, NextOffset(0));
    let other = world.engine.assign("in", 1, NextOffset(0));
    paused.fetched(batch(0, &numbered(5)));
    other.fetched(batch(0, &numbered(200)));
    finished(&other, 200);
    assert_eq!(
        paused.commit_point().map(|point| point.next),
        Some(NextOffset(0))
    );
    assert_eq!(kind(&world, 0).as_deref(), Some("paused"));
    assert_eq!(kind(&world, 1), None);
    assert!(!world.engine.resume(&Scope::Topic("in".to_owned())));
    assert!(world.engine.resume(&scope));
    finished(&paused, 5);
    assert_eq!(kind(&world, 0), None);
    assert_eq!(world.engine.snapshot().pauses, []);
}

#[test]
fn a_pause_of_a_handler_outlasts_the_stay_and_ends_by_itself() {
    let world = world(vec![handler("h", 8, echo)], true);
    let first = world.engine.assign("in", 0, NextOffset(0));
    first.fetched(batch(0, &numbered(3)));
    finished(&first, 3);
    let scope = Scope::Handler("h".to_owned());
    assert_eq!(world.engine.knows(&scope), Ok(()));
    world.engine.pause(pause(scope.clone(), HOUR_MS)).unwrap();
    first.fetched(batch(3, &numbered(3)));
    world.engine.close(&[first]);
    let second = world.engine.assign("in", 0, NextOffset(3));
    second.fetched(batch(3, &numbered(3)));
    assert_eq!(kind(&world, 0).as_deref(), Some("paused"));
    assert_eq!(
        second.commit_point().map(|point| point.next),
        Some(NextOffset(3))
    );
    // Another end, sooner.
    world.engine.pause(pause(scope, 50)).unwrap();
    finished(&second, 6);
    until("nothing is paused any more", || {
        world.engine.snapshot().pauses.is_empty()
    });
    let ledger = world.engine.snapshot().handlers[0].ledger;
    assert_eq!((ledger.begun, ledger.emitted), (6, 6), "{ledger:?}");
}

#[test]
fn what_is_sent_is_finished_while_it_is_paused() {
    let world = world(vec![handler("h", 8, echo)], true);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(4)));
    until("all are sent", || world.sink.all().len() == 4);
    let scope = Scope::Topic("in".to_owned());
    world.engine.pause(pause(scope.clone(), HOUR_MS)).unwrap();
    partition.fetched(batch(4, &numbered(4)));
    world.sink.uncork();
    finished(&partition, 4);
    world.engine.resume(&scope);
    finished(&partition, 8);
}

#[test]
fn what_is_not_there_can_not_be_paused() {
    let world = world(vec![handler("h", 8, echo), handler("h", 8, echo)], true);
    for (scope, there) in [
        (Scope::Topic("inn".to_owned()), "in"),
        (Scope::Partition("inn".to_owned(), 0), "in"),
        (Scope::Handler("g".to_owned()), "h"),
    ] {
        let why = world.engine.knows(&scope).expect_err("it is not there");
        assert!(why.ends_with(&format!(" here, but {there}")), "{why}");
    }
}
