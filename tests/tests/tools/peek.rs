//! `penstock peek --through`: the verdicts and outputs that records would get.

use anyhow::Result;
use penstock_tests::Outgoing;
use serde_json::{Value, json};

use crate::support::{Line, penstock};

/// What each record of the input would come to, as JSON, and the exit code.
fn tried(line: &Line, file: &str, more: &[&str]) -> Result<(Option<i32>, Vec<Value>)> {
    let args = ["peek", &line.input, "--through", "unruly", "-c", file];
    let ended = penstock(&[&args[..], &["-n", "all", "--json"], more].concat())?;
    Ok((ended.exit, ended.json()))
}

#[test]
fn each_kind_of_verdict_is_shown_as_the_host_would_give_it() -> Result<()> {
    let line = Line::new("through", 1)?;
    let file = line.file(&line.config()?)?;
    let values = [
        "count",
        "ok",
        "skip",
        "reject",
        "trap",
        "count",
        "retry",
        "loop",
        "outputs 4",
        "log 2",
    ];
    line.send(&values)?;
    let (exit, tried) = tried(&line, &file, &[])?;
    assert_eq!(exit, Some(1));
    let of = |key: &str| -> Vec<_> { tried.iter().map(|of| of[key].clone()).collect() };
    let verdicts = [
        "emitted",
        "emitted",
        "skipped",
        "dead-lettered",
        "dead-lettered",
        "emitted",
        "retried",
        "retried",
        "dead-lettered",
        "emitted",
    ];
    assert_eq!(of("verdict"), verdicts);
    let none = Value::Null;
    let codes = [
        none.clone(),
        none.clone(),
        none.clone(),
        json!("PSK-H002"),
        json!("PSK-H004"),
        none.clone(),
        json!("PSK-H001"),
        json!("PSK-H005"),
        json!("PSK-H007"),
        none,
    ];
    assert_eq!(of("code"), codes, "{tried:#?}");
    assert_eq!(tried[2]["reason"], "asked-to");
    assert_eq!(tried[6]["retry-after-ms"], 100);
    // The trap's place, and a fresh instance after it.
    let trap = tried[4]["text"].as_str().unwrap_or_default();
    assert!(
        trap.contains("unruly::trap") && trap.contains("lib.rs:"),
        "{trap}"
    );
    assert_eq!(tried[0]["outputs"][0]["record"]["value"], "1");
    assert_eq!(tried[5]["outputs"][0]["record"]["value"], "1");
    let log = json!([{"level": "info", "text": "line 0"}, {"level": "info", "text": "line 1"}]);
    assert_eq!(tried[9]["log"], log);
    // No effect: nothing sent, no group.
    assert!(line.client.read_all(&line.output)?.is_empty());
    assert!(line.client.read_all(&line.dead)?.is_empty());
    let group = ["offsets", "show", "-c", &file];
    penstock(&group)?.said(1, &["there is no group"]);
    Ok(())
}

#[test]
fn outputs_have_the_shape_of_records_and_the_bytes_of_the_handler() -> Result<()> {
    let line = Line::new("shape", 1)?;
    let config = line.config()?;
    let config = config.set(
        &["handlers", "unruly", "settings", "tombstone"],
        "echo-meta",
    );
    let file = line.file(&config)?;
    let record = Outgoing::to(&line.input)
        .key([0xff])
        .timestamp(1_767_261_600_000);
    line.client.produce(&[
        record
            .clone()
            .value("headers")
            .header("trace", Some(b"ab"))
            .header("trace", None),
        record.clone().value("tombstone"),
        record,
    ])?;
    let (exit, tried) = tried(&line, &file, &["--attempt", "2"])?;
    assert_eq!(exit, Some(0));
    let output = |index: usize| &tried[index]["outputs"][0];
    assert_eq!(output(0)["output"], "out");
    assert_eq!(
        output(0)["record"],
        json!({
            "topic": line.output,
            "timestamp": "2026-01-01T10:00:00.000Z",
            "key": {"base64": "/w=="},
            "value": "headers",
            "headers": [{"name": "trace", "value": "ab"}, {"name": "trace", "value": null}],
        })
    );
    assert_eq!(output(1)["record"]["value"], Value::Null);
    assert_eq!(tried[2]["record"]["value"], Value::Null);
    let meta = output(2)["record"]["value"].as_str().unwrap_or_default();
    let meta: Value = serde_json::from_str(meta)?;
    assert_eq!((&meta["attempt"], &meta["offset"]), (&json!(2), &json!(2)));
    Ok(())
}

#[test]
fn people_are_told_what_would_happen_and_how_often() -> Result<()> {
    let line = Line::new("people", 1)?;
    let file = line.file(&line.config()?)?;
    line.send(&["ok", "skip", "panic", "retry"])?;
    let peek = ["peek", &line.input, "-c", &file, "--through", "unruly"];
    let shown = penstock(&peek)?;
    let to = format!("    out → {}  key k\n      ok\n", line.output);
    let parts = [
        "  emitted 1 output, by unruly in ",
        &to,
        "  skipped asked-to: the record asked for it, by unruly",
        "  would be dead-lettered: PSK-H004, by unruly",
        "the record at offset 2 asked for it",
        "  would be retried after 100ms (PSK-H001 at last), by unruly",
        "(would be: 1 emitted, 1 skipped, 1 retried, 1 dead-lettered, 0 halting; outputs: 1)",
    ];
    shown.said(1, &parts);
    let last = penstock(&[&peek[..], &["--attempt", "3", "--from", "-1"]].concat())?;
    last.said(1, &["would be dead-lettered: PSK-H001"]);
    Ok(())
}

#[test]
fn any_topic_may_be_tried_and_a_wrong_name_is_answered_with_the_right_ones() -> Result<()> {
    let line = Line::new("other", 1)?;
    let file = line.file(&line.config()?)?;
    let record = Outgoing::to(&line.dead).value("reject");
    line.client.produce(&[record])?;
    let peek = ["peek", &line.dead, "-c", &file, "--through"];
    let remark = format!("unruly is not configured for {}", line.dead);
    let parts = [&*remark, "would halt its partition: "];
    penstock(&[&peek[..], &["unruly"]].concat())?.said(1, &parts);
    let wrong = penstock(&[&peek[..], &["unrly"]].concat())?;
    wrong.said(2, &["has no handler unrly", "it has: unruly"]);
    let bare = [
        "--bootstrap",
        line.client.bootstrap(),
        "--through",
        "unruly",
    ];
    let bare = penstock(&[&["peek", &line.dead], &bare[..]].concat())?;
    assert_eq!(bare.exit, Some(2), "{bare:#?}");
    Ok(())
}
