//! `penstock status --watch` on a running host.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::support::{Line, command, config_of};

/// The lines that a watching status writes, until `enough` of one; it is then killed.
fn watched(args: &[&str], mut enough: impl FnMut(&str) -> bool) -> Result<Vec<String>> {
    let mut child = command(args)?.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("it is piped")?;
    let mut lines = Vec::new();
    for line in BufReader::new(output).lines() {
        lines.push(line?);
        if enough(lines.last().map_or("", String::as_str)) {
            break;
        }
    }
    child.kill()?;
    child.wait()?;
    Ok(lines)
}

#[test]
fn without_a_terminal_one_status_follows_the_other() -> Result<()> {
    let line = Line::new("watched", 2)?;
    let host = line.host(&line.config()?)?;
    let file = config_of(&host)?;
    line.send(&["ok", "skip"])?;
    let mut blocks = 0;
    let status = ["status", "-c", &file, "--watch", "200ms"];
    let lines = watched(&status, |line| {
        blocks += usize::from(line == "nothing is wrong");
        blocks == 2
    })?;
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        (count("at "), count("worker-1, group ")),
        (2, 2),
        "{lines:#?}"
    );
    assert_eq!(count("in the last 0."), 1, "{lines:#?}");
    assert!(
        !lines.iter().any(|line| line.contains('\u{1b}')),
        "{lines:#?}"
    );

    let mut left = 3;
    let json = [&status[..], &["--json"]].concat();
    let lines = watched(&json, |_| {
        left -= 1;
        left == 0
    })?;
    for line in lines {
        let status: Value = serde_json::from_str(&line)?;
        assert_eq!(status["host"], "worker-1");
    }
    host.stop()
}
