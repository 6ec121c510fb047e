//! Where a host begins, and what that costs.

use penstock_core::codes::Code;
use penstock_core::diagnosis::snapshot::{Answer, Commit, Committed};
use penstock_core::preflight::Severity::{Note, Problem, Warning};
use penstock_core::preflight::snapshot::Seen;
use penstock_core::preflight::{Report, TopicEstimate};

use crate::cluster::{config, config_of, fine, only, report, says};
use crate::world::{Build, look};

const CODE: Code = Code::PreflightOutsideLog;

fn logs(of: &[(i64, i64, i64)], commits: &[(i32, i64)]) -> Seen {
    let mut seen = fine();
    let group = seen.look.group.clone();
    seen.look = look().topic("orders", of);
    seen.look.group = group;
    for (partition, offset) in commits {
        seen.look = seen.look.commit("orders", *partition, *offset);
    }
    seen
}

#[track_caller]
fn ahead(report: &Report) -> TopicEstimate {
    let [estimate] = report.at_start.as_slice() else {
        panic!("{:#?}", report.at_start);
    };
    estimate.clone()
}

#[test]
fn a_new_group_begins_where_the_configuration_says() {
    let seen = fine();
    let earliest = ahead(&report(&config(""), &seen));
    assert_eq!((earliest.records, earliest.bytes), (10, Some(1000)));
    assert_eq!((earliest.again, earliest.skipped), (0, 0));
    assert!(earliest.begins.contains("earliest"), "{}", earliest.begins);
    assert_eq!(earliest.oldest.as_deref(), Some("2025-12-31T23:59:00Z"));

    let at = |start: &str| {
        let mut config = config_of("dead-letter = \"orders.dlq\"\n", "", "");
        let topic = config.topics.get_mut("orders").expect("it is there");
        topic.start = match start {
            "latest" => penstock_core::config::Start::Latest,
            _ => penstock_core::config::Start::Time(1_767_225_000_000),
        };
        config
    };
    let latest = ahead(&report(&at("latest"), &seen));
    assert_eq!((latest.records, latest.skipped), (0, 10));
    let mut seen = seen;
    seen.starts.insert(("orders".to_owned(), 0), 4);
    let timed = ahead(&report(&at("time"), &seen));
    assert_eq!((timed.records, timed.skipped), (6, 4));
}

#[test]
fn a_group_goes_on_where_it_was_and_new_partitions_are_read_whole() {
    let seen = logs(&[(0, 10, 10), (2, 9, 9)], &[(0, 6)]);
    let estimate = ahead(&report(&config(""), &seen));
    assert_eq!(estimate.records, 4 + 7);
    // Their commit may only have expired.
    assert_eq!(estimate.again, 7);
    assert_eq!(
        estimate.begins,
        "at the committed offsets, in 1 partition at the earliest record"
    );
    let all = logs(&[(0, 10, 10), (2, 9, 9)], &[(0, 6), (1, 9)]);
    let estimate = ahead(&report(&config(""), &all));
    assert_eq!(estimate.begins, "at the committed offsets");
    assert_eq!((estimate.records, estimate.again), (4, 0));
}

#[test]
fn only_what_is_committed_is_read() {
    // Three of ten are held back by a transaction.
    let seen = logs(&[(0, 7, 10)], &[]);
    assert_eq!(ahead(&report(&config(""), &seen)).records, 7);
}

#[test]
fn deleted_unread_is_a_warning_and_behind_the_end_a_problem() {
    let below = logs(&[(8, 10, 10)], &[(0, 3)]);
    let found = only(&config(""), &below, (CODE, Warning, "orders"));
    says(&found, "up to 5 records");
    says(&found, "[0] (committed 3, the log is 8 to 10)");
    let beyond = logs(&[(0, 10, 10)], &[(0, 30)]);
    let found = only(&config(""), &beyond, (CODE, Problem, "orders"));
    says(&found, "up to 10 records may be processed again");
    says(&found, "penstock offsets reset");
    assert_eq!(ahead(&report(&config(""), &beyond)).again, 10);
    // A transaction may hold the end of the log back behind the commit.
    let held = logs(&[(0, 5, 10)], &[(0, 8)]);
    assert_eq!(report(&config(""), &held).findings, []);
    assert_eq!(ahead(&report(&config(""), &held)).records, 0);
}

#[test]
fn where_it_begins_may_be_unknown() {
    let mut seen = fine();
    seen.look.committed = Answer::Unauthorised("GROUP_AUTHORIZATION_FAILED".to_owned());
    let unknown = report(&config(""), &seen);
    assert_eq!(unknown.at_start, []);
    only(&config(""), &seen, (Code::PreflightUnchecked, Note, "g"));
    let mut seen = fine();
    seen.look.committed = Answer::Known(vec![Commit {
        topic: "orders".to_owned(),
        partition: 0,
        offset: Committed::Unstable,
    }]);
    let found = only(
        &config(""),
        &seen,
        (Code::PreflightUnchecked, Note, "orders"),
    );
    says(&found, "a transaction that is not over yet");
}
