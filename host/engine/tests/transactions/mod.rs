//! Exactly once: what is sent and where reading goes on are committed together, and what is aborted
//! is sent again, or is the next owner's.

mod bank;
mod order;
mod room;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use penstock_core::record::{NextOffset, Record};
use penstock_core::staging::Staging;
use penstock_core::verdict::Outcome;
use penstock_engine::ports::{Blame, Trouble};
use penstock_engine::{Partition, Settled};

use crate::support::*;
use bank::{Bank, Call, bank};

/// Long enough that nothing is committed by the timer within a test.
const NEVER: Duration = Duration::from_secs(3600);
const OFTEN: Duration = Duration::from_millis(2);

fn later(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms)
}

/// Waits until the group goes on at `offset`.
fn committed(bank: &Bank, offset: i64) {
    until(&format!("{offset} is committed"), || {
        bank.committed(0) == Some(NextOffset(offset))
    });
}

fn emitted(bank: &Bank) -> u64 {
    bank.engine.snapshot().handlers[0].ledger.emitted
}

/// Waits until handlers have been called so often.
fn called(bank: &Bank, calls: u64) {
    until(&format!("{calls} calls"), || {
        bank.engine.snapshot().handlers[0].times.count == calls
    });
}

fn one(bank: &Bank, values: &[String]) -> Arc<Partition> {
    let partition = bank.engine.assign("in", 0, NextOffset(0));
    partition.fetched(batch(0, values));
    partition
}

#[test]
fn outputs_and_positions_are_committed_together_and_in_order() {
    let bank = bank(vec![handler("h", 8, echo)], OFTEN);
    let partition = bank.engine.assign("in", 0, NextOffset(0));
    let values = numbered(10_000);
    for (index, chunk) in values.chunks(137).enumerate() {
        partition.fetched(batch(index as i64 * 137, chunk));
    }
    committed(&bank, 10_000);
    assert_eq!(bank.visible(), values);
    until("all have their verdict", || emitted(&bank) == 10_000);
    assert_eq!(
        partition.commit_point(),
        None,
        "the source has nothing to do"
    );
    let status = &bank.engine.snapshot().partitions[0];
    assert_eq!((status.committed, status.unfinished), (Some(10_000), 0));
}

#[test]
fn nothing_is_finished_before_the_commit_and_handlers_go_on_meanwhile() {
    let bank = bank(vec![handler("h", 8, echo)], OFTEN);
    bank.stop_at(Call::Commit);
    let partition = one(&bank, &numbered(3));
    until("the commit is under way", || bank.stopped());
    partition.fetched(batch(3, &numbered(5)));
    let account = || bank.engine.snapshot().handlers[0].clone();
    until("handlers go on", || account().times.count == 8);
    let ledger = account().ledger;
    assert_eq!((ledger.open, ledger.emitted), (8, 0));
    assert_eq!(partition.position(), NextOffset(0));
    bank.go_on();
    committed(&bank, 8);
}

#[test]
fn a_position_is_committed_though_nothing_is_sent() {
    let nothing = |_: &Record<'_>, _, _: &mut Staging| Ok(Outcome::Done);
    let bank = bank(vec![handler("h", 8, nothing)], OFTEN);
    one(&bank, &numbered(5));
    committed(&bank, 5);
    assert!(bank.visible().is_empty());
}

#[test]
fn what_is_aborted_is_sent_again_and_seen_once() {
    let bank = bank(vec![handler("h", 8, echo)], OFTEN);
    bank.trouble(Call::SendOffsets, Trouble::Abort("rebalance".into()));
    one(&bank, &numbered(20));
    committed(&bank, 20);
    assert_eq!(bank.visible(), numbered(20));
    assert!(bank.sink.all().len() > 20, "it was sent again");
}

#[test]
fn a_call_whose_end_is_not_known_is_repeated() {
    let bank = bank(vec![handler("h", 8, echo)], OFTEN);
    for call in [Call::Begin, Call::SendOffsets, Call::Commit] {
        bank.trouble(call, Trouble::Again("time-out".into()));
    }
    one(&bank, &numbered(20));
    committed(&bank, 20);
    assert_eq!(bank.visible(), numbered(20));
}

