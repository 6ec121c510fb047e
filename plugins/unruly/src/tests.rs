//! The commands that a native test survives.

use penstock_sdk::testing::{Instance, message, run};

use super::*;

#[test]
fn commands_with_outputs() {
    for (value, outputs) in [
        ("ok", vec!["ok"]),
        ("spin 1000", vec!["spin 1000"]),
        ("allocate 1000", vec!["allocate 1000"]),
        ("outputs 3", vec!["x", "x", "x"]),
        ("outputs 0", vec![]),
        ("output-bytes 5", vec!["xxxxx"]),
        ("count", vec!["1"]),
        (
            "echo-meta",
            vec![r#"{"attempt":1,"now-ms":1767225600000,"offset":0,"partition":0,"seed":"#],
        ),
    ] {
        let run = run::<Unruly>(message(value));
        assert_eq!(run.result, Ok(Outcome::Done), "{value}");
        assert_eq!(run.outputs.len(), outputs.len(), "{value}");
        for (emitted, expected) in run.outputs.iter().zip(outputs) {
            assert!(emitted.value_str().starts_with(expected), "{emitted:?}");
        }
    }
}

#[test]
fn commands_that_fail_emit_nothing() {
    for (value, code) in [
        ("reject", "asked-to"),
        ("emit-then-reject", "asked-to"),
        ("outputs many", "bad-number"),
        ("hello", "unknown-command"),
        ("", "unknown-command"),
    ] {
        let run = run::<Unruly>(message(value));
        assert!(
            matches!(&run.result, Err(Failure::Reject(why)) if why.code == code),
            "{run:?}"
        );
        assert_eq!(run.outputs, []);
    }
    let run = run::<Unruly>(message("crash"));
    assert!(matches!(run.result, Err(Failure::Crash(_))));
}

#[test]
fn retries_end_when_they_were_told_to() {
    let mut instance = Instance::<Unruly>::new("t", &[]).unwrap();
    for attempt in 1..=3 {
        let run = instance.handle_attempt(message("retry-until 3"), attempt);
        match attempt {
            3 => assert_eq!(run.result, Ok(Outcome::Done)),
            _ => assert!(matches!(run.result, Err(Failure::Retry(_)))),
        }
    }
    let run = instance.handle_attempt(message("retry-after 250"), 1);
    assert!(matches!(run.result, Err(Failure::Retry(retry)) if retry.after_ms == Some(250)));
}

#[test]
fn it_counts_what_it_has_seen() {
    let mut instance = Instance::<Unruly>::new("t", &[]).unwrap();
    instance.handle(message("ok"));
    assert_eq!(
        instance.handle(message("count")).outputs[0].value_str(),
        "2"
    );
}

#[test]
fn headers_come_back_in_order_with_duplicates() {
    let headers = vec![
        Header::new("a", "1"),
        Header {
            name: "a".to_owned(),
            value: None,
        },
    ];
    let run = run::<Unruly>(Message {
        headers: headers.clone(),
        ..message("headers")
    });
    assert_eq!(run.outputs[0].headers, headers);
    assert_eq!(run.outputs[0].timestamp_ms, Some(1_767_225_600_000));
}

#[test]
fn a_tombstone_is_skipped_or_a_command() {
    let tombstone = || Message {
        value: None,
        ..message("")
    };
    let skipped = run::<Unruly>(tombstone());
    assert!(matches!(skipped.result, Ok(Outcome::Skip(why)) if why.code == "tombstone"));
    let mut instance = Instance::<Unruly>::new("t", &[("tombstone", "reject")]).unwrap();
    let rejected = instance.handle(tombstone());
    assert!(matches!(rejected.result, Err(Failure::Reject(why)) if why.code == "asked-to"));
}

#[test]
fn it_logs_as_much_as_it_is_told_to() {
    let run = run::<Unruly>(message("log 2"));
    let lines = [
        (Level::Info, "line 0".to_owned()),
        (Level::Info, "line 1".to_owned()),
    ];
    assert_eq!(run.log, lines);
}

#[test]
fn configuring_can_be_refused() {
    let errors = Instance::<Unruly>::new("t", &[("refuse", "no")]).unwrap_err();
    assert_eq!(errors, [SettingError::new("refuse", "no")]);
}
