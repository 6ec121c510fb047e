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

use super::NEVER;
use super::bank::{Bank, Call, bank_in_order};
use crate::order::waits_for;
use crate::support::*;

/// Of what tests give an engine for all its partitions, to keep what is received.
const BUFFER_BYTES: usize = 1 << 20;

fn large(count: usize, bytes: usize) -> Vec<String> {
    vec!["x".repeat(bytes); count]
}

#[test]
fn what_was_received_fills_a_transaction() {
    let bank = bank_of_outputs(4, 1 << 30);
    let partition = bank.engine.assign("in", 0, NextOffset(0));
    let values = large(20, BUFFER_BYTES / 16);
    let one = |number: usize| -> Batch { batch(number as i64, &values[number..=number]) };
    for number in 0..7 {
        partition.fetched(one(number));
    }
    until("the handler is done", || emitted_by_call(&bank.engine) == 7);
    assert_eq!(bank.committed(0), None, "half of it is not there yet");
    for number in 7..20 {
        partition.fetched(one(number));
    }
    until("what made room is committed", || {
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
fn what_one_partition_sends_fills_a_transaction_though_the_others_send_nothing() {
    let bank = bank_of_outputs(16 << 10, 1 << 19);
    let partition = bank.engine.assign("in", 0, NextOffset(0));
    for number in 1..4 {
        bank.engine.assign("in", number, NextOffset(0));
    }
    // Its share is a quarter of 1 MiB, or 16 records.
    partition.fetched(batch(0, &numbered(6)));
    until("the handler is done", || emitted_by_call(&bank.engine) == 6);
    assert_eq!(bank.committed(0), None, "half of it is not there yet");
    partition.fetched(batch(6, &numbered(34)));
    until("what made room is committed", || {
        bank.committed(0).is_some_and(|next| next >= NextOffset(20))
    });
}

#[test]
fn the_others_come_along_with_all_that_they_have() {
    let bank = bank_of_outputs(4, 1 << 30);
    bank.stop_at(Call::Commit);
    let first = bank.engine.assign("in", 0, NextOffset(0));
    first.fetched(batch(0, &numbered(1)));
    let other = bank.engine.assign("in", 1, NextOffset(0));
    first.fetched(batch(1, &large(1, BUFFER_BYTES)));
    until("a commit is under way", || bank.stopped());
    other.fetched(batch(0, &numbered(2_000)));
    first.fetched(batch(2, &large(2, BUFFER_BYTES)));
    until("both are done", || emitted_by_call(&bank.engine) == 2_004);
    bank.go_on();
    until("the next one has all of both", || {
        bank.committed(1) == Some(NextOffset(2_000))
    });
}

/// Each record sends so many bytes.
fn bank_of_outputs(bytes: usize, bytes_max: u64) -> Bank {
    let emit = move |_: &Record<'_>, _, staging: &mut Staging| {
        staging.push(0, None, Some(&vec![b'x'; bytes]), [], None);
        Ok(Outcome::Done)
    };
    bank_in_order(Order::STRICT, vec![handler("h", 8, emit)], NEVER, bytes_max)
}

#[test]
fn a_partition_that_is_full_says_so_each_time() {
    let door = Arc::new(Door::default());
    let plan = waits_for(&door, RetryMode::Block);
    let bank = bank_in_order(Order::STRICT, vec![plan], NEVER, 1 << 30);
    let partition = bank.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &["wait".to_owned()]));
    let values = large(1, BUFFER_BYTES);
    for number in 1..4 {
        assert_eq!(partition.fetched(batch(number, &values)), Flow::Pause);
    }
    door.open();
}

fn emitted_by_call(engine: &penstock_engine::Engine) -> u64 {
    engine.snapshot().handlers[0].times.count
}