#[test]
fn the_one_to_blame_among_many_becomes_a_dead_letter_and_its_neighbours_are_seen_once() {
    let bank = bank(vec![handler("h", 8, echo)], OFTEN);
    bank.sink.refuse_if(|sent| {
        let is_large = sent.message.topic.0 == 0 && sent.message.value == Some(b"7".to_vec());
        is_large.then_some(Blame::Message)
    });
    one(&bank, &numbered(20));
    committed(&bank, 20);
    // The dead letter has the record's value, and comes where its output would have.
    assert_eq!(bank.visible(), numbered(20));
    let ledger = bank.engine.snapshot().handlers[0].ledger;
    assert_eq!((ledger.emitted, ledger.dead_lettered), (19, 1));
}

#[test]
fn a_dead_letter_that_is_refused_halts_its_partition_and_no_other() {
    let bank = bank(vec![handler("h", 8, echo)], OFTEN);
    bank.sink.refuse_if(|sent| {
        let is_large = sent.message.value == Some(b"7".to_vec());
        is_large.then_some(Blame::Message)
    });
    one(&bank, &numbered(20));
    let other = bank.engine.assign("in", 1, NextOffset(0));
    other.fetched(batch(0, &["other".to_owned()]));
    committed(&bank, 7);
    until("the other goes on", || {
        bank.committed(1) == Some(NextOffset(1))
    });
    until("it is said", || {
        let partitions = bank.engine.snapshot().partitions;
        let waits = partitions.into_iter().find_map(|status| status.waits);
        waits.is_some_and(|waits| waits.kind == "halted" && waits.offset == Some(7))
    });
    let mut visible = bank.visible();
    visible.retain(|value| value != "other");
    assert_eq!(visible, numbered(7), "nothing behind it is sent");
}

#[test]
fn a_topic_that_cant_be_written_holds_its_partition_and_no_other() {
    let bank = bank(vec![handler("h", 8, echo)], OFTEN);
    let down = Arc::new(AtomicBool::new(true));
    let is_down = Arc::clone(&down);
    bank.sink.refuse_if(move |sent| {
        let is_of_topic = sent
            .message
            .value
            .as_deref()
            .is_some_and(|it| it != b"other");
        (is_of_topic && is_down.load(Ordering::SeqCst)).then_some(Blame::Topic)
    });
    let partition = one(&bank, &numbered(20));
    until("it waits", || {
        let waits = bank.engine.snapshot().partitions[0].waits.clone();
        waits.is_some_and(|waits| waits.kind == "output")
    });
    let other = bank.engine.assign("in", 1, NextOffset(0));
    other.fetched(batch(0, &["other".to_owned()]));
    until("the other goes on", || {
        bank.committed(1) == Some(NextOffset(1))
    });
    assert_eq!(partition.position(), NextOffset(0));
    down.store(false, Ordering::SeqCst);
    committed(&bank, 20);
    until("it waits no longer", || {
        bank.engine.snapshot().partitions[0].waits.is_none()
    });
}

#[test]
fn settling_commits_at_once_what_is_finished() {
    let bank = bank(vec![handler("h", 8, echo)], NEVER);
    let partitions = [one(&bank, &numbered(500))];
    called(&bank, 500);
    assert!(bank.engine.drain(&partitions, later(10_000)));
    assert_eq!(emitted(&bank), 0, "the timer never comes");
    let settled = bank.engine.settle(&partitions, later(10_000));
    assert_eq!(settled, Settled::Committed);
    assert_eq!(bank.committed(0), Some(NextOffset(500)));
    assert_eq!(bank.visible(), numbered(500));
    assert_eq!(bank.engine.close(&partitions).deliveries, 0);
}

