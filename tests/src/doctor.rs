//! `penstock doctor` as a child process.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::layout::program;

/// The doctor of a group.
pub struct Doctor {
    args: Vec<String>,
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
