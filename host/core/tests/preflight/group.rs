//! The group, the brokers' abilities, and the clocks.

use penstock_core::codes::Code;
use penstock_core::diagnosis::snapshot::{Answer, GroupKind};
use penstock_core::preflight::Severity::{Problem, Warning};
use penstock_core::preflight::snapshot::{Clock, Seen};

use crate::cluster::{HOUR_MS, Spoil, config, config_of, fine, only, report, says};
use crate::world::{Build, member};

const CODE: Code = Code::PreflightGroup;
const DLQ: &str = "dead-letter = \"orders.dlq\"\n";

fn group(kind: GroupKind, assignor: &str, client: &str) -> Seen {
    let mut seen = fine();
    if let Answer::Known(group) = &mut seen.look.group {
        group.kind = kind;
        group.assignor = assignor.to_owned();
    }
    seen.look = seen.look.with(member(client, "orders", &[0]));
    seen
}

#[test]
fn hosts_of_the_group_are_no_strangers_and_others_are() {
    let ours = group(GroupKind::Classic, "cooperative-sticky", "penstock-b:9644");
    assert_eq!(report(&config(""), &ours).findings, []);
    let theirs = group(GroupKind::Classic, "cooperative-sticky", "kafkajs");
    let found = only(&config(""), &theirs, (CODE, Problem, "g"));
    says(&found, "kafkajs on 10.0.0.1");
}

#[test]
fn assignors_do_not_mix() {
    let seen = group(GroupKind::Classic, "RoundRobinAssigner", "kafkajs");
    let found = only(&config(""), &seen, (CODE, Problem, "g"));
    says(
        &found,
        "by RoundRobinAssigner, the host by cooperative-sticky",
    );
    says(&found, "kafkajs on 10.0.0.1");
}

#[test]
fn a_group_of_another_kind_is_not_joined() {
    let share = group(GroupKind::Share, "", "other");
    only(&config(""), &share, (CODE, Problem, "g"));
    let modern = group(GroupKind::Consumer, "uniform", "penstock-b:9644");
    only(&config(""), &modern, (CODE, Warning, "g"));
    let consumer = config_of(DLQ, "protocol = \"consumer\"\n", "");
    assert_eq!(report(&consumer, &modern).findings, []);
}

#[test]
fn the_newer_protocol_must_be_known_and_switched_on() {
    let consumer = config_of(DLQ, "protocol = \"consumer\"\n", "");
    let of = (Code::PreflightUnsupported, Problem, "g");
    assert_eq!(report(&consumer, &fine()).findings, []);
    let mut off = fine();
    off.consumer_protocol = Answer::Known(false);
    says(
        &only(&consumer, &off, of),
        "group.coordinator.rebalance.protocols",
    );
    let mut old = fine();
    if let Answer::Known(requests) = &mut old.requests {
        requests.remove(&68);
    }
    says(&only(&consumer, &old, of), "Kafka 4.0");
    assert_eq!(report(&config(""), &old).findings, []);
}

#[test]
fn brokers_may_be_too_old() {
    let mut seen = fine();
    if let Answer::Known(requests) = &mut seen.requests {
        requests.insert(9, (0, 6));
        requests.remove(&22);
    }
    let of = (Code::PreflightUnsupported, Problem, "brokers");
    says(
        &only(&config(""), &seen, of),
        "OffsetFetch and InitProducerId",
    );
}

#[test]
fn a_codec_that_is_not_known_is_a_problem() {
    let mut seen = fine();
    seen.batch().codec = "codec 7".to_owned();
    let found = only(
        &config(""),
        &seen,
        (Code::PreflightUnsupported, Problem, "orders"),
    );
    says(&found, "codec 7");
}

#[test]
fn clocks_are_compared_as_well_as_can_be() {
    let clock = |ahead_ms, within_ms| {
        let mut seen = fine();
        seen.clock = Answer::Known(Clock {
            ahead_ms,
            within_ms,
        });
        seen
    };
    let of = |severity| (Code::PreflightClocks, severity, "clock");
    says(
        &only(&config(""), &clock(60_000, 5), of(Warning)),
        "1 min 0 s behind",
    );
    // Ahead by more than a topic takes, of what is dated with now: dead letters.
    let far = clock(-2 * HOUR_MS, 5);
    says(&only(&config(""), &far, of(Problem)), "orders.dlq refuses");
    // An answer that took too long tells nothing.
    assert_eq!(report(&config(""), &clock(12_000, 4_000)).findings, []);
    let mut unknown = fine();
    unknown.clock = Answer::Unauthorised("CLUSTER_AUTHORIZATION_FAILED".to_owned());
    let said = report(&config(""), &unknown).fine;
    assert!(
        said.iter()
            .any(|text| text.contains("clocks were not compared"))
    );
}
