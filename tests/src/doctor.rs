//! `penstock doctor` as a child process.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::layout::program;

/// The doctor of a group.
pub struct Doctor {
    args: Vec<String>,
}

/// What it takes.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// How long it took.
    pub took: Duration,
    /// The most memory it had at a time, in KiB.
    pub peak_kib: u64,
}

/// What it said.
#[derive(Debug)]
pub struct Seen {
    /// The exit code.
    pub exit: Option<i32>,
    /// The JSON object.
    pub said: Value,
    /// How long it took.
    pub took: Duration,
}

impl Doctor {
    /// Asks the brokers about a group.
    #[must_use]
    pub fn of(bootstrap: &str, group: &str) -> Doctor {
        Doctor::with(&["--bootstrap", bootstrap, "--group", group])
    }

    /// With these arguments.
    #[must_use]
    pub fn with(args: &[&str]) -> Doctor {
        let args = args.iter().map(|arg| (*arg).to_owned());
        Doctor {
            args: args.collect(),
        }
    }

    /// More arguments.
    #[must_use]
    pub fn and(mut self, args: &[&str]) -> Doctor {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// The command, to be run otherwise.
    ///
    /// # Errors
    /// When the program isn't built.
    pub fn command(&self) -> Result<Command> {
        let mut command = Command::new(program("penstock")?);
        command.arg("doctor").args(&self.args).env("NO_COLOR", "1");
        Ok(command)
    }

    /// Its output as it is.
    ///
    /// # Errors
    /// When it can't be run.
    pub fn output(&self) -> Result<Output> {
        self.command()?.output().context("cannot run the doctor")
    }

    /// What one run takes.
    ///
    /// # Errors
    /// When it can't be run, or finds something.
    pub fn cost(&self) -> Result<Cost> {
        let began = Instant::now();
        let mut child = self.command()?.stdout(Stdio::null()).spawn()?;
        // What the kernel keeps of an ended child counts the memory of this process, too.
        let status = format!("/proc/{}/status", child.id());
        let mut peak_kib = 0;
        let ended = loop {
            if let Some(ended) = child.try_wait()? {
                break ended;
            }
            let text = fs::read_to_string(&status).unwrap_or_default();
            let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|of| of.split_whitespace().next()?.parse().ok());
            peak_kib = peak.unwrap_or(0).max(peak_kib);
        };
        ensure!(ended.success(), "it ended with {ended}");
        Ok(Cost {
            took: began.elapsed(),
            peak_kib,
        })
    }

    /// Its output as JSON.
    ///
    /// # Errors
    /// When it can't be run, or prints something else.
    pub fn examine(&self) -> Result<Seen> {
        let began = Instant::now();
        let output = self.command()?.arg("--json").output()?;
        let said = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("no JSON: {output:?}"))?;
        Ok(Seen {
            exit: output.status.code(),
            said,
            took: began.elapsed(),
        })
    }
}

impl Seen {
    /// The codes of the findings.
    #[must_use]
    pub fn codes(&self) -> Vec<&str> {
        let findings = self.said["findings"].as_array().into_iter().flatten();
        findings
            .filter_map(|finding| finding["code"].as_str())
            .collect()
    }

    /// Exactly this is found; gives the finding.
    ///
    /// # Panics
    /// When something else is.
    #[track_caller]
    pub fn only(&self, code: &str) -> &Value {
        assert_eq!(self.codes(), [code], "{:#}", self.said);
        assert_eq!(self.exit, Some(1));
        &self.said["findings"][0]
    }

    /// Nothing is found; gives the notes.
    ///
    /// # Panics
    /// When something is.
    #[track_caller]
    pub fn healthy(&self) -> String {
        assert!(self.codes().is_empty(), "{:#}", self.said);
        assert_eq!(self.exit, Some(0));
        self.said["notes"].to_string()
    }
}
