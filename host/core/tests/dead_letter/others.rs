//! Dead letters of Spring, Connect and Streams.

use penstock_core::dead_letter::{Convention, Letter, headers};
use penstock_core::record::{OwnedHeader, Timestamp};

use crate::{batch, from, own, rejected};

fn spring(prefix: &str, group: &str) -> Vec<OwnedHeader> {
    let name = |of: &str| format!("{prefix}{of}").into_bytes();
    let header = |of: &str, value: &[u8]| own(&name(of), Some(value));
    vec![
        own(b"trace", Some(b"ab")),
        header("original-topic", b"orders"),
        header("original-partition", &2i32.to_be_bytes()),
        header("original-offset", &45i64.to_be_bytes()),
        header("original-timestamp", &1_767_261_600_000i64.to_be_bytes()),
        header("original-timestamp-type", b"CreateTime"),
        own(group.as_bytes(), Some(b"billing")),
        header(
            "exception-fqcn",
            b"org.springframework.kafka.ListenerFailed",
        ),
        header("exception-cause-fqcn", b"java.lang.IllegalStateException"),
        header("exception-message", b"boom"),
        header("exception-stacktrace", b"at a.B.c(B.java:1)"),
        own(b"retry_topic-attempts", Some(&4i32.to_be_bytes())),
        own(b"kafka_foreign", Some(b"kept")),
    ]
}

#[test]
fn springs_letters_are_read_in_both_its_ways() {
    for prefix in ["kafka_dlt-", "kafka_"] {
        let letter = Letter::read(spring(prefix, "kafka_dlt-original-consumer-group"));
        assert_eq!(letter.convention, Convention::Spring);
        let origin = letter.origin.clone().expect("an origin");
        assert_eq!(
            (
                &*origin.topic,
                origin.partition,
                origin.offset,
                origin.timestamp_ms
            ),
            ("orders", Some(2), Some(45), Some(1_767_261_600_000))
        );
        assert_eq!(letter.handler.as_deref(), Some("billing"));
        assert_eq!(
            letter.reason.as_deref(),
            Some("java.lang.IllegalStateException")
        );
        assert_eq!(letter.text.as_deref(), Some("boom\nat a.B.c(B.java:1)"));
        assert_eq!(letter.attempts, Some(4));
        let names: Vec<_> = letter.own.iter().map(|of| of.name.as_slice()).collect();
        assert_eq!(names, [b"trace".as_slice(), b"kafka_foreign"], "{prefix}");
    }
}

#[test]
fn the_first_hop_is_the_origin_and_a_redrive_keeps_it() {
    let mut headers = spring("kafka_dlt-", "kafka_dlt-original-consumer-group");
    headers.push(own(b"kafka_dlt-original-topic", Some(b"orders-retry")));
    headers.push(own(b"kafka_dlt-original-offset", Some(&9i64.to_be_bytes())));
    let letter = Letter::read(headers);
    let origin = letter.origin.clone().expect("an origin");
    assert_eq!((&*origin.topic, origin.offset), ("orders", Some(45)));
    // It fails in Spring again, from another offset.
    let mut again = letter.redriven(None).expect("a topic");
    again.extend([
        own(b"kafka_dlt-original-topic", Some(b"orders")),
        own(b"kafka_dlt-original-partition", Some(&0i32.to_be_bytes())),
        own(b"kafka_dlt-original-offset", Some(&99i64.to_be_bytes())),
    ]);
    let again = Letter::read(again);
    assert_eq!((again.origin, again.redrives), (Some(origin), 1));
    assert_eq!(again.own, letter.own);
}

#[test]
fn connects_letters_are_read() {
    let header = |of: &str, value: &str| {
        own(
            format!("__connect.errors.{of}").as_bytes(),
            Some(value.as_bytes()),
        )
    };
    let letter = Letter::read(vec![
        own(b"trace", None),
        header("topic", "orders"),
        header("partition", "12"),
        header("offset", "12345678"),
        header("connector.name", "jdbc-sink"),
        header("task.id", "0"),
        header("stage", "VALUE_CONVERTER"),
        header("class.name", "org.apache.kafka.connect.json.JsonConverter"),
        header("exception.class.name", "org.apache.kafka.DataException"),
        header("exception.message", "not JSON"),
        own(b"__connect.errors.exception.stacktrace", None),
    ]);
    assert_eq!(letter.convention, Convention::Connect);
    let origin = letter.origin.expect("an origin");
    assert_eq!(
        (origin.partition, origin.offset),
        (Some(12), Some(12_345_678))
    );
    assert_eq!(letter.handler.as_deref(), Some("jdbc-sink"));
    assert_eq!(
        letter.reason.as_deref(),
        Some("org.apache.kafka.DataException")
    );
    assert_eq!(letter.text.as_deref(), Some("not JSON"));
    assert_eq!(letter.own, [own(b"trace", None)]);
}

#[test]
fn streams_letters_are_read() {
    let header = |of: &str, value: &str| {
        own(
            format!("__streams.errors.{of}").as_bytes(),
            Some(value.as_bytes()),
        )
    };
    let letter = Letter::read(vec![
        header(
            "exception",
            "java.lang.IllegalArgumentException: count must be positive",
        ),
        header("message", "count must be positive"),
        header("stacktrace", "java.lang.IllegalArgumentException\n\tat x"),
        header("topic", "clicks"),
        header("partition", "1"),
        header("offset", "7"),
    ]);
    assert_eq!(letter.convention, Convention::Streams);
    let origin = letter.origin.expect("an origin");
    assert_eq!(
        (&*origin.topic, origin.partition, origin.offset),
        ("clicks", Some(1), Some(7))
    );
    assert_eq!(
        letter.reason.as_deref(),
        Some("java.lang.IllegalArgumentException")
    );
    assert!(letter.own.is_empty());
}

#[test]
fn who_wrote_last_is_believed() {
    let theirs = spring("kafka_dlt-", "kafka_dlt-original-consumer-group");
    let batch = batch(4, Timestamp::CreateTime(7), &theirs);
    let ours = headers(&batch.record(0), &from(3), "h", &rejected("no"), 1);
    let letter = Letter::read(ours.clone());
    assert_eq!(
        (letter.convention, letter.own),
        (Convention::Penstock, theirs)
    );
    let mut later = ours;
    later.push(own(b"__streams.errors.topic", Some(b"t.dlq")));
    assert_eq!(Letter::read(later).convention, Convention::Streams);
}
