//! Parked keys and lanes, exactly once.

use std::sync::Arc;

use penstock_core::partition::OrderBy;
use penstock_core::policy::RetryMode;
use penstock_core::record::NextOffset;

use super::bank::bank_in_order;
use super::{OFTEN, committed};
use crate::order::{keyed, lanes, parking, waits_for};
use crate::support::*;

#[test]
fn what_is_beyond_a_parked_record_is_committed_and_not_done_again() {
    let door = Arc::new(Door::default());
    let handlers = || vec![handler("echo", 8, echo), waits_for(&door, RetryMode::Key)];
    let bank = bank_in_order(parking(10, 10), handlers(), OFTEN, 1 << 20);
    let partition = bank.engine.assign("in", 0, NextOffset(0));
    let records = [("b", "b0"), ("a", "wait"), ("b", "b2"), ("a", "a3")];
    partition.fetched(keyed(0, &records));
    until("the other key is committed", || {
        bank.committed(0) == Some(NextOffset(1))
            && bank.metadata(0) == "penstock/1 0000000000000001 1 1"
    });
    assert_eq!(bank.visible(), ["b0", "b0", "b2", "b2"]);

    // The host dies here. Its successor does what is missing.
    let next = bank_in_order(parking(10, 10), handlers(), OFTEN, 1 << 20);
    let later = next.engine.assign("in", 0, NextOffset(1));
    later.skip_completed(NextOffset(1), &bank.metadata(0));
    later.fetched(keyed(1, &records[1..]));
    later.fetched(keyed(4, &[("b", "b4")]));
    until("what is new is committed", || {
        next.visible() == ["b4", "b4"]
    });
    door.open();
    committed(&next, 5);
    assert_eq!(next.visible(), ["b4", "b4", "wait", "wait", "a3", "a3"]);
    assert_eq!(next.metadata(0), "");
}

#[test]
fn the_oldest_record_may_go_on_though_no_more_may_be_kept() {
    let door = Arc::new(Door::default());
    let plan = waits_for(&door, RetryMode::Block);
    let bank = bank_in_order(lanes(2, OrderBy::Key), vec![plan], OFTEN, 1024);
    let partition = bank.engine.assign("in", 0, NextOffset(0));
    let large = "x".repeat(1000);
    let keys: Vec<String> = (0..20).map(|key| format!("k{key}")).collect();
    partition.fetched(keyed(0, &[("a", "wait")]));
    for round in 0..100 {
        let records: Vec<_> = keys
            .iter()
            .map(|key| (key.as_str(), large.as_str()))
            .collect();
        partition.fetched(keyed(1 + round * 20, &records));
    }
    let calls = || bank.engine.snapshot().handlers[0].ledger.begun;
    let mut before = 0;
    until("the other lane stands still", || {
        let still = before > 60 && calls() == before;
        before = calls();
        still
    });
    assert!(bank.visible().is_empty() && calls() < 1_000);
    door.open();
    committed(&bank, 2_001);
    assert_eq!(bank.visible().len(), 2_001);
}
