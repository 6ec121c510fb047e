//! The binary, as a user runs it.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use penstock_tests::program;

#[derive(Debug)]
pub struct Ended {
    pub exit: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn fine(&self) -> Result<()> {
        ensure!(self.exit == Some(0), "{}{}", self.out, self.err);
        Ok(())
    }
}

pub fn penstock(args: &[&str], input: &str) -> Result<Ended> {
    let mut child = Command::new(program("penstock")?)
        .args(args)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child
        .stdin
        .take()
        .context("piped")?
        .write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    Ok(Ended {
        exit: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
