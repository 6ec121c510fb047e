//! `penstock dlq list` and `show`.

use anyhow::{Context, Result};
use penstock_tests::{Host, Outgoing, eventually};
use serde_json::{Value, json};

use crate::support::{Line, SOON, config_of, penstock};

/// A host that has dead-lettered these records.
pub fn dead(line: &Line, values: &[&str]) -> Result<Host> {
    let host = line.host(&line.config()?)?;
    let before = line.client.read_all(&line.dead)?.len();
    line.send(values)?;
    eventually("all are dead-lettered", SOON, || {
        let found = line.client.read_all(&line.dead)?.len();
        anyhow::ensure!(found == before + values.len(), "{found}");
        Ok(())
    });
    Ok(host)
}

/// The lines of `penstock dlq list --json` with more arguments.
pub fn list(line: &Line, file: &str, more: &[&str]) -> Result<Vec<Value>> {
    let args = ["dlq", "list", &line.dead, "--json", "-c", file];
    Ok(penstock(&[&args[..], more].concat())?.json())
}

#[test]
fn dead_letters_are_listed_and_filtered() -> Result<()> {
    let line = Line::new("listed", 1)?;
    let host = dead(&line, &["reject", "trap", "reject"])?;
    let file = config_of(&host)?;
    let all = list(&line, &file, &[])?;
    let of = |key: &str| -> Vec<_> { all.iter().map(|of| of[key].clone()).collect() };
    assert_eq!(of("code"), ["PSK-H002", "PSK-H004", "PSK-H002"]);
    assert_eq!(
        of("reason"),
        [json!("asked-to"), Value::Null, json!("asked-to")]
    );
    assert_eq!(of("redriven"), [false; 3]);
    assert_eq!(of("redrives"), [0; 3]);
    let origin = &all[1]["origin"];
    assert_eq!(
        (&origin["topic"], &origin["partition"], &origin["offset"]),
        (&json!(line.input), &json!(0), &json!(1))
    );
    let count = |more: &[&str]| -> Result<usize> { Ok(list(&line, &file, more)?.len()) };
    assert_eq!(count(&["--code", "PSK-H002"])?, 2);
    assert_eq!(count(&["--code", "asked-to"])?, 2);
    assert_eq!(
        count(&["--origin", &line.input, "--handler", "unruly", "--key", "k"])?,
        3
    );
    assert_eq!(count(&["--since", "2026-01-01T00:00:00Z"])?, 3);
    assert_eq!(count(&["--until", "2026-01-01T00:00:00Z"])?, 0);
    assert_eq!(count(&["-n", "1"])?, 1);

    let table = penstock(&["dlq", "list", "-c", &file])?;
    let title = format!("{}, from {}\n", line.dead, line.input);
    table.said(
        0,
        &[&title, "0:1  0:1", "PSK-H004", "3 dead letters, 0 redriven"],
    );
    assert!(
        table.out.lines().all(|line| line.chars().count() <= 80),
        "{table:#?}"
    );
    host.stop()
}

#[test]
fn a_dead_letter_is_shown_with_its_trace_and_what_its_handler_says_today() -> Result<()> {
    let line = Line::new("shown", 1)?;
    let host = dead(&line, &["trap", "reject"])?;
    let file = config_of(&host)?;
    let shown = penstock(&["dlq", "show", &line.dead, "0:0", "-c", &file])?;
    let from = format!("from      {}[0]@0", line.input);
    let parts = [
        &*from,
        "code      PSK-H004",
        "handler   unruly, called once",
        "redriven  not yet",
        "unruly::trap",
        "lib.rs:",
        "today\n  would be dead-lettered: PSK-H004",
    ];
    shown.said(0, &parts);
    // The record is shown as it was.
    assert!(!shown.out.contains("header penstock."), "{shown:#?}");

    // Mended meanwhile: another plugin under the same name would do, or another setting.
    let record = Outgoing::to(&line.dead).key("k").partition(0);
    let headers = line.client.read_all(&line.dead)?[1].headers.clone();
    let add = |record: Outgoing, (name, value): &(Vec<u8>, Option<Vec<u8>>)| {
        record.header(name.clone(), value.as_deref())
    };
    let record = headers.iter().fold(record.value("ok"), add);
    line.client.produce(&[record])?;
    let bootstrap = line.client.bootstrap();
    let json_of = |more: &[&str]| -> Result<Value> {
        let args = ["dlq", "show", &line.dead, "0:2", "--json"];
        let shown = penstock(&[&args[..], more].concat())?.json();
        shown.into_iter().next().context("one line")
    };
    let with = json_of(&["-c", &file])?;
    assert_eq!(with["today"]["verdict"], "emitted", "{with:#}");
    assert_eq!(
        (&with["record"]["value"], &with["code"]),
        (&json!("ok"), &json!("PSK-H002"))
    );
    // Nothing was sent by that.
    assert!(line.client.read_all(&line.output)?.is_empty());
    let without = json_of(&["--bootstrap", bootstrap])?;
    assert_eq!(without["today"], Value::Null);
    host.stop()
}

#[test]
fn what_is_not_there_is_said() -> Result<()> {
    let line = Line::new("missing", 1)?;
    let file = line.file(&line.config()?)?;
    let dlq = |args: &[&str]| penstock(&[&["dlq"], args, &["-c", &file]].concat());
    dlq(&["list"])?.said(0, &["no dead letters"]);
    let missing = format!("{}x", line.dead);
    dlq(&["list", &missing])?.said(1, &["there is no topic", "did you mean", &line.dead]);
    dlq(&["show", &line.dead, "0:7"])?.said(1, &["has no record at 7"]);
    dlq(&["show", &line.dead, "7:0"])?.said(1, &["has partitions 0 to 0, but not 7"]);
    dlq(&["show", &line.dead, "seven"])?.said(2, &["not PARTITION:OFFSET, as 0:12"]);
    line.client
        .produce(&[Outgoing::to(&line.dead).value("of nobody")])?;
    let doubt = "says where it came from and why it failed: is this a dead-letter topic?";
    dlq(&["list"])?.said(
        0,
        &["from unknown topics", doubt, "1 dead letter, 0 redriven"],
    );
    dlq(&["list", "--code", "PSK-H009"])?.said(1, &["none of 1 dead letters matches"]);
    let away = ["dlq", "list", &line.dead, "--bootstrap", "127.0.0.1:1"];
    penstock(&away)?.said(3, &["out of reach"]);
    let unnamed = ["dlq", "list", "--bootstrap", line.client.bootstrap()];
    penstock(&unnamed)?.said(2, &["no dead-letter topic is named"]);
    Ok(())
}
