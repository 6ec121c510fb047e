//! Permissions for what the configuration does, and for nothing else.

use penstock_core::codes::Code;
use penstock_core::diagnosis::snapshot::Answer;
use penstock_core::preflight::Severity::{Note, Problem};
use penstock_core::preflight::snapshot::Operation::{Describe, Read, Write};
use penstock_core::preflight::snapshot::Operations;

use crate::cluster::{Spoil, config, fine, only, report, says};

const CODE: Code = Code::PreflightNotPermitted;

#[test]
fn each_topic_needs_what_is_done_with_it() {
    for (topic, enough) in [
        ("orders", [Read, Describe]),
        ("access", [Write, Describe]),
        ("orders.dlq", [Write, Describe]),
    ] {
        let mut seen = fine();
        seen.at(topic).operations = Some(Operations::of(&enough));
        assert_eq!(report(&config(""), &seen).findings, []);
        seen.at(topic).operations = Some(Operations::of(&[Describe]));
        let found = only(&config(""), &seen, (CODE, Problem, topic));
        let lacking = enough[0].name();
        says(
            &found,
            &format!("User:worker may not {} the topic", lacking.to_lowercase()),
        );
        says(
            &found,
            &format!(
                "kafka-acls.sh --bootstrap-server b:1 --command-config ADMIN.properties --add \
                 --allow-principal User:worker --operation {lacking} --topic {topic}"
            ),
        );
    }
}

#[test]
fn a_topic_that_may_not_even_be_seen_lacks_everything() {
    let mut seen = fine();
    seen.at("orders").partitions = Answer::Unauthorised("TOPIC_AUTHORIZATION_FAILED".to_owned());
    seen.at("orders").operations = None;
    let found = only(&config(""), &seen, (CODE, Problem, "orders"));
    says(
        &found,
        "--operation Read --operation Describe --topic orders",
    );
}

#[test]
fn the_group_needs_read() {
    let refused = Answer::Unauthorised("GROUP_AUTHORIZATION_FAILED".to_owned());
    for answer in [Answer::Known(Operations::of(&[Describe])), refused] {
        let mut seen = fine();
        seen.group_operations = answer;
        seen.access.protocol = "PLAINTEXT".to_owned();
        seen.access.principal = None;
        let found = only(&config(""), &seen, (CODE, Problem, "g"));
        says(
            &found,
            "kafka-acls.sh --bootstrap-server b:1 --add --allow-principal User:NAME \
             --operation Read --group g",
        );
    }
}

#[test]
fn without_an_authoriser_everything_is_permitted() {
    let mut seen = fine();
    seen.has_authoriser = Answer::Known(false);
    seen.group_operations = Answer::Unasked;
    seen.at("orders").operations = None;
    let report = report(&config(""), &seen);
    assert_eq!(report.findings, []);
    assert!(
        report
            .fine
            .iter()
            .any(|text| text.contains("no authoriser"))
    );
}

#[test]
fn what_is_not_told_is_said() {
    let mut seen = fine();
    seen.at("access").operations = None;
    let found = only(
        &config(""),
        &seen,
        (Code::PreflightUnchecked, Note, "permissions"),
    );
    says(&found, "access");
}
