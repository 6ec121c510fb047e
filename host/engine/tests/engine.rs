//! The engine between ports that the test holds: order, retries, dead letters, back-pressure,
//! revocation, and guests that never return.

mod coming;
mod lanes;
mod order;
mod pauses;
mod policies;
mod replaced;
mod support;
mod transactions;
mod watches;
mod waves;

use std::sync::Arc;
use std::time::{Duration, Instant};

use penstock_core::record::{NextOffset, Record};
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome, Reason};
use penstock_engine::Flow;
use penstock_engine::ports::{Blame, Call, DeliveryReports};
use support::*;

fn retry() -> Failure {
    Failure::Retry {
        after: None,
        why: reason(),
    }
}

fn reason() -> Reason {
    Reason {
        code: "busy".into(),
        text: "later".into(),
    }
}

#[test]
fn outputs_come_in_order_and_all_is_finished() {
    let world = world(vec![handler("h", 8, echo)], true);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    let values = numbered(10_000);
    for (index, chunk) in values.chunks(137).enumerate() {
        partition.fetched(batch(index as i64 * 137, chunk));
    }
    finished(&partition, 10_000);
    assert_eq!(world.sink.values(), values);
    let account = &world.engine.snapshot().handlers[0];
    assert_eq!(
        (account.ledger.begun, account.ledger.emitted),
        (10_000, 10_000)
    );
    assert_eq!(account.times.count, 10_000);
}

#[test]
fn nothing_is_finished_before_its_acknowledgement() {
    let world = world(vec![handler("h", 8, echo)], true);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(7));
    partition.fetched(batch(7, &numbered(3)));
    until("all are sent", || world.sink.all().len() == 3);
    assert_eq!(
        partition.commit_point().map(|point| point.next),
        Some(NextOffset(7))
    );
    world.sink.uncork();
    finished(&partition, 10);
}

#[test]
fn a_retry_does_not_run_the_neighbour_again_and_sends_nothing_before_the_record_is_whole() {
    let calls = Arc::new(Counts::default());
    let (a, b) = (Arc::clone(&calls), Arc::clone(&calls));
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let first = handler("a", 8, move |record, call, staging| {
        let value = String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned();
        a.add(&format!("a{value}"));
        match (value.as_str(), call.attempt) {
            ("0", 1) => Err(retry()),
            ("0", _) => {
                at_door.wait();
                echo(record, call, staging)
            }
            _ => echo(record, call, staging),
        }
    });
    let second = handler("b", 8, move |record, call, staging| {
        let value = String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned();
        b.add(&format!("b{value}"));
        staging.push(0, record.key, Some(b"from b"), [], None);
        let _ = call;
        Ok(Outcome::Done)
    });
    let world = world(vec![first, second], true);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(2)));
    until("the second call", || door.waiting() == 1);
    assert_eq!((calls.get("b0"), calls.get("a1")), (1, 0));
    assert!(world.sink.all().is_empty(), "the record is not whole yet");
    door.open();
    finished(&partition, 2);
    assert_eq!(
        (calls.get("a0"), calls.get("b0"), calls.get("b1")),
        (2, 1, 1)
    );
    assert_eq!(world.sink.values(), ["from b", "0", "1", "from b"]);
}

#[test]
fn a_retry_that_a_halt_forbids_holds_no_other_partition_up() {
    let reject = |_: &Record<'_>, call: Call, _: &mut Staging| match call.partition {
        0 => Err(Failure::Reject(reason())),
        _ => Ok(Outcome::Done),
    };
    let again = |_: &Record<'_>, call: Call, _: &mut Staging| match (call.partition, call.attempt) {
        (1, 3) => Ok(Outcome::Done),
        _ => Err(retry()),
    };
    let world = world(vec![handler("a", 8, reject), handler("b", 8, again)], false);
    let halted = world.engine.assign("in", 0, NextOffset(0));
    halted.fetched(batch(0, &numbered(1)));
    until("it halts", || {
        let waits = world.engine.snapshot().partitions[0].waits.clone();
        waits.is_some_and(|waits| waits.kind == "halted")
    });
    // The other handler's backoff passes meanwhile, and can't be followed: timers go on all the same.
    let other = world.engine.assign("in", 1, NextOffset(0));
    other.fetched(batch(0, &numbered(1)));
    finished(&other, 1);
}

