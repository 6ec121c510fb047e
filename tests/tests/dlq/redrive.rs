//! `penstock dlq redrive`: back to the original topic, each dead letter at most once.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};
use penstock_tests::{Outgoing, Record, eventually};
use serde_json::json;

use crate::look::{dead, list};
use crate::support::{Line, SOON, command, config_of, penstock};

/// Dead letters of `count` records, as a host would have written them, in two partitions.
pub fn write(line: &Line, count: usize) -> Result<()> {
    let letter = |index: usize| {
        let partition = (index % 2) as i32;
        let value = format!("ok {index}");
        let text = |text: String| text.into_bytes();
        let fields = [
            ("penstock.code", text("PSK-H002".to_owned())),
            ("penstock.handler", text("unruly".to_owned())),
            ("penstock.topic", text(line.input.clone())),
            ("penstock.partition", text(partition.to_string())),
            ("penstock.offset", text(index.to_string())),
            ("penstock.attempts", text("1".to_owned())),
        ];
        let record = Outgoing::to(&line.dead)
            .key(format!("k{}", index % 3))
            .partition(partition)
            .value(value)
            .header([b'x', 0xff], None);
        fields.iter().fold(record, |record, (name, value)| {
            record.header(*name, Some(value))
        })
    };
    let letters: Vec<_> = (0..count).map(letter).collect();
    line.client.produce(&letters).map(drop)
}

/// How often each value lies in a topic.
pub fn values(line: &Line, topic: &str) -> Result<BTreeMap<String, usize>> {
    let mut values = BTreeMap::new();
    for record in line.client.read_settled(topic)? {
        *values.entry(record.text()).or_default() += 1;
    }
    Ok(values)
}

fn redrive(line: &Line, file: &str, more: &[&str]) -> Result<crate::support::Ended> {
    let args = ["dlq", "redrive", &line.dead, "-c", file];
    penstock(&[&args[..], more].concat())
}

#[test]
fn records_go_back_as_they_were_and_only_once() -> Result<()> {
    let line = Line::new("redriven", 2)?;
    let file = line.file(&line.config()?)?;
    write(&line, 10)?;
    let looked = redrive(&line, &file, &["--dry-run"])?;
    looked.said(0, &[&line.input, "only looked at: nothing was sent"]);
    let asked = redrive(&line, &file, &[])?;
    asked.said(2, &["nobody can be asked", "--yes"]);
    assert!(line.client.read_all(&line.input)?.is_empty());

    let some = redrive(&line, &file, &["--key", "k1", "--yes"])?;
    some.said(0, &["3 records were sent back"]);
    let of: Vec<_> = list(&line, &file, &[])?;
    let sent = of.iter().filter(|of| of["redriven"] == json!(true));
    assert!(sent.map(|of| &of["key"]).eq([&json!("k1"); 3]));

    redrive(&line, &file, &["--yes"])?.said(0, &["7 records were sent back"]);
    redrive(&line, &file, &["--yes"])?.said(0, &["nothing is left to be redriven"]);
    let back = line.client.read_settled(&line.input)?;
    assert_eq!(back.len(), 10);
    for record in &back {
        let index: i32 = record.text().trim_start_matches("ok ").parse()?;
        assert_eq!(record.partition, index % 2);
        assert_eq!(record.key_text(), format!("k{}", index % 3));
        assert_eq!(record.headers[0], (vec![b'x', 0xff], None));
        assert_eq!(
            record.header("penstock.origin-offset"),
            Some(index.to_string())
        );
        assert_eq!(record.header("penstock.redrives").as_deref(), Some("1"));
        assert_eq!(record.header("penstock.code"), None);
    }
    // Those of one dead-letter partition that went together keep their order.
    let all = values(&line, &line.input)?;
    assert!(all.values().all(|count| *count == 1), "{all:?}");
    Ok(())
}

#[test]
fn what_fails_again_keeps_its_origin_and_its_count_rises() -> Result<()> {
    let line = Line::new("again", 1)?;
    let host = dead(&line, &["ok", "reject"].map(|_| "reject"))?;
    let file = config_of(&host)?;
    let last = |count: usize| -> Result<Record> {
        eventually("it is dead-lettered again", SOON, || {
            let found = line.client.read_all(&line.dead)?.len();
            ensure!(found == count, "{found}");
            Ok(())
        });
        line.client.read_all(&line.dead)?.pop().context("a letter")
    };
    let first = last(2)?;
    for redrives in 1..3 {
        let place = format!("0:{}", redrives);
        redrive(&line, &file, &[&place, "--yes"])?.said(0, &["1 record was sent back"]);
        let letter = last(2 + redrives)?;
        for name in [
            "topic",
            "partition",
            "offset",
            "timestamp",
            "timestamp-type",
            "handler",
        ] {
            let name = format!("penstock.{name}");
            assert_eq!(letter.header(&name), first.header(&name), "{name}");
        }
        let count = letter.header("penstock.redrives");
        assert_eq!(count, Some(redrives.to_string()));
        assert_eq!(letter.header("penstock.origin-topic"), None);
        assert_eq!(
            (letter.key, letter.value),
            (first.key.clone(), first.value.clone())
        );
    }
    let table = penstock(&["dlq", "list", "-c", &file])?;
    table.said(0, &["4 dead letters, 2 redriven"]);
    let shown = penstock(&["dlq", "show", &line.dead, "0:3", "-c", &file])?;
    shown.said(0, &["redriven  not yet; 2 times before, and failed again"]);
    host.stop()
}

