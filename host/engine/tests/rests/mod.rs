//! The rest after calls that a limit stopped.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use penstock_core::record::NextOffset;
use penstock_core::verdict::Failure;

use crate::support::*;

/// Takes a processor for so long.
fn spin(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Two deadlines of one record, and one of the next: between any two calls lies three times what the
/// first of them took, though the backoff is shorter, and a dead letter needs none.
#[test]
fn a_guest_that_a_limit_stopped_rests_three_times_as_long() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let world = world(
        vec![handler("h", 1, move |_, _, _| {
            let begun = Instant::now();
            spin(Duration::from_millis(10));
            seen.lock().unwrap().push((begun, Instant::now()));
            Err(Failure::Deadline {
                limit: Duration::from_millis(10),
            })
        })],
        true,
    );
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(2)));
    finished(&partition, 2);
    let calls = calls.lock().unwrap();
    assert!(calls.len() >= 3, "{calls:?}");
    for pair in calls.windows(2) {
        let ((begun, ended), (next, _)) = (pair[0], pair[1]);
        assert!(next - ended >= 3 * (ended - begun), "{calls:?}");
    }
}

#[test]
fn a_partition_that_rests_says_so_and_goes_on() {
    let world = world(
        vec![handler("h", 1, |record, call, staging| {
            if record.value == Some(b"0") {
                spin(Duration::from_millis(100));
                return Err(Failure::Memory { limit_bytes: 1 });
            }
            echo(record, call, staging)
        })],
        true,
    );
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(2)));
    until("it says that it rests", || {
        let snapshot = world.engine.snapshot();
        let waits = snapshot.partitions[0].waits.as_ref();
        waits.is_some_and(|waits| waits.kind == "rest")
    });
    finished(&partition, 2);
    assert_eq!(world.sink.values(), ["0", "1"]);
}
