//! A transaction that takes half of the room that a partition has is committed at once, so that what
//! comes behind is worked on meanwhile.

use std::sync::Arc;
use std::time::Duration;

use penstock_core::batch::Batch;
use penstock_core::partition::Order;
use penstock_core::policy::RetryMode;
use penstock_core::record::{NextOffset, Record};
use penstock_core::staging::Staging;
use penstock_core::verdict::Outcome;
use penstock_engine::Flow;

use super::bank::bank_in_order;
use super::{NEVER, committed};
use crate::order::waits_for;
use crate::support::*;

/// Of what tests give an engine for all its partitions, to keep what is received.
const BUFFER_BYTES: usize = 1 << 20;

fn large(count: usize, bytes: usize) -> Vec<String> {
    vec!["x".repeat(bytes); count]
}

#[test]
fn what_was_received_fills_a_transaction() {
    let tiny = |_: &Record<'_>, _, staging: &mut Staging| {
        staging.push(0, None, Some(b"tiny"), [], None);
        Ok(Outcome::Done)
    };
    let bank = bank_in_order(Order::STRICT, vec![handler("h", 8, tiny)], NEVER, 1 << 30);
    let partition = bank.engine.assign("in", 0, NextOffset(0));
    let values = large(10, BUFFER_BYTES / 16);
    let one = |number: usize| -> Batch { batch(number as i64, &values[number..=number]) };
    for number in 0..7 {
        partition.fetched(one(number));
    }
    until("the handler is done", || emitted_by_call(&bank.engine) == 7);
    assert_eq!(bank.committed(0), None, "half of it is not there yet");
    for number in 7..10 {
        partition.fetched(one(number));
    }
    until("a good half is committed", || {
        bank.committed(0).is_some_and(|next| next >= NextOffset(8))
    });
}

#[test]
fn fetching_waits_for_handlers_and_not_for_a_commit() {
    let door = Arc::new(Door::default());
    let plan = waits_for(&door, RetryMode::Block);
    let bank = bank_in_order(Order::STRICT, vec![plan], NEVER, 1 << 30);
    let partition = bank.engine.assign("in", 0, NextOffset(0));
    let first = batch(0, &["wait".to_owned()]);
    assert_eq!(partition.fetched(first), Flow::Go);
    let values = large(4, BUFFER_BYTES / 16);
    assert_eq!(partition.fetched(batch(1, &values[..3])), Flow::Go);
    assert_eq!(partition.fetched(batch(4, &values[3..])), Flow::Pause);
    door.open();
    assert!(partition.wait_for_room(Duration::from_secs(20)));
    assert_eq!(bank.committed(0), None);
}

#[test]
fn what_one_partition_sends_fills_a_transaction_as_it_would_with_others() {
    let bank = bank_in_order(
        Order::STRICT,
        vec![handler("h", 8, echo)],
        NEVER,
        BUFFER_BYTES as u64 / 8,
    );
    let partition = bank.engine.assign("in", 0, NextOffset(0));
    for number in 1..4 {
        bank.engine.assign("in", number, NextOffset(0));
    }
    // A quarter of what a transaction may hold.
    let values = large(4, BUFFER_BYTES / 8 / 4 / 4);
    partition.fetched(batch(0, &values));
    committed(&bank, 4);
}

fn emitted_by_call(engine: &penstock_engine::Engine) -> u64 {
    engine.snapshot().handlers[0].times.count
}
