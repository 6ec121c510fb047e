//! `penstock emit --wait` on a running host: a record followed to its verdict.

use anyhow::Result;
use penstock_tests::Host;

use crate::support::{Ended, Line, config_of, penstock};

/// Sends a value to the line's input and waits for what becomes of it.
fn follow(line: &Line, host: &Host, value: &str, wait: &str) -> Result<Ended> {
    let file = config_of(host)?;
    penstock(&["emit", &line.input, value, "--key", "k", wait, "-c", &file])
}

/// The names of the steps, in their order.
fn steps(ended: &Ended) -> Vec<String> {
    let lines = ended.out.lines().filter(|line| line.contains(" ms  "));
    lines
        .map(|line| {
            let step = line.split_once(" ms  ").map_or("", |(_, step)| step);
            step[..13.min(step.len())].trim().to_owned()
        })
        .collect()
}

#[test]
fn a_record_is_followed_to_its_outputs_and_the_commit() -> Result<()> {
    let line = Line::new("followed", 1)?;
    let host = line.host(&line.config()?)?;
    let ended = follow(&line, &host, "ok", "--wait")?;
    let parts = [
        &*format!("sent          {}[0]@0", line.input),
        "received      by host worker-1",
        "handled       by unruly: 1 output",
        &format!("output        {}[0]@0", line.output),
        "key k",
        "emitted       by unruly",
        &format!("committed     1 is next, group {}", line.group),
    ];
    ended.said(0, &parts);
    let mut steps = steps(&ended);
    assert_eq!(steps.pop().as_deref(), Some("committed"));
    // What it wrote is what lies there.
    assert_eq!(line.client.read_all(&line.output)?[0].text(), "ok");

    let twice = follow(&line, &host, "ok", "--wait")?;
    twice.said(0, &[&format!("{}[0]@1", line.output)]);
    host.stop()
}

#[test]
fn skips_retries_and_dead_letters_are_told_apart() -> Result<()> {
    let line = Line::new("verdicts", 1)?;
    let host = line.host(&line.config()?)?;
    let skipped = follow(&line, &host, "skip", "--wait")?;
    skipped.said(0, &["by unruly: skip, asked-to: the record asked for it"]);
    assert_eq!(
        steps(&skipped),
        ["sent", "received", "handled", "skipped", "committed"]
    );

    let retried = follow(&line, &host, "retry-until 2", "--wait")?;
    let parts = [
        "by unruly: again in 100 ms, PSK-H001: asked-to: attempt 1 asked for another",
        "by unruly, call 2: 1 output",
        "emitted       by unruly",
    ];
    retried.said(0, &parts);

    let dead = follow(&line, &host, "trap", "--wait")?;
    let parts = [
        "by unruly: failed, PSK-H004:",
        "at unruly::trap",
        &format!("dead letter   {}[0]@0", line.dead),
        "header penstock.code: PSK-H004",
        "dead-lettered by unruly",
        "committed     3 is next",
    ];
    dead.said(1, &parts);
    host.stop()
}

#[test]
fn when_the_time_is_over_it_says_how_far_the_record_came() -> Result<()> {
    let line = Line::new("late", 1)?;
    let config = line.config()?;
    let file = line.file(&config)?;
    let alone = penstock(&["emit", &line.input, "ok", "--wait=1500ms", "-c", &file])?;
    let parts = [
        "not finished within 1.5s",
        "it is sent, and no host has received it",
        "no Penstock host is a member of group",
        &format!("`penstock doctor -c {file}` says what holds it up"),
    ];
    alone.said(1, &parts);

    let missing = format!("{}.missing", line.group);
    let config = config
        .set(&["handlers", "unruly", "outputs", "out"], missing.as_str())
        .set(&["topics", &line.input, "start"], "latest")
        .set(
            &["kafka", "producer", "topic.metadata.propagation.max.ms"],
            "500",
        );
    let host = line.host(&config)?;
    let refused = follow(&line, &host, "ok", "--wait=10s")?;
    let parts = [
        &*format!("refused       by {missing}: "),
        "it will be sent again",
        "host worker-1 has it; unruly: its output to",
    ];
    refused.said(1, &parts);
    Ok(())
}

#[test]
fn what_no_host_would_take_is_not_sent() -> Result<()> {
    let line = Line::new("nobodys", 1)?;
    let file = line.file(&line.config()?)?;
    let wrong = penstock(&["emit", &line.dead, "ok", "--wait", "-c", &file])?;
    let parts = [
        "is no input topic of the configuration",
        "nothing was sent",
        &line.input,
    ];
    wrong.said(2, &parts);
    assert!(line.client.read_all(&line.dead)?.is_empty());
    Ok(())
}

#[test]
fn a_host_with_a_token_is_asked_with_it() -> Result<()> {
    let line = Line::new("token", 1)?;
    let config = line.config()?.set(&["admin", "token"], "s3cret");
    let host = line.host(&config)?;
    follow(&line, &host, "ok", "--wait")?.said(0, &["committed"]);
    let other = config.set(&["admin", "token"], "wrong");
    let file = line.file(&other)?;
    let refused = penstock(&["emit", &line.input, "ok", "--wait=2s", "-c", &file])?;
    refused.said(
        1,
        &[
            "these hosts can't be asked to watch",
            "it refuses the token",
            "whether a host has received it is not known",
        ],
    );
    host.stop()
}
