//! What failures are met with, by class.

use penstock_core::policy::{Class, Retry, Then};
use penstock_core::record::NextOffset;
use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::plan::HandlerPlan;
use penstock_engine::ports::{Blame, Call};

use crate::support::*;

fn then(mut plan: HandlerPlan, class: Class, then: Then) -> HandlerPlan {
    plan.policy.rules[class as usize].then = then;
    plan
}

#[test]
fn a_crash_is_tried_again_and_skipped_if_the_policy_says_so() {
    let calls = std::sync::Arc::new(Counts::default());
    let counted = std::sync::Arc::clone(&calls);
    let crashes = handler("h", 8, move |record, call: Call, staging| {
        match record.value {
            Some(b"1") => {
                counted.add(&call.attempt.to_string());
                Err(Failure::Crash {
                    message: "no such course".to_owned(),
                    trace: String::new(),
                })
            }
            _ => echo(record, call, staging),
        }
    });
    let mut plan = then(crashes, Class::Crash, Then::Skip);
    let rule = &mut plan.policy.rules[Class::Crash as usize];
    rule.retry = Retry {
        attempts: 3,
        ..rule.retry.clone()
    };
    let world = world(vec![plan], true);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(3)));
    finished(&partition, 3);
    assert_eq!(world.sink.values(), ["0", "2"]);
    assert_eq!([calls.get("3"), calls.get("4")], [1, 0]);
    let ledger = world.engine.snapshot().handlers[0].ledger;
    assert_eq!(
        (ledger.emitted, ledger.skipped, ledger.dead_lettered),
        (2, 1, 0)
    );
}

#[test]
fn a_halt_by_policy_goes_before_the_dead_letter_topic() {
    let rejects = handler("h", 8, |_, _, _| Err(Failure::Reject(crate::reason())));
    let world = world(vec![then(rejects, Class::Reject, Then::Halt)], true);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(2)));
    until("it halts", || {
        let snapshot = world.engine.snapshot();
        let waits = snapshot.partitions[0].waits.as_ref();
        waits.is_some_and(|waits| waits.kind == "halted")
    });
    assert_eq!(world.sink.all().len(), 0);
    assert_eq!(
        partition.commit_point().map(|point| point.next),
        Some(NextOffset(0))
    );
}

#[test]
fn a_record_whose_output_is_refused_is_skipped_if_the_policy_says_so() {
    let plan = then(handler("h", 8, echo), Class::Output, Then::Skip);
    let world = world(vec![plan], true);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(1)));
    until("it is sent", || world.sink.all().len() == 1);
    world.sink.refuse(Blame::Message);
    finished(&partition, 1);
    assert_eq!(world.sink.all().len(), 1, "no dead letter");
    assert_eq!(world.engine.snapshot().handlers[0].ledger.skipped, 1);
}

#[test]
fn an_undeclared_output_is_a_failure() {
    let world = world(
        vec![handler("h", 8, |record, _, staging| {
            staging.push(1, record.key, record.value, [], None);
            Ok(Outcome::Done)
        })],
        true,
    );
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(1)));
    finished(&partition, 1);
    let sent = world.sink.all();
    assert_eq!(sent.len(), 1);
    let code = &sent[0].message.headers[0];
    assert_eq!(code.value.as_deref(), Some(&b"PSK-H009"[..]));
}