#[test]
fn an_exhausted_retry_is_a_dead_letter_with_its_attempts() {
    let world = world(vec![handler("h", 8, |_, _, _| Err(retry()))], true);
    let partition = world.engine.assign("in", 3, NextOffset(5));
    partition.fetched(batch(5, &numbered(1)));
    finished(&partition, 6);
    let sent = world.sink.all();
    assert_eq!(sent.len(), 1);
    let header = |name: &str| {
        let headers = &sent[0].message.headers;
        let found = headers.iter().find(|header| header.name == name.as_bytes());
        String::from_utf8(found.and_then(|header| header.value.clone()).unwrap()).unwrap()
    };
    assert_eq!(header("penstock.code"), "PSK-H001");
    assert_eq!(header("penstock.reason"), "busy");
    assert_eq!(header("penstock.attempts"), "3");
    assert_eq!(
        (header("penstock.partition"), header("penstock.offset")),
        ("3".into(), "5".into())
    );
    assert_eq!(world.engine.snapshot().handlers[0].ledger.dead_lettered, 1);
}

#[test]
fn without_a_dead_letter_topic_the_partition_halts_and_others_go_on() {
    let refuse = handler("h", 8, |record, call, staging| match record.value {
        Some(b"1") if call.partition == 0 => Err(Failure::Reject(reason())),
        _ => echo(record, call, staging),
    });
    let world = world(vec![refuse], false);
    let halted = world.engine.assign("in", 0, NextOffset(0));
    let other = world.engine.assign("in", 1, NextOffset(0));
    halted.fetched(batch(0, &numbered(3)));
    other.fetched(batch(0, &numbered(3)));
    finished(&other, 3);
    finished(&halted, 1);
    let kind = || {
        let snapshot = world.engine.snapshot();
        snapshot.partitions[0]
            .waits
            .as_ref()
            .map(|waits| waits.kind.clone())
    };
    until("it says so", || kind().as_deref() == Some("halted"));
    assert_eq!(world.engine.conditions().lock().unwrap().iter().count(), 1);
    assert_eq!(world.sink.all().len(), 4);
    world.engine.close(&[halted]);
    assert_eq!(world.engine.conditions().lock().unwrap().iter().count(), 0);
}

#[test]
fn what_a_topic_is_to_blame_for_is_sent_again_in_order() {
    let world = world(vec![handler("h", 8, echo)], true);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(3)));
    until("all are sent", || world.sink.all().len() == 3);
    world.sink.refuse(Blame::Topic);
    until("all are sent again", || world.sink.all().len() == 6);
    assert_eq!(world.sink.values()[3..], numbered(3));
    world.sink.uncork();
    finished(&partition, 3);
}

#[test]
fn an_output_that_is_to_blame_itself_is_a_dead_letter() {
    let world = world(vec![handler("h", 8, echo)], true);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(1)));
    until("it is sent", || world.sink.all().len() == 1);
    world.sink.refuse(Blame::Message);
    until("its dead letter is sent", || world.sink.all().len() == 2);
    assert_eq!(
        partition.commit_point().map(|point| point.next),
        Some(NextOffset(0))
    );
    world.sink.uncork();
    finished(&partition, 1);
    let account = world.engine.snapshot().handlers[0].ledger;
    assert_eq!((account.emitted, account.dead_lettered), (0, 1));
}

