//! Records that somebody watches.

use std::sync::Arc;
use std::time::Duration;

use penstock_core::partition::CommitPoint;
use penstock_core::record::NextOffset;
use penstock_core::watch::{Decided, Event, Place, Step};
use penstock_engine::ports::{DeliveryReports, OutputTopic, Placed};

use crate::retry;
use crate::support::*;

/// Watches the records with this value.
fn watch(world: &World, value: &'static str) -> Option<u64> {
    let matches =
        move |record: &penstock_core::record::Record<'_>| record.value == Some(value.as_bytes());
    world.engine.watch("in", Box::new(matches))
}

/// The events of a watch from the one numbered `from` on, once there are `count`.
fn events(world: &World, watch: u64, from: usize, count: usize) -> Vec<Event> {
    let mut steps: Vec<Step> = Vec::new();
    until(&format!("{count} steps"), || {
        let more = world.engine.watched(watch, from, Duration::from_millis(50));
        steps = more.expect("it is watched");
        steps.len() >= count
    });
    assert!(steps.iter().all(|of| (of.partition, of.offset) == (3, 41)));
    assert!(steps.is_sorted_by_key(|of| of.after_us));
    steps.into_iter().map(|of| of.event).collect()
}

fn ended(handler: &str, verdict: &str) -> Event {
    Event::Ended {
        handler: handler.into(),
        verdict: verdict.into(),
    }
}

#[test]
fn one_record_is_followed_and_its_neighbours_are_not() {
    let world = world(vec![handler("h", 8, echo)], true);
    world.sink.cork();
    let number = watch(&world, "1").expect("there is room");
    let partition = world.engine.assign("in", 3, NextOffset(40));
    partition.fetched(batch(40, &numbered(3)));
    let emit = Event::Decided {
        handler: "h".into(),
        attempt: 1,
        what: Decided::Emit { outputs: 1 },
    };
    assert_eq!(events(&world, number, 0, 2), [Event::Received, emit]);

    until("all are sent", || world.sink.all().len() == 3);
    assert!(world.engine.wants_places());
    for (offset, sent) in world.sink.all().iter().enumerate() {
        world.engine.placed(&Placed {
            token: sent.token,
            topic: OutputTopic(0),
            partition: 5,
            offset: offset as i64,
        });
    }
    world.sink.uncork();
    finished(&partition, 43);
    partition.committed(&CommitPoint::at(NextOffset(41)));
    partition.committed(&CommitPoint::at(NextOffset(43)));
    world.engine.close(&[Arc::clone(&partition)]);
    let acknowledged = Event::Acknowledged {
        handler: "h".into(),
        dead_letter: false,
        place: Place {
            topic: "out".into(),
            partition: 5,
            offset: 1,
        },
    };
    assert_eq!(
        events(&world, number, 2, 3),
        [
            acknowledged,
            ended("h", "emitted"),
            Event::Committed { next: 43 }
        ]
    );
}

#[test]
fn retries_and_dead_letters_are_seen_and_so_is_a_stay_that_ends() {
    let world = world(vec![handler("h", 8, |_, _, _| Err(retry()))], true);
    let number = watch(&world, "0").expect("there is room");
    let partition = world.engine.assign("in", 3, NextOffset(41));
    partition.fetched(batch(41, &numbered(1)));
    finished(&partition, 42);
    let seen = events(&world, number, 0, 5);
    let decided = |event: &Event| match event {
        Event::Decided { attempt, what, .. } => Some((*attempt, what.clone())),
        _ => None,
    };
    let calls: Vec<_> = seen.iter().filter_map(decided).collect();
    assert!(
        matches!(
            calls[..],
            [
                (1, Decided::Again { after_ms: 5, .. }),
                (2, Decided::Again { .. }),
                (3, Decided::DeadLetter(_))
            ]
        ),
        "{calls:?}"
    );
    assert_eq!(seen[4], ended("h", "dead-lettered"));
    world.engine.close(&[partition]);
    assert_eq!(events(&world, number, 5, 1), [Event::HandedBack]);
}

#[test]
fn watches_are_few_and_only_of_what_is_there() {
    let world = world(vec![handler("h", 8, echo)], true);
    assert!(!world.engine.wants_places());
    assert_eq!(world.engine.watch("other", Box::new(|_| true)), None);
    let open = std::iter::from_fn(|| watch(&world, "0")).take(1_000);
    assert_eq!(open.count(), 16);
    assert!(world.engine.watched(1_000, 0, Duration::ZERO).is_none());
    let first = world.engine.watched(1, 7, Duration::ZERO);
    assert_eq!(first, Some(Vec::new()));
}
