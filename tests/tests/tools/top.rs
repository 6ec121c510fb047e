//! `penstock top` on a terminal.

use anyhow::Result;
use penstock_tests::Terminal;

use crate::support::{Line, config_of, penstock};

#[test]
fn a_terminal_shows_the_hosts_and_gets_back_what_it_was() -> Result<()> {
    let line = Line::new("top", 2)?;
    let host = line.host(&line.config()?)?;
    let file = config_of(&host)?;
    let mut top = Terminal::run(&["top", "--every", "200ms", "-c", &file], &[])?;
    top.until("\u{1b}[?1049h")?;
    top.until(&format!("group {}: 1 host", line.group))?;
    top.until(&line.input)?;
    top.press("3")?;
    top.until("consuming")?;
    top.press("q")?;
    top.until("\u{1b}[?1049l")?;
    assert!(top.end()?.success());
    host.stop()
}

#[test]
fn asked_to_end_it_gives_the_terminal_back() -> Result<()> {
    let line = Line::new("top-ends", 1)?;
    let file = line.file(&line.config()?)?;
    let mut top = Terminal::run(&["top", "-c", &file], &[])?;
    top.until("\u{1b}[?1049h")?;
    top.until("0 hosts")?;
    top.terminate()?;
    top.until("\u{1b}[?1049l")?;
    assert!(top.end()?.success());
    Ok(())
}

#[test]
fn without_a_terminal_it_says_what_to_use() -> Result<()> {
    let line = Line::new("no-terminal", 1)?;
    let file = line.file(&line.config()?)?;
    let refused = penstock(&["top", "-c", &file])?;
    refused.said(1, &["`top` needs a terminal", "penstock status --watch"]);
    Ok(())
}
