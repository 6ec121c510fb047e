//! A stay that is replaced while it has work, as an offset reset does it.

use std::time::Instant;

use penstock_core::partition::CommitPoint;
use penstock_core::record::NextOffset;

use crate::support::*;

#[test]
fn a_new_stay_begins_elsewhere_and_what_comes_late_of_the_old_one_is_dropped() {
    let world = world(vec![handler("h", 8, echo)], true);
    let other = world.engine.assign("in", 1, NextOffset(0));
    let old = world.engine.assign("in", 0, NextOffset(0));
    world.sink.cork();
    old.fetched(batch(0, &numbered(10)));
    until("all are sent", || world.sink.all().len() == 10);
    // One look, without waiting: the acknowledgements are not there.
    let stays = [std::sync::Arc::clone(&old)];
    assert!(!world.engine.drain(&stays, Instant::now()));
    old.fetched(batch(10, &numbered(10)));
    let back = world.engine.close(&stays);
    assert_eq!(back.deliveries, 10);
    let new = world.engine.assign("in", 0, NextOffset(4));
    assert!(new.epoch() > old.epoch());
    new.committed(&CommitPoint::at(NextOffset(4)));
    assert_eq!(new.commit_point(), None, "what was asked for is committed");
    world.sink.uncork();
    new.fetched(batch(4, &numbered(6)));
    other.fetched(batch(0, &numbered(3)));
    finished(&new, 10);
    finished(&other, 3);
    assert_eq!(old.commit_point(), None, "the old stay commits nothing");
    let ledger = world.engine.snapshot().handlers[0].ledger;
    assert!(ledger.balances(), "{ledger:?}");
    assert_eq!((ledger.begun, ledger.emitted), (19, 9), "{ledger:?}");
    assert_eq!((ledger.handed_back, ledger.open), (10, 0), "{ledger:?}");
}
