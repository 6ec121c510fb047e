//! Each kind of failure: its verdict, its dead letter, and that nothing else is touched by it.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use penstock_tests::{Host, HostConfig, Outgoing, Record, eventually};

use crate::support::{Line, SOON, Scrape, Watch, log_lines};

/// A record's command, and what its dead letter must say.
struct Case {
    value: &'static str,
    code: &'static str,
    reason: Option<&'static str>,
    attempts: &'static str,
    /// Each is in the text.
    text: &'static [&'static str],
}

const fn case(value: &'static str, code: &'static str, text: &'static [&'static str]) -> Case {
    Case {
        value,
        code,
        reason: None,
        attempts: "1",
        text,
    }
}

const CASES: [Case; 15] = [
    Case {
        reason: Some("asked-to"),
        ..case("reject", "PSK-H002", &["the record asked for it"])
    },
    Case {
        reason: Some("asked-to"),
        ..case("emit-then-reject", "PSK-H002", &["after an output"])
    },
    Case {
        reason: Some("unknown-command"),
        ..case("nonsense", "PSK-H002", &["no such command: nonsense"])
    },
    Case {
        reason: Some("asked-to"),
        attempts: "3",
        ..case("retry", "PSK-H001", &["attempt 3 asked for another"])
    },
    case(
        "crash",
        "PSK-H003",
        &["the record asked for it", "unruly:1"],
    ),
    case(
        "panic",
        "PSK-H004",
        &["asked for it", "Unruly", "handle", "unruly/src/lib.rs:"],
    ),
    case(
        "trap",
        "PSK-H004",
        &["unreachable", "unruly::trap", "unruly/src/lib.rs:"],
    ),
    case("emit-then-trap", "PSK-H004", &["unruly::trap"]),
    case("recurse", "PSK-H004", &["unruly::recurse"]),
    Case {
        attempts: "2",
        ..case("loop", "PSK-H005", &["150ms"])
    },
    case("oom", "PSK-H006", &["16777216 bytes"]),
    case("allocate 33554432", "PSK-H006", &["16777216 bytes"]),
    case("outputs 11", "PSK-H007", &["more than 10 outputs"]),
    case("output-bytes 65537", "PSK-H008", &["more than 65536 bytes"]),
    case("unknown-output", "PSK-H009", &["output 99"]),
];

/// Limits that are quickly run into, and a retry that is soon exhausted.
fn strict(line: &Line) -> Result<HostConfig> {
    let config = line.unruly("h1", "classic")?;
    let limit = |config: HostConfig, name: &str, value: toml::Value| {
        config.set(&["handlers", "unruly", "limits", name], value)
    };
    let config = limit(config, "deadline", "150ms".into());
    let config = limit(config, "memory", "16MiB".into());
    let config = limit(config, "outputs", 10.into());
    let config = limit(config, "output-bytes", "64KiB".into());
    let config = limit(config, "log-lines", 5.into());
    Ok(config
        .set(&["handlers", "unruly", "retry", "attempts"], 3)
        .set(&["handlers", "unruly", "retry", "backoff"], "10ms..50ms"))
}

fn now_ms() -> Result<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(i64::try_from(now.as_millis())?)
}

