//! Topics: there, writable, large enough, and of a kind that suits what comes there.

use penstock_core::codes::Code;
use penstock_core::diagnosis::snapshot::Answer;
use penstock_core::preflight::Severity::{Note, Problem, Warning};
use penstock_core::preflight::snapshot::Keys;

use crate::cluster::{HOUR_MS, Spoil, config, config_of, fine, only, report, says};
use crate::world::NOW_MS;

#[test]
fn a_topic_that_is_not_there_is_named_with_its_use_and_a_near_name() {
    for (topic, cost) in [
        ("access", "PSK-O002"),
        ("orders.dlq", "PSK-O003"),
        ("orders", "nothing is consumed"),
    ] {
        let mut seen = fine();
        seen.at(topic).partitions = Answer::Missing("UNKNOWN_TOPIC_OR_PARTITION".to_owned());
        seen.topic_names = Answer::Known(vec![format!("{topic}s"), "else".to_owned()]);
        let of = (Code::PreflightTopicMissing, Problem, topic);
        let found = only(&config(""), &seen, of);
        says(&found, cost);
        says(&found, &format!("if {topic}s is meant"));
        says(&found, "--broker --create");
    }
}

#[test]
fn a_partition_without_a_leader_is_a_problem() {
    let mut seen = fine();
    if let Answer::Known(partitions) = &mut seen.at("orders").partitions {
        partitions[1].has_leader = false;
    }
    let found = only(
        &config(""),
        &seen,
        (Code::PreflightReplicas, Problem, "orders"),
    );
    says(&found, "have no leader: 1");
}

#[test]
fn too_few_replicas_keep_a_topic_from_being_written_and_not_from_being_read() {
    let spoilt = |topic: &str, all, in_sync| {
        let mut seen = fine();
        seen.look.brokers.push(seen.look.brokers[0].clone());
        if let Answer::Known(partitions) = &mut seen.at(topic).partitions {
            for of in partitions {
                (of.all, of.in_sync) = (all, in_sync);
            }
        }
        seen
    };
    let of = |severity| (Code::PreflightReplicas, severity, "access");
    let config = config("");
    says(
        &only(&config, &spoilt("access", 1, 1), of(Problem)),
        "1 replica of 2",
    );
    says(
        &only(&config, &spoilt("access", 3, 1), of(Problem)),
        "can't be written now",
    );
    says(
        &only(&config, &spoilt("access", 2, 2), of(Warning)),
        "one broker is away",
    );
    assert_eq!(report(&config, &spoilt("orders", 3, 1)).findings, []);
}

#[test]
fn an_output_that_may_be_too_large_is_a_note_or_a_warning() {
    let seen = fine().set("access", "max.message.bytes", "1000");
    let found = only(
        &config(""),
        &seen,
        (Code::PreflightTooLarge, Note, "access"),
    );
    says(&found, "becomes a dead letter");
    // Without dead letters, the partition halts.
    let halting = config_of("", "", "");
    let mut seen = seen;
    seen.topics.remove("orders.dlq");
    says(
        &only(
            &halting,
            &seen,
            (Code::PreflightTooLarge, Warning, "access"),
        ),
        "halts",
    );
    let small = config("limits = { output-bytes = \"1000B\" }\n");
    let seen = fine().set("access", "max.message.bytes", "1000");
    assert_eq!(report(&small, &seen).findings, []);
}

#[test]
fn a_dead_letter_must_be_able_to_be_as_large_as_its_record() {
    let max = |bytes: &str| fine().set("orders.dlq", "max.message.bytes", bytes);
    let config = config("");
    let found = only(
        &config,
        &max("1000000"),
        (Code::PreflightTooLarge, Warning, "orders.dlq"),
    );
    says(&found, "max.message.bytes=8008192");
    // Only the headers may be too much.
    only(
        &config,
        &max("8000001"),
        (Code::PreflightTooLarge, Note, "orders.dlq"),
    );
    assert_eq!(report(&config, &max("8008192")).findings, []);
}

#[test]
fn old_records_that_wait_are_about_to_be_deleted() {
    let of = (Code::PreflightRetention, Warning, "orders");
    let mut seen = fine().set("orders", "retention.ms", "3600000");
    seen.batch().time_ms = NOW_MS - 50 * 60_000;
    says(&only(&config(""), &seen, of), "deleted in 10 min 0 s");
    seen.batch().time_ms = NOW_MS - 2 * HOUR_MS;
    says(
        &only(&config(""), &seen, of),
        "older than the topic keeps them",
    );
    seen.batch().time_ms = NOW_MS - 40 * 60_000;
    assert_eq!(report(&config(""), &seen).findings, []);
    let for_ever = seen.set("orders", "retention.ms", "-1");
    assert_eq!(report(&config(""), &for_ever).findings, []);
}