#[test]
fn the_outbox_bounds_what_is_unacknowledged_and_nothing_is_lost() {
    const LIMIT: u64 = 2_000;
    let world = world_with(vec![handler("h", 8, echo)], true, LIMIT);
    world.sink.cork();
    let partitions: Vec<_> = (0..4)
        .map(|number| world.engine.assign("in", number, NextOffset(0)))
        .collect();
    let values: Vec<String> = numbered(500).iter().map(|n| format!("{n:>50}")).collect();
    for partition in &partitions {
        partition.fetched(batch(0, &values));
    }
    let waiting = || {
        let snapshot = world.engine.snapshot();
        let outbox = |waits: &penstock_core::status::WaitStatus| waits.kind == "outbox";
        snapshot
            .partitions
            .iter()
            .filter(|of| of.waits.as_ref().is_some_and(outbox))
            .count()
    };
    until("all wait for the outbox", || waiting() == 4);
    world.sink.uncork();
    for partition in &partitions {
        finished(partition, 500);
    }
    assert_eq!(world.sink.all().len(), 2_000);
    assert!(world.sink.most_unanswered_bytes() as u64 <= LIMIT);
}

#[test]
fn a_full_partition_is_paused_and_resumed() {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let slow = handler("h", 8, move |record, call, staging| {
        at_door.wait();
        echo(record, call, staging)
    });
    let world = world(vec![slow], true);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    let values: Vec<String> = (0..300).map(|_| "x".repeat(1_000)).collect();
    let mut flow = Flow::Go;
    let mut next = 0;
    while flow == Flow::Go {
        flow = partition.fetched(batch(next, &values));
        next += 300;
        assert!(next < 10_000, "1 MiB is full by then");
    }
    assert!(world.engine.take_resumable().is_empty());
    assert!(!partition.wait_for_room(Duration::from_millis(5)));
    door.open();
    until("it has room again", || {
        world
            .engine
            .take_resumable()
            .iter()
            .any(|of| Arc::ptr_eq(of, &partition))
    });
    finished(&partition, next);
}

/// Whether a thread of this process waits, by its state in `/proc`.
fn is_asleep(thread: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
    let stat = stat.unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|rest| rest.starts_with('S'))
}

#[test]
fn a_full_partition_that_moves_on_is_waited_for() {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let slow = handler("h", 8, move |record, call, staging| {
        at_door.wait();
        echo(record, call, staging)
    });
    let world = world(vec![slow], true);
    let partition = world.engine.assign("in", 0, NextOffset(0));
    let values: Vec<String> = (0..100).map(|_| "x".repeat(1_000)).collect();
    let mut next = 0;
    while partition.fetched(batch(next, &values)) == Flow::Go {
        next += 100;
    }
    std::thread::scope(|scope| {
        let (tell, told) = std::sync::mpsc::channel();
        let partition = &partition;
        let waiter = scope.spawn(move || {
            // SAFETY: it only gives the thread's number.
            tell.send(unsafe { libc::gettid() }).unwrap();
            partition.wait_for_room(PATIENCE)
        });
        let thread = told.recv().unwrap();
        // Room that comes before it is waited for is another case: the partition may be named.
        until("the waiter waits", || is_asleep(thread));
        door.open();
        assert!(waiter.join().unwrap());
    });
    finished(&partition, next + 100);
    assert!(
        world.engine.take_resumable().is_empty(),
        "it was never paused"
    );
}

#[test]
fn after_a_close_nothing_is_sent_and_the_unfinished_is_handed_back() {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let world = world(
        vec![handler("h", 8, move |record, call, staging| {
            if record.value == Some(b"1") {
                at_door.wait();
            }
            echo(record, call, staging)
        })],
        true,
    );
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(1)));
    finished(&partition, 1);
    partition.fetched(batch(1, &numbered(3)[1..]));
    until("the guest is busy", || door.waiting() == 1);
    let stays = [Arc::clone(&partition)];
    assert!(
        !world
            .engine
            .drain(&stays, Instant::now() + Duration::from_millis(20))
    );
    let back = world.engine.close(&stays);
    assert!(back.abandoned >= 1 && back.abandoned <= back.deliveries);
    let sent = world.sink.all().len();
    let next = world.engine.assign("in", 0, NextOffset(1));
    door.open();
    next.fetched(batch(1, &numbered(1)));
    finished(&next, 2);
    assert_eq!(
        world.sink.all().len(),
        sent + 1,
        "the old stay sent after its end"
    );
    assert_eq!(partition.commit_point(), None);
    let token = |index: usize| world.sink.all()[index].token;
    let sends_again = |index| {
        let mut called = false;
        world.engine.while_live(token(index), &mut || called = true);
        called
    };
    assert_eq!((sends_again(0), sends_again(sent)), (false, true));
    let ledger = world.engine.snapshot().handlers[0].ledger;
    assert!(ledger.balances());
    assert_eq!(ledger.open, 0);
    assert_eq!(ledger.handed_back, back.deliveries);
}