#[test]
fn each_failure_is_a_dead_letter_with_its_reason_and_its_neighbours_keep_their_order() -> Result<()>
{
    let line = Line::new("failures", 1)?;
    let begun = now_ms()?;
    let mut values = vec!["ok 0".to_owned()];
    for (index, case) in CASES.iter().enumerate() {
        values.extend([case.value.to_owned(), format!("ok {}", index + 1)]);
    }
    let sent: Vec<_> = values
        .iter()
        .zip(1_767_225_600_000..)
        .map(|(value, ms)| {
            let record = Outgoing::to(&line.input).partition(0).key("k");
            record.value(value.as_str()).timestamp(ms)
        })
        .collect();
    line.client.produce(&sent)?;
    let mut host = Host::start(&strict(&line)?)?;
    eventually("all is committed", SOON, || line.is_caught_up());

    let healthy: Vec<_> = values.iter().filter(|v| v.starts_with("ok")).collect();
    assert_eq!(line.outputs()?.iter().collect::<Vec<_>>(), healthy);

    let letters = line.client.read_all(&line.dead)?;
    let commands: Vec<_> = letters.iter().map(Record::text).collect();
    assert_eq!(commands, CASES.map(|case| case.value));
    for (index, (letter, case)) in letters.iter().zip(&CASES).enumerate() {
        let offset = 1 + 2 * index;
        let header = |name: &str| letter.header(&format!("penstock.{name}"));
        let text = header("text").unwrap_or_default();
        println!("{}: {text}", case.value);
        let value = case.value;
        assert_eq!(header("code").as_deref(), Some(case.code), "{value}");
        assert_eq!(header("reason").as_deref(), case.reason, "{value}");
        assert_eq!(
            header("attempts").as_deref(),
            Some(case.attempts),
            "{value}"
        );
        for part in case.text {
            assert!(text.contains(part), "{value}: no `{part}` in `{text}`");
        }
        assert_eq!(header("handler").as_deref(), Some("unruly"));
        assert_eq!(header("topic").as_deref(), Some(&*line.input));
        assert_eq!(header("partition").as_deref(), Some("0"));
        assert_eq!(header("offset"), Some(offset.to_string()));
        let timestamp = 1_767_225_600_000 + offset as i64;
        assert_eq!(header("timestamp"), Some(timestamp.to_string()));
        assert_eq!(header("timestamp-type").as_deref(), Some("create-time"));
        assert!(letter.timestamp >= begun, "a dead letter's own time is now");
        assert_eq!(letter.key_text(), "k");
    }

    let log = log_lines(&mut host);
    let told = |message: &str| log.iter().filter(|line| line["message"] == message).count();
    assert_eq!(told("received"), values.len());
    assert_eq!(told("emitted"), healthy.len());
    assert_eq!(told("dead-lettered"), CASES.len());
    // Two of `retry`, one of `loop`.
    assert_eq!(told("retrying"), 3);
    let scrape = Scrape::of(&host)?;
    let verdict = |verdict: &str| {
        let labels = [("handler", "unruly"), ("verdict", verdict)];
        scrape.value("penstock_deliveries_total", &labels)
    };
    assert_eq!(verdict("emitted"), Some(healthy.len() as f64));
    assert_eq!(verdict("dead-lettered"), Some(CASES.len() as f64));
    host.stop()
}

#[test]
fn a_retry_ends_with_the_attempt_that_succeeds() -> Result<()> {
    let line = Line::new("retried", 1)?;
    line.send(0, &["ok 1", "retry-until 3", "retry-after 300", "ok 2"])?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["handlers", "unruly", "retry", "backoff"], "50ms..5s");
    let mut host = Host::start(&config)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(
        line.outputs()?,
        ["ok 1", "retry-until 3", "retry-after 300", "ok 2"]
    );
    assert_eq!(line.dead_letters()?, [""; 0]);
    let log = log_lines(&mut host);
    let retries: Vec<_> = log
        .iter()
        .filter(|line| line["message"] == "retrying")
        .map(|line| (line["offset"].as_i64(), line["again_in_ms"].as_i64()))
        .collect();
    let expected = [(1, 50), (1, 100), (2, 300)];
    assert_eq!(retries, expected.map(|(o, ms)| (Some(o), Some(ms))));
    host.stop()
}

