//! Keys that wait by themselves: single histories that went wrong once.

use std::time::Duration;

use penstock_core::decide::Decision;
use penstock_core::partition::{Handled, KeyHash, Order, ParkLimits, Partition, Seq};
use penstock_core::policy::RetryMode;
use penstock_core::record::{NextOffset, Offset};
use penstock_core::verdict::Failure;

const SECOND: Duration = Duration::from_secs(1);
fn key() -> KeyHash {
    KeyHash::from(7)
}

fn parking(records: usize) -> Partition {
    let park = ParkLimits {
        keys: 2,
        records,
        bytes: 10 * records as u64,
    };
    let order = Order {
        park,
        ..Order::STRICT
    };
    Partition::new(1, NextOffset(0), order)
}

fn again(seq: Seq) -> Handled {
    Handled {
        seq,
        handler: 0,
        decision: Decision::Again {
            after: SECOND,
            why: Box::new(Failure::Deadline { limit: SECOND }),
            mode: RetryMode::Key,
        },
    }
}

#[test]
fn a_parked_record_keeps_its_room_while_it_is_tried_again() {
    let mut partition = parking(1);
    let mut told = Vec::new();
    partition.fetched(Offset(0), Some(key()), 10);
    let run = partition.take(8, SECOND).unwrap();
    partition.handled(&run, [again(run.records[0])], SECOND, &mut told);
    assert_eq!(partition.parked().records, 1);

    let run = partition.take(8, SECOND * 2).unwrap();
    partition.fetched(Offset(1), Some(key()), 10);
    partition.handled(&run, [again(run.records[0])], SECOND * 2, &mut told);
    let parked = partition.parked();
    assert_eq!((parked.records, parked.bytes), (1, 10), "as much as may be");
}