#[test]
fn retries_must_not_outlast_what_is_tried() {
    let of = (Code::PreflightRetries, Problem, "orders");
    let kept = |ms: &str| fine().set("orders", "retention.ms", ms);
    // Five attempts, ten seconds apart at most, as by default.
    assert_eq!(report(&config(""), &kept("600000")).findings, []);
    let patient = config("retry = { attempts = 1000, backoff = \"1s..10m\" }\n");
    says(&only(&patient, &kept("3600000"), of), "within 24 h 0 min");
    assert_eq!(report(&patient, &kept("86400000")).findings, []);
    assert_eq!(report(&patient, &kept("-1")).findings, []);
    let compacted = kept("3600000").set("orders", "cleanup.policy", "compact");
    assert_eq!(report(&patient, &compacted).findings, []);
    // Of all classes, and of a code.
    let code =
        "failures = { reject-codes = { busy = { attempts = 100, backoff = \"1m..1m\" } } }\n";
    let found = only(&config(code), &kept("3600000"), of);
    says(
        &found,
        "by `reject-codes.busy` a record is called up to 100 times within 1 h 39 min",
    );
}

#[test]
fn records_without_a_key_can_not_wait_by_it() {
    let by_key = config("retry = { mode = \"key\" }\n");
    let seen = |keys| {
        let mut seen = fine();
        seen.keys.insert("orders".to_owned(), keys);
        seen
    };
    let some = |without| {
        Answer::Known(Keys {
            looked: 20,
            without,
            example: (without > 0).then_some((1, 9)),
        })
    };
    let of = (Code::PreflightKeyless, Warning, "orders");
    let found = only(&by_key, &seen(some(3)), of);
    says(&found, "3 of the latest 20 records have none, as [1] 9");
    let of = (Code::PreflightKeyless, Problem, "orders");
    says(&only(&by_key, &seen(some(20)), of), "20 of the latest 20");
    let keyed = report(&by_key, &seen(some(0)));
    assert_eq!(keyed.findings, []);
    assert!(keyed.fine.iter().any(|text| text.contains("have keys")));
    // Nobody asks them to.
    assert_eq!(report(&config(""), &seen(some(3))).findings, []);
    let hidden = seen(Answer::Failed("no answer".to_owned()));
    let of = (Code::PreflightUnchecked, Note, "orders");
    says(&only(&by_key, &hidden, of), "could not be seen");
}

#[test]
fn what_waits_must_not_fill_the_topic() {
    // Ten records of 100 bytes.
    let full = fine().set("orders", "retention.bytes", "1200");
    let found = only(
        &config(""),
        &full,
        (Code::PreflightRetention, Warning, "orders"),
    );
    says(&found, "about 1000 bytes wait in [0]");
    let ample = fine().set("orders", "retention.bytes", "2000");
    assert_eq!(report(&config(""), &ample).findings, []);
}

#[test]
fn compacted_topics_take_no_record_without_a_key() {
    let of = |severity, topic| (Code::PreflightCompacted, severity, topic);
    let compacted = |topic: &str| fine().set(topic, "cleanup.policy", "compact,delete");
    says(
        &only(&config(""), &compacted("access"), of(Note, "access")),
        "sets a key",
    );
    let found = only(
        &config(""),
        &compacted("orders.dlq"),
        of(Warning, "orders.dlq"),
    );
    says(&found, "has no key can't become a dead letter");
    assert_eq!(report(&config(""), &compacted("orders")).findings, []);
}

#[test]
fn outputs_carry_timestamps_that_their_topic_must_take() {
    let of = |severity| (Code::PreflightTimestamps, severity, "access");
    let input = config("");
    let now = config("timestamp = \"now\"\n");
    let arrival = fine().set("access", "message.timestamp.type", "LogAppendTime");
    says(&only(&input, &arrival, of(Note)), "LogAppendTime");
    assert_eq!(report(&now, &arrival).findings, []);

    let mut old = fine();
    old.batch().time_ms = NOW_MS - 5 * HOUR_MS;
    let strict = old
        .clone()
        .set("access", "message.timestamp.before.max.ms", "3600000");
    says(&only(&input, &strict, of(Warning)), "5 h 0 min ago");
    assert_eq!(report(&now, &strict).findings, []);
    let short = old.set("access", "retention.ms", "3600000");
    says(&only(&input, &short, of(Warning)), "soon after they arrive");
    assert_eq!(report(&now, &short).findings, []);

    let mut ahead = fine();
    ahead
        .latest_ms
        .insert("orders".to_owned(), NOW_MS + 2 * HOUR_MS);
    says(&only(&input, &ahead, of(Warning)), "2 h 0 min from now");
}

#[test]
fn what_may_not_be_looked_at_is_no_silence() {
    let mut seen = fine();
    for topic in seen.topics.values_mut() {
        topic.settings = Answer::Unauthorised("TOPIC_AUTHORIZATION_FAILED".to_owned());
    }
    let found = only(
        &config(""),
        &seen,
        (Code::PreflightUnchecked, Note, "settings"),
    );
    says(&found, "access, orders and orders.dlq");
    says(&found, "DescribeConfigs");
    // Nor is it said to be fine.
    let fine = report(&config(""), &seen).fine;
    for part in ["replicas in sync", "deleted by retention"] {
        assert!(!fine.iter().any(|text| text.contains(part)), "{fine:#?}");
    }
}
