//! `penstock pause` and `penstock resume`.

use anyhow::{Result, ensure};
use penstock_tests::{Host, eventually};

use crate::hosts::{Line, PROTOCOLS, SOON, Scrape, Watch};
use crate::tool::{Ended, penstock};

fn tell(line: &Line, command: &str, args: &[&str]) -> Result<Ended> {
    let group = [
        "--bootstrap",
        line.client.bootstrap(),
        "--group",
        &line.group,
    ];
    penstock(&[&[command], args, &group[..]].concat())
}

fn committed(line: &Line, partition: i32, expected: i64) -> Result<()> {
    let committed = line.client.committed(&line.group, &line.input)?;
    ensure!(committed[&partition] == Some(expected), "{committed:?}");
    Ok(())
}

#[test]
fn a_partition_rests_alone_and_goes_on_when_it_is_resumed() -> Result<()> {
    let line = Line::new("rests", 2)?;
    let mut host = Host::start(&line.unruly("h1", "classic")?)?;
    host.ready(SOON)?;
    let one = format!("{}:0", line.input);
    let why = ["--for", "10m", "--why", "a record is looked into"];
    let done = tell(&line, "pause", &[&[&*one], &why[..]].concat())?;
    done.said(0, &["penstock-h1:", "is paused until"]);
    line.send(0, &["ok 1", "ok 2"])?;
    line.send(1, &["ok a", "ok b"])?;
    eventually("the other goes on", SOON, || committed(&line, 1, 2));
    let waits = host.waits(&line.input, 0, "paused")?;
    assert!(
        waits["text"]
            .to_string()
            .contains("a record is looked into"),
        "{waits}"
    );
    let status = host.status()?;
    assert_eq!(status["pauses"][0]["what"]["partition"][1], 0, "{status}");
    assert_eq!(status["conditions"].as_array().map(Vec::len), Some(0));
    assert_eq!(host.get("/readyz")?.0, 200, "paused on purpose is healthy");
    let scrape = Scrape::of(&host)?;
    let labels = [("topic", &*line.input), ("partition", "0")];
    let until = scrape.value("penstock_pause_until_timestamp_seconds", &labels);
    assert!(until.is_some_and(|until| until > 1.7e9), "{until:?}");
    let shown = penstock(&["status", "--admin", &host.admin()])?;
    shown.said(
        0,
        &[
            "[0] is paused until",
            "a record is looked into",
            "nothing is wrong",
        ],
    );
    assert_eq!(line.outputs()?, ["ok a", "ok b"]);

    tell(&line, "resume", &[&line.input])?.said(1, &["is not paused on any host"]);
    tell(&line, "resume", &[&one])?.said(0, &["goes on"]);
    eventually("all is committed", SOON, || line.is_caught_up());
    let lifted = host.wait_for_log(r#""audit":"resume""#, SOON)?;
    assert!(lifted.contains("127.0.0.1"), "{lifted}");
    host.stop()
}

#[test]
fn a_handler_rests_on_every_host_and_goes_on_by_itself() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("ends", 2)?;
        let mut first = Host::start(&line.unruly("h1", protocol)?)?;
        let second = Host::start(&line.unruly("h2", protocol)?)?;
        eventually("each has a partition", SOON, || {
            let shares = (first.assigned()?, second.assigned()?);
            ensure!(shares == (1, 1), "{shares:?}");
            Ok(())
        });
        let pause = |time: &str| {
            let what = [
                "--handler",
                "unruly",
                "--for",
                time,
                "--why",
                "a bad release",
            ];
            tell(&line, "pause", &what)
        };
        pause("1h")?.said(0, &["penstock-h1:", "penstock-h2:"]);
        line.send(0, &["ok 1"])?;
        line.send(1, &["ok 2"])?;
        // A host that gets the other's partition keeps it paused.
        second.stop()?;
        eventually("the first has both, and both rest", SOON, || {
            first.waits(&line.input, 0, "paused")?;
            first.waits(&line.input, 1, "paused").map(drop)
        });
        assert_eq!(line.outputs()?.len(), 0);
        // Another end, sooner.
        pause("500ms")?.ended(0);
        first.wait_for_log("the time of its pause is over", SOON)?;
        eventually("all is committed", SOON, || line.is_caught_up());
        assert_eq!(line.outputs()?.len(), 2);
        assert_eq!(first.status()?["pauses"].as_array().map(Vec::len), Some(0));
        first.stop()?;
    }
    Ok(())
}

#[test]
fn what_is_not_there_and_what_has_no_end_is_refused() -> Result<()> {
    let line = Line::new("wrong", 1)?;
    let usual = ["--for", "1m", "--why", "w"];
    let pause = |args: &[&str]| tell(&line, "pause", &[args, &usual[..]].concat());
    pause(&[&line.input])?.said(1, &["no host of"]);
    let mut host = Host::start(&line.unruly("h1", "classic")?)?;
    host.ready(SOON)?;
    pause(&["nothing"])?.said(1, &["there is no nothing here, but", &line.input]);
    pause(&["--handler", "nobody"])?.said(1, &["there is no nobody here, but unruly"]);
    let none = format!("{}:99", line.input);
    let parts = [
        "has no partition 99, but 1, from 0 on",
        "nothing was changed",
    ];
    pause(&[&none])?.said(1, &parts);
    tell(&line, "pause", &[&line.input, "--for", "1m"])?.said(2, &["--why"]);
    tell(&line, "pause", &[&line.input, "--why", "w"])?.said(2, &["--for"]);
    assert_eq!(host.status()?["pauses"].as_array().map(Vec::len), Some(0));
    host.stop()
}

#[test]
fn where_one_host_refuses_it_is_said_who_rests_and_how_that_is_ended() -> Result<()> {
    let line = Line::new("split", 2)?;
    let first = Host::start(&line.unruly("h1", "classic")?)?;
    // In the middle of a deploy: it knows the handler by another name.
    let output = [("out", line.output.as_str())];
    let other = line
        .bare("h2", "classic")
        .handler("renamed", &penstock_tests::plugin("unruly")?, &output)
        .topic(&line.input, &["renamed"], "earliest", None);
    let second = Host::start(&other)?;
    eventually("each has a partition", SOON, || {
        let shares = (first.assigned()?, second.assigned()?);
        ensure!(shares == (1, 1), "{shares:?}");
        Ok(())
    });
    let handler = ["--handler", "unruly"];
    let why = ["--for", "1h", "--why", "w"];
    let back = format!(
        "`penstock resume --handler unruly --bootstrap {} --group {}` ends it",
        line.client.bootstrap(),
        line.group
    );
    let split = tell(&line, "pause", &[&handler[..], &why].concat())?;
    let parts = [
        "1 of 2 hosts has not done it",
        "there is no unruly here, but renamed",
        "handler unruly is paused: penstock-h1:",
        "not paused: penstock-h2:",
        &back,
    ];
    split.said(1, &parts);
    assert_eq!(first.status()?["pauses"].as_array().map(Vec::len), Some(1));
    // Of the other there is nothing to end.
    tell(&line, "resume", &handler)?.said(0, &["penstock-h1:", "goes on"]);
    assert_eq!(first.status()?["pauses"].as_array().map(Vec::len), Some(0));
    first.stop()?;
    second.stop()
}