#[test]
fn what_a_handler_finishes_after_the_settling_is_the_next_owners() {
    let door = Arc::new(Door::default());
    let at_door = Arc::clone(&door);
    let slow = move |record: &Record<'_>, call, staging: &mut Staging| {
        if record.value == Some(b"slow") {
            at_door.wait();
        }
        echo(record, call, staging)
    };
    let bank = bank(vec![handler("h", 8, slow)], OFTEN);
    let slow = [one(&bank, &["slow".to_owned()])];
    until("it runs", || door.waiting() == 1);
    assert!(!bank.engine.drain(&slow, later(0)));
    let settled = bank.engine.settle(&slow, later(10_000));
    assert_eq!(
        settled,
        Settled::Committed,
        "there is nothing to commit yet"
    );
    door.open();
    called(&bank, 1);
    let other = bank.engine.assign("in", 1, NextOffset(0));
    other.fetched(batch(0, &["other".to_owned()]));
    until("the other is committed", || bank.committed(1).is_some());
    assert_eq!(bank.engine.close(&slow).deliveries, 1);
    assert_eq!(
        (bank.visible(), bank.committed(0)),
        (vec!["other".to_owned()], None)
    );
}

#[test]
fn what_cant_be_committed_in_time_is_undone() {
    let bank = bank(vec![handler("h", 8, echo)], NEVER);
    bank.sink.cork();
    let partitions = [one(&bank, &numbered(5))];
    until("all is sent", || bank.sink.all().len() == 5);
    bank.engine.drain(&partitions, later(0));
    let settled = bank.engine.settle(&partitions, later(20));
    assert_eq!(settled, Settled::Aborted);
    assert_eq!(bank.open(), 0, "it is aborted");
    assert_eq!(bank.engine.close(&partitions).deliveries, 5);
    bank.sink.uncork();
    let again = bank.engine.assign("in", 0, NextOffset(0));
    again.fetched(batch(0, &numbered(5)));
    called(&bank, 10);
    bank.engine.drain(&[Arc::clone(&again)], later(10_000));
    bank.engine.settle(&[again], later(10_000));
    assert_eq!(bank.visible(), numbered(5));
}

#[test]
fn a_lost_partition_waits_for_a_commit_that_is_under_way() {
    let bank = Arc::new(bank(vec![handler("h", 8, echo)], OFTEN));
    bank.stop_at(Call::Commit);
    let partition = one(&bank, &numbered(3));
    until("the commit is under way", || bank.stopped());
    let (at_bank, lost) = (Arc::clone(&bank), Arc::clone(&partition));
    let abandoning = std::thread::spawn(move || at_bank.engine.abandon(&[lost]));
    until("it is abandoned", || {
        assert!(!abandoning.is_finished(), "the commit is not over");
        bank.engine
            .settling(&[Arc::clone(&partition)], true)
            .is_none()
    });
    bank.go_on();
    assert_eq!(abandoning.join().unwrap(), Settled::Committed);
    assert_eq!(bank.visible(), numbered(3));
}

#[test]
fn a_lost_partition_takes_its_transaction_with_it_and_the_others_begin_anew() {
    let bank = bank(vec![handler("h", 8, echo)], NEVER);
    let lost = one(&bank, &numbered(3));
    let other = bank.engine.assign("in", 1, NextOffset(0));
    other.fetched(batch(0, &["other".to_owned()]));
    until("all is sent", || bank.sink.all().len() == 4);
    assert_eq!(bank.engine.abandon(&[Arc::clone(&lost)]), Settled::Aborted);
    bank.engine.close(&[lost]);
    until("it is sent again", || bank.sink.all().len() == 5);
    bank.engine.drain(&[Arc::clone(&other)], later(10_000));
    assert_eq!(
        bank.engine.settle(&[other], later(10_000)),
        Settled::Committed
    );
    assert_eq!(bank.visible(), ["other"]);
    assert_eq!(
        (bank.committed(0), bank.committed(1)),
        (None, Some(NextOffset(1)))
    );
}

#[test]
fn a_producer_of_no_more_use_is_the_end_of_it() {
    let bank = bank(vec![handler("h", 8, echo)], OFTEN);
    bank.trouble(Call::Commit, Trouble::Fatal("fenced".into()));
    let partition = one(&bank, &numbered(3));
    until("it is said", || bank.failed() == Some("fenced".into()));
    assert_eq!(
        bank.engine.settle(&[partition], later(10_000)),
        Settled::Failed
    );
    assert_eq!(bank.committed(0), None);
}
