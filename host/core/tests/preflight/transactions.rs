//! What exactly once takes of the brokers.

use penstock_core::codes::Code;
use penstock_core::config::Config;
use penstock_core::diagnosis::snapshot::Answer;
use penstock_core::preflight::Severity::{Note, Problem};
use penstock_core::preflight::snapshot::Seen;

use crate::cluster::{config, config_of, fine, only, report, says};

fn once() -> Config {
    let of_kafka = "delivery = \"exactly-once\"\ntransaction = { timeout = \"60s\" }\n";
    config_of("dead-letter = \"orders.dlq\"\n", of_kafka, "")
}

fn able() -> Seen {
    Seen {
        may_transact: Answer::Known(true),
        transaction_ms_max: Answer::Known(60_000),
        ..fine()
    }
}

#[test]
fn brokers_that_permit_the_id_and_the_time_are_fine() {
    let report = report(&once(), &able());
    assert_eq!(report.findings, []);
    let fine = "transactions can be written as g-a".to_owned();
    assert!(report.fine.contains(&fine), "{:#?}", report.fine);
}

#[test]
fn the_transactional_id_needs_write() {
    let mut seen = able();
    seen.may_transact = Answer::Known(false);
    let found = only(
        &once(),
        &seen,
        (Code::PreflightNotPermitted, Problem, "g-a"),
    );
    says(&found, "User:worker may not write the transactional id g-a");
    says(&found, "--operation Write --transactional-id g-a");
    says(
        &found,
        "--transactional-id g- with --resource-pattern-type prefixed",
    );
    assert_eq!(
        report(&config(""), &seen).findings,
        [],
        "at least once needs none"
    );
}

#[test]
fn the_brokers_bound_the_time_out() {
    let mut seen = able();
    seen.transaction_ms_max = Answer::Known(59_999);
    let found = only(&once(), &seen, (Code::PreflightUnsupported, Problem, "g-a"));
    says(&found, "kafka.transaction.timeout is 1 min");
    seen.transaction_ms_max = Answer::Unauthorised("CLUSTER_AUTHORIZATION_FAILED".to_owned());
    let found = only(&once(), &seen, (Code::PreflightUnchecked, Note, "g-a"));
    says(&found, "transaction.max.timeout.ms");
}
