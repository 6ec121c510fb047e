//! Where a group stands: nowhere, or outside of the log.

use penstock_core::diagnosis::snapshot::{Answer, Snapshot};
use penstock_core::diagnosis::{Certainty, StageState, watch_ms};

use crate::world::{Build, codes, healthy, look, member, only, snapshot, still};

/// Records that were there before any consumer, in partitions 0 and 2.
fn incident() -> penstock_core::diagnosis::snapshot::Look {
    look()
        .topic("purchases", &[(0, 1, 1), (0, 0, 0), (0, 1, 1)])
        .with(member("worker", "purchases", &[0, 1, 2]))
}

#[test]
fn the_incident_is_named_with_evidence_and_cure() {
    let diagnosis = only(&still(incident()), "PSK-D001");
    let finding = &diagnosis.findings[0];
    assert_eq!(finding.certainty, Certainty::Candidate);
    assert!(
        finding
            .cause
            .starts_with("2 records wait in partitions 0 and 2"),
        "{}",
        finding.cause
    );
    assert!(
        finding.cause.contains("never committed"),
        "{}",
        finding.cause
    );
    let labels: Vec<&str> = finding
        .evidence
        .iter()
        .map(|of| of.label.as_str())
        .collect();
    assert_eq!(labels, ["group", "purchases[0]", "purchases[2]", "watched"]);
    let commands: Vec<&str> = finding
        .cure
        .iter()
        .filter_map(|of| of.command.as_deref())
        .collect();
    assert_eq!(
        commands,
        [
            "penstock offsets reset --bootstrap broker:9092 --group workers --topic purchases \
             --partition 0 --partition 2 --to earliest"
        ]
    );
    let failed: Vec<&str> = diagnosis
        .stages
        .iter()
        .filter(|of| of.state == StageState::Failed)
        .map(|of| of.stage.name())
        .collect();
    assert_eq!(failed, ["position"]);
}

#[test]
fn a_partition_among_others_is_new_or_expired() {
    let look = incident()
        .commit("purchases", 0, 1)
        .commit("purchases", 1, 0);
    let diagnosis = only(&still(look), "PSK-D001");
    let cause = &diagnosis.findings[0].cause;
    assert!(cause.contains("though it has some for others"), "{cause}");
}

#[test]
fn what_is_no_missing_commit() {
    let nothing_to_read =
        look()
            .topic("purchases", &[(7, 7, 7)])
            .with(member("worker", "purchases", &[0]));
    healthy(&still(nothing_to_read));
    // It has just begun, and commits.
    healthy(&snapshot(&[
        incident(),
        incident()
            .commit("purchases", 0, 1)
            .commit("purchases", 2, 1)
            .after(3000),
    ]));
    // The records came only now.
    let empty = look()
        .topic("purchases", &[(0, 0, 0)])
        .with(member("worker", "purchases", &[0]));
    let written = look()
        .topic("purchases", &[(0, 1, 1)])
        .with(member("worker", "purchases", &[0]));
    healthy(&snapshot(&[empty, written.after(10_000)]));
    healthy(&still(incident().state("PreparingRebalance")));
}

#[test]
fn a_missing_commit_is_watched_for_before_it_means_anything() {
    assert_eq!(watch_ms(&snapshot(&[incident()])), 6000);
    assert_eq!(codes(&snapshot(&[incident()])), Vec::<&str>::new());
    let caught_up = incident()
        .commit("purchases", 0, 1)
        .commit("purchases", 2, 1);
    assert_eq!(watch_ms(&snapshot(&[caught_up])), 0);
}

#[test]
fn a_snapshot_is_the_same_after_it_was_saved() {
    let mut snapshot = still(incident());
    snapshot.groups = Answer::Unauthorised("CLUSTER_AUTHORIZATION_FAILED".to_owned());
    let text = snapshot.to_json().expect("it can be written");
    assert_eq!(Snapshot::from_json(&text), Ok(snapshot));
    let other = text.replacen("\"format\": 1", "\"format\": 2", 1);
    let error = Snapshot::from_json(&other).expect_err("another form");
    assert_eq!(error, "it has the form 2; this program reads the form 1");
    assert!(Snapshot::from_json("[]").is_err_and(|error| error.starts_with("it is no snapshot")));
}

fn at(offset: i64) -> Snapshot {
    let look = look()
        .topic("t", &[(10, 20, 20)])
        .with(member("worker", "t", &[0]))
        .commit("t", 0, offset);
    snapshot(&[look])
}

#[test]
fn a_commit_outside_of_the_log_is_found_and_one_at_its_ends_is_not() {
    let deleted = only(&at(9), "PSK-D002");
    assert!(
        deleted.findings[0]
            .cause
            .contains("before the first record: up to 1 record")
    );
    let mut with_settings = at(9);
    let retention = ("retention.ms".to_owned(), "3600000".to_owned());
    with_settings.looks[0].topics[0].settings = Answer::Known([retention].into());
    let shown = only(&with_settings, "PSK-D002").findings[0]
        .evidence
        .last()
        .cloned();
    assert_eq!(shown.map(|of| of.value), Some("3600000".to_owned()));
    let beyond = only(&at(21), "PSK-D002");
    assert!(
        beyond.findings[0]
            .cause
            .contains("behind the end of the log")
    );
    assert!(codes(&at(10)).is_empty());
    assert!(codes(&at(20)).is_empty());
}