#[test]
fn skips_and_too_much_log_are_no_failures() -> Result<()> {
    let line = Line::new("skipped", 1)?;
    line.send(
        0,
        &["skip", "emit-then-skip", "log 1000", "log-bytes 100000"],
    )?;
    line.client
        .produce(&[Outgoing::to(&line.input).partition(0).key("k")])?;
    let mut host = Host::start(&strict(&line)?)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(line.outputs()?, ["log 1000", "log-bytes 100000"]);
    assert_eq!(line.dead_letters()?, [""; 0]);
    assert_eq!(host.account(&line.input, "unruly", "skipped")?, 3);

    let log = log_lines(&mut host);
    let of = |offset: i64| {
        let of_guest = move |line: &&serde_json::Value| {
            line["offset"] == offset && line["target"] != "penstock::record"
        };
        log.iter().filter(of_guest)
    };
    let lines = of(2).filter(|line| {
        line["message"]
            .as_str()
            .is_some_and(|m| m.starts_with("line "))
    });
    assert_eq!(lines.count(), 5);
    let dropped: Vec<_> = of(2).filter_map(|line| line["dropped"].as_u64()).collect();
    assert_eq!(dropped, [995]);
    // They are written once the partition is another worker's, so those of two runs may change places.
    let skipped = log.iter().filter(|line| line["message"] == "skipped");
    let mut reasons: Vec<_> = skipped
        .map(|line| (line["offset"].as_i64(), line["reason"].as_str()))
        .collect();
    reasons.sort_unstable();
    let expected = [(0, "asked-to"), (1, "asked-to"), (4, "tombstone")];
    assert_eq!(reasons, expected.map(|(at, why)| (Some(at), Some(why))));
    host.stop()
}

#[test]
fn after_a_trap_the_next_record_has_a_fresh_instance() -> Result<()> {
    let line = Line::new("fresh", 1)?;
    let kills = ["panic", "trap", "loop", "oom", "recurse"];
    let mut values = vec!["count", "count"];
    for kill in kills {
        values.extend([kill, "count", "reject", "count"]);
    }
    line.send(0, &values)?;
    let host = Host::start(&strict(&line)?)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    // A rejected record leaves its instance as it is: it is counted too.
    let expected = [&["1", "2"][..], &["1", "3"].repeat(kills.len())].concat();
    assert_eq!(line.outputs()?, expected);
    host.stop()
}

#[test]
fn a_dead_letter_keeps_the_record_byte_for_byte() -> Result<()> {
    let line = Line::new("bytes", 1)?;
    let record = || Outgoing::to(&line.input).partition(0);
    let sent = [
        record().key("k").value("reject"),
        record()
            .key(b"\xff\x00k".to_vec())
            .value(b"\xfe\x00 not UTF-8".to_vec())
            .header("twice", Some(b"1"))
            .header("twice", Some(b"2"))
            .header("null", None)
            .header("empty", Some(b""))
            .header(b"\xffname".to_vec(), Some(b"\xfe\x00"))
            .header("penstock.code", Some(b"of an earlier life")),
        // Empty and null differ, in key and value alike.
        record().key("").value(""),
        record().value("reject"),
        record().key("tombstone").header("only", Some(b"1")),
        record(),
    ];
    line.client.produce(&sent)?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["handlers", "unruly", "settings", "tombstone"], "reject");
    let host = Host::start(&config)?;
    eventually("all is committed", SOON, || line.is_caught_up());

    let originals = line.client.read_all(&line.input)?;
    let letters = line.client.read_all(&line.dead)?;
    assert_eq!(letters.len(), sent.len());
    for (original, letter) in originals.iter().zip(&letters) {
        assert_eq!(
            (&letter.key, &letter.value),
            (&original.key, &original.value)
        );
        let (theirs, ours) = letter.headers.split_at(original.headers.len());
        assert_eq!(theirs, original.headers);
        let names: Vec<_> = ours
            .iter()
            .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
            .collect();
        let expected = [
            "code",
            "reason",
            "text",
            "handler",
            "topic",
            "partition",
            "offset",
            "timestamp",
            "timestamp-type",
            "attempts",
        ];
        assert_eq!(names, expected.map(|name| format!("penstock.{name}")));
        assert_eq!(
            letter.header("penstock.offset"),
            Some(original.offset.to_string())
        );
    }
    host.stop()
}

#[test]
fn isolation_of_records_gives_each_a_fresh_instance() -> Result<()> {
    let line = Line::new("isolated", 1)?;
    line.send(0, &["count", "count", "panic", "count"])?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["handlers", "unruly", "isolation"], "record");
    let host = Host::start(&config)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(line.outputs()?, ["1", "1", "1"]);
    assert_eq!(line.dead_letters()?, ["panic"]);
    host.stop()
}