#[test]
fn a_drain_waits_for_what_runs_and_what_is_sent() {
    let world = world(vec![handler("h", 8, echo)], true);
    world.sink.cork();
    let partition = world.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, &numbered(5)));
    until("some are sent", || !world.sink.all().is_empty());
    let stays = [Arc::clone(&partition)];
    assert!(
        !world
            .engine
            .drain(&stays, Instant::now() + Duration::from_millis(20))
    );
    world.sink.uncork();
    assert!(world.engine.drain(&stays, Instant::now() + PATIENCE));
    let sent = world.sink.all().len() as i64;
    assert_eq!(
        partition.commit_point().map(|point| point.next),
        Some(NextOffset(sent))
    );
    assert_eq!(world.engine.close(&stays).abandoned, 0);
}

/// As many guests as there are workers, and twice more, never return; the rest goes on.
#[test]
fn guests_that_never_return_hold_nobody_up() {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let world = world(
        vec![handler("h", 64, move |record, call, staging| {
            if record.value == Some(b"wedge") {
                at_door.wait();
            }
            echo(record, call, staging)
        })],
        true,
    );
    let wedged: Vec<_> = (0..6)
        .map(|number| {
            let partition = world.engine.assign("in", number, NextOffset(0));
            partition.fetched(batch(0, &["wedge".to_owned()]));
            let count = number as u32 + 1;
            until("it is stuck", || door.waiting() == count);
            partition
        })
        .collect();
    let healthy = world.engine.assign("in", 99, NextOffset(0));
    healthy.fetched(batch(0, &numbered(1_000)));
    finished(&healthy, 1_000);
    door.open();
    for partition in &wedged {
        finished(partition, 1);
    }
}

#[test]
fn a_partition_waits_while_all_instances_are_out() {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let world = world(
        vec![handler("h", 1, move |record, call, staging| {
            if record.value == Some(b"hold") {
                at_door.wait();
            }
            echo(record, call, staging)
        })],
        true,
    );
    let holder = world.engine.assign("in", 0, NextOffset(0));
    holder.fetched(batch(0, &["hold".to_owned()]));
    until("the instance is out", || door.waiting() == 1);
    let waiter = world.engine.assign("in", 1, NextOffset(0));
    waiter.fetched(batch(0, &numbered(1)));
    until("the other says what it waits for", || {
        let snapshot = world.engine.snapshot();
        let waits = snapshot.partitions[1].waits.as_ref();
        waits.is_some_and(|waits| waits.kind == "instance")
    });
    assert_eq!(
        waiter.commit_point().map(|point| point.next),
        Some(NextOffset(0))
    );
    door.open();
    finished(&waiter, 1);
    finished(&holder, 1);
}

#[test]
fn every_snapshot_balances_under_load() {
    let world = world(
        vec![
            handler("a", 8, echo),
            handler("b", 8, |_, _, _| Ok(Outcome::Skip(reason()))),
        ],
        true,
    );
    let partitions: Vec<_> = (0..8)
        .map(|number| world.engine.assign("in", number, NextOffset(0)))
        .collect();
    for partition in &partitions {
        for chunk in 0..20 {
            partition.fetched(batch(chunk * 100, &numbered(100)));
        }
    }
    let mut closing = partitions.clone();
    loop {
        let snapshot = world.engine.snapshot();
        assert!(snapshot.handlers.iter().all(|of| of.ledger.balances()));
        let open: u64 = snapshot.handlers.iter().map(|of| of.ledger.open).sum();
        if closing.len() > 4 {
            world.engine.close(&[closing.pop().unwrap()]);
        } else if open == 0
            && closing.iter().all(|of| {
                of.commit_point()
                    .is_some_and(|point| point.next == NextOffset(2_000))
            })
        {
            break;
        }
    }
}
