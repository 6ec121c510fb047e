//! `penstock top` on a terminal.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use penstock_tests::program;

use crate::support::{Line, config_of, penstock};

#[test]
fn a_terminal_shows_the_hosts_and_gets_back_what_it_was() -> Result<()> {
    let line = Line::new("top", 2)?;
    let host = line.host(&line.config()?)?;
    let program = program("penstock")?;
    let top = format!(
        "stty cols 80 rows 24; exec {} top --every 200ms -c {}",
        program.display(),
        config_of(&host)?
    );
    // Runs it on a terminal of its own, whose keys are what is written here.
    let mut child = Command::new("script")
        .args(["-qec", &top, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run script(1)")?;
    let mut keys = child.stdin.take().context("it is piped")?;
    let mut screen = child.stdout.take().context("it is piped")?;
    let mut seen = String::new();
    let mut buffer = [0; 4096];
    let mut until = |text: &str| -> Result<()> {
        while !seen.contains(text) {
            let read = screen.read(&mut buffer)?;
            anyhow::ensure!(read > 0, "it ended without {text:?}: {seen:?}");
            seen += &String::from_utf8_lossy(&buffer[..read]);
        }
        Ok(())
    };
    until("\u{1b}[?1049h")?;
    until(&format!("group {}: 1 host", line.group))?;
    until(&line.input)?;
    keys.write_all(b"3")?;
    until("consuming")?;
    keys.write_all(b"q")?;
    until("\u{1b}[?1049l")?;
    assert!(child.wait()?.success());
    host.stop()
}

#[test]
fn without_a_terminal_it_says_what_to_use() -> Result<()> {
    let line = Line::new("no-terminal", 1)?;
    let file = line.file(&line.config()?)?;
    let refused = penstock(&["top", "-c", &file])?;
    refused.said(1, &["`top` needs a terminal", "penstock status --watch"]);
    Ok(())
}
