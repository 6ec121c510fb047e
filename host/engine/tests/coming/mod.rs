//! A topic whose plan comes later: until then it has a name, to be paused and watched by.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use penstock_core::partition::Order;
use penstock_core::pauses::{Pause, Scope};
use penstock_core::record::NextOffset;
use penstock_engine::plan::{ComingTopic, Delivery, Topics};

use crate::support::*;

fn world() -> World {
    let in_time = ComingTopic {
        name: "in".into(),
        handlers: vec!["h".into()],
    };
    let topics = Topics {
        planned: Vec::new(),
        coming: vec![in_time],
    };
    on(topics, 1 << 20, Delivery::AtLeastOnce)
}

#[test]
fn what_is_said_of_a_topic_before_its_plan_comes_holds_afterwards() {
    let world = world();
    let engine = &world.engine;
    let scope = Scope::Handler("h".to_owned());
    assert_eq!(engine.knows(&scope), Ok(()));
    assert_eq!(engine.knows(&Scope::Topic("in".to_owned())), Ok(()));
    assert!(engine.knows(&Scope::Topic("out".to_owned())).is_err());
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let since_ms = now.expect("after 1970").as_millis() as i64;
    let pause = Pause {
        scope: scope.clone(),
        why: "not yet".to_owned(),
        since_ms,
        until_ms: since_ms + 3_600_000,
    };
    engine.pause(pause).unwrap();
    let watch = engine.watch("in", Box::new(|_| true)).expect("it is known");
    assert_eq!(engine.watch("out", Box::new(|_| true)), None);
    assert_eq!(engine.snapshot().handlers.len(), 0);

    engine.plan(plan(Order::STRICT, vec![handler("h", 8, echo)], true));
    let partition = engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(3)));
    let snapshot = engine.snapshot();
    let waits = snapshot.partitions[0].waits.as_ref();
    assert_eq!(waits.map(|of| of.kind.as_str()), Some("paused"));
    assert_eq!(snapshot.handlers.len(), 1);
    assert!(engine.resume(&scope));
    finished(&partition, 3);
    let seen = engine
        .watched(watch, 0, Duration::ZERO)
        .expect("it is open");
    assert!(!seen.is_empty(), "the watch missed its records");
}
