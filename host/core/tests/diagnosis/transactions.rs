//! Transactions that are open for long, and those that are not.

use penstock_core::diagnosis::snapshot::{
    Answer, Commit, Committed, Look, OpenTransaction, Snapshot, Transaction,
};
use penstock_core::diagnosis::watch_ms;

use crate::world::{Build, NOW_MS, healthy, look, member, only, snapshot, still};

/// A group at the last stable offset, 5, of a log that ends at 9.
fn held() -> Look {
    look()
        .topic("t", &[(0, 5, 9)])
        .with(member("worker", "t", &[0]))
        .commit("t", 0, 5)
}

fn open(known_as: Answer<Transaction>) -> OpenTransaction {
    OpenTransaction {
        topic: "t".to_owned(),
        partition: 0,
        from: 5,
        producer: 77,
        epoch: 3,
        coordinator_epoch: 0,
        last_write_ms: NOW_MS - 60_000,
        known_as,
    }
}

fn ongoing(started_ms: i64) -> Answer<Transaction> {
    Answer::Known(Transaction {
        id: "payments-1".to_owned(),
        state: "Ongoing".to_owned(),
        timeout_ms: 900_000,
        started_ms: Some(started_ms),
    })
}

fn with(look: Look, of: OpenTransaction) -> Snapshot {
    let mut snapshot = still(look);
    snapshot.open_transactions = vec![of];
    snapshot
}

#[test]
fn a_transaction_that_stays_open_is_named_and_ended_by_its_name() {
    let diagnosis = only(&with(held(), open(ongoing(NOW_MS - 60_000))), "PSK-D010");
    let finding = &diagnosis.findings[0];
    assert!(
        finding.cause.contains("the transaction of payments-1"),
        "{}",
        finding.cause
    );
    assert!(
        finding.cause.contains("open for 1 min 10 s"),
        "{}",
        finding.cause
    );
    let command = finding
        .cure
        .iter()
        .find_map(|step| step.command.as_deref())
        .unwrap_or_default();
    assert!(
        command.ends_with("forceTerminateTransaction --transactionalId payments-1"),
        "{command}"
    );
}

#[test]
fn one_that_its_coordinator_does_not_know_is_aborted_in_its_partition() {
    let unknown = Answer::Missing("no coordinator knows it".to_owned());
    let diagnosis = only(&with(held(), open(unknown)), "PSK-D010");
    let command = diagnosis.findings[0].cure[0]
        .command
        .as_deref()
        .unwrap_or_default();
    assert!(
        command.ends_with("abort --topic t --partition 0 --start-offset 5"),
        "{command}"
    );
}

#[test]
fn open_transactions_are_usual() {
    // It began five seconds before the first look, and both are only three apart.
    let mut young = snapshot(&[held(), held().after(3000)]);
    young.open_transactions = vec![open(ongoing(NOW_MS - 5000))];
    let notes = healthy(&young).notes;
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("a transaction is open in t[0]")),
        "{notes:?}"
    );
    // Another one each time.
    let later = look()
        .topic("t", &[(0, 8, 12)])
        .with(member("worker", "t", &[0]))
        .commit("t", 0, 8);
    healthy(&snapshot(&[held(), later.after(10_000)]));
    // One that reads what is not committed goes on.
    let beyond = look()
        .topic("t", &[(0, 5, 9)])
        .with(member("worker", "t", &[0]))
        .commit("t", 0, 9);
    healthy(&with(beyond, open(ongoing(NOW_MS - 60_000))));
    assert_eq!(watch_ms(&snapshot(&[held()])), 3000);
}

#[test]
fn a_commit_in_a_transaction_that_does_not_end_is_found() {
    let pending = || {
        let mut look = look()
            .topic("t", &[(0, 9, 9)])
            .with(member("worker", "t", &[0]));
        look.committed = Answer::Known(vec![Commit {
            topic: "t".to_owned(),
            partition: 0,
            offset: Committed::Unstable,
        }]);
        look
    };
    only(&still(pending()), "PSK-D015");
    assert_eq!(watch_ms(&snapshot(&[pending()])), 3000);
    // Of a group without members, too: the next one to come can't begin.
    let mut empty = pending().state("Empty");
    if let Answer::Known(group) = &mut empty.group {
        group.members.clear();
    }
    assert_eq!(watch_ms(&snapshot(std::slice::from_ref(&empty))), 3000);
    only(&still(empty), "PSK-D015");
    let done = look()
        .topic("t", &[(0, 9, 9)])
        .with(member("worker", "t", &[0]))
        .commit("t", 0, 9);
    healthy(&snapshot(&[pending(), done.after(3000)]));
}