/// A slow redrive that has sent some.
fn begun(line: &Line, file: &str) -> Result<Child> {
    let args = [
        "dlq", "redrive", &line.dead, "--rate", "5", "--yes", "-c", file,
    ];
    let mut child = command(&args)?;
    let child = child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    eventually("some were sent", SOON, || {
        ensure!(!line.client.read_all(&line.input)?.is_empty());
        Ok(())
    });
    Ok(child)
}

fn came_once(line: &Line, count: usize) -> Result<()> {
    let all = values(line, &line.input)?;
    assert_eq!(all.len(), count, "some are lost");
    assert!(
        all.values().all(|count| *count == 1),
        "some were sent twice"
    );
    Ok(())
}

#[test]
fn a_redrive_that_was_killed_goes_on_and_sends_nothing_twice() -> Result<()> {
    // Most are left, however late it is seen that some were sent.
    const COUNT: usize = 3000;
    let line = Line::new("killed", 2)?;
    let file = line.file(&line.config()?)?;
    write(&line, COUNT)?;
    let mut kills = 0;
    for done in [40, 200, 350] {
        let args = [
            "dlq", "redrive", &line.dead, "--rate", "200", "--yes", "-c", &file,
        ];
        let mut child = command(&args)?;
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        eventually("some were sent", SOON, || {
            let sent = line.client.read_all(&line.input)?.len();
            ensure!(sent >= done, "{sent}");
            Ok(())
        });
        kills += i32::from(child.try_wait()?.is_none());
        child.kill()?;
        child.wait()?;
    }
    assert_eq!(kills, 3, "it was over before it was killed");
    redrive(&line, &file, &["--yes"])?.said(0, &["records were sent back"]);
    came_once(&line, COUNT)
}

#[test]
fn a_second_redrive_takes_over_from_the_first() -> Result<()> {
    const COUNT: usize = 100;
    let line = Line::new("second", 2)?;
    let file = line.file(&line.config()?)?;
    write(&line, COUNT)?;
    let first = begun(&line, &file)?;
    redrive(&line, &file, &["--yes"])?.said(0, &["records were sent back"]);
    let ended = first.wait_with_output()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("has begun, and goes on"), "{said}");
    came_once(&line, COUNT)
}

#[test]
fn an_interruption_ends_behind_the_batch_in_hand() -> Result<()> {
    const COUNT: usize = 100;
    let line = Line::new("interrupted", 2)?;
    let file = line.file(&line.config()?)?;
    write(&line, COUNT)?;
    let child = begun(&line, &file)?;
    // SAFETY: a signal to a child that was not waited for.
    unsafe { libc::kill(child.id().cast_signed(), libc::SIGINT) };
    let ended = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    let sent = line.client.read_settled(&line.input)?.len();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    let left = format!(
        "the same command goes on with the {} that are left",
        COUNT - sent
    );
    assert!(sent < COUNT && said.contains(&left), "{sent}: {said}");
    redrive(&line, &file, &["--yes"])?.said(0, &["records were sent back"]);
    came_once(&line, COUNT)
}

#[test]
fn a_record_that_is_refused_takes_no_other_along() -> Result<()> {
    let line = Line::new("refused", 2)?;
    let file = line.file(&line.config()?)?;
    write(&line, 6)?;
    let large = Outgoing::to(&line.dead)
        .partition(0)
        .value(vec![b'x'; 20_000])
        .header("penstock.code", Some(b"PSK-H002"))
        .header("penstock.topic", Some(line.input.as_bytes()));
    line.client.produce(&[large])?;
    write(&line, 2)?;
    line.client
        .set_topic(&line.input, &[("max.message.bytes", "10000")])?;
    let ended = redrive(&line, &file, &["--yes"])?;
    ended.said(1, &["8 records were sent back", "not sent: 0:3: "]);
    assert_eq!(line.client.read_settled(&line.input)?.len(), 8);
    line.client.set_topic(&line.input, &[])?;
    redrive(&line, &file, &["--yes"])?.said(0, &["1 record was sent back"]);
    Ok(())
}

#[test]
fn what_can_not_be_done_is_said_before_anything_is_sent() -> Result<()> {
    let line = Line::new("impossible", 2)?;
    let file = line.file(&line.config()?)?;
    redrive(&line, &file, &["--yes"])?.said(0, &["nothing is left to be redriven"]);
    write(&line, 4)?;
    let none = redrive(&line, &file, &["--code", "PSK-H009", "--yes"])?;
    none.said(1, &["none of 4 dead letters", "nothing was sent"]);
    redrive(&line, &file, &["0-1"])?.said(2, &["not PARTITION:OFFSET, as 0:12"]);
    line.client.produce(&[
        Outgoing::to(&line.dead).value("of nobody"),
        Outgoing::to(&line.dead)
            .header("penstock.code", Some(b"PSK-H002"))
            .header("penstock.topic", Some(b"nowhere-at-all")),
    ])?;
    let lost = redrive(&line, &file, &["--yes"])?;
    lost.said(
        1,
        &["there is no topic `nowhere-at-all`", "nothing was sent"],
    );
    assert!(line.client.read_all(&line.input)?.is_empty());
    let rest = redrive(
        &line,
        &file,
        &["--yes", "--code", "PSK-H002", "--origin", &line.input],
    )?;
    rest.said(0, &["4 records were sent back"]);
    let homeless = redrive(&line, &file, &["--yes", "--until", "2026-01-01T00:00:00Z"])?;
    homeless.said(1, &["none of 2 dead letters"]);
    Ok(())
}
