//! A transaction that takes half of the room that a partition has is committed at once, so that what
//! comes behind is worked on meanwhile.

use penstock_core::batch::Batch;
use penstock_core::partition::Order;
use penstock_core::record::{NextOffset, Record};
use penstock_core::staging::Staging;
use penstock_core::verdict::Outcome;

use super::bank::bank_in_order;
use super::{NEVER, committed};
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
