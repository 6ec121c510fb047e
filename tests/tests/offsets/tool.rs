//! The commands as child processes, with nobody at a terminal.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use penstock_tests::program;
use serde_json::Value;

use crate::support::Scene;

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code.
    pub exit: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs `penstock` with these arguments.
pub fn penstock(args: &[&str]) -> Result<Ended> {
    let mut command = Command::new(program("penstock")?);
    command.args(args).env("NO_COLOR", "1").stdin(Stdio::null());
    let output = command.output().context("cannot run penstock")?;
    Ok(Ended {
        exit: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// `penstock offsets WHAT` about the group of a scene.
pub fn offsets(scene: &Scene, what: &str, args: &[&str]) -> Result<Ended> {
    let group = [
        "--bootstrap",
        scene.client.bootstrap(),
        "--group",
        &scene.group,
    ];
    penstock(&[&["offsets", what], &group[..], args].concat())
}

impl Ended {
    /// Standard output as JSON, after the exit code 0.
    #[track_caller]
    pub fn json(&self) -> Value {
        self.ended(0);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// It ended with this code; gives all that it said.
    #[track_caller]
    pub fn ended(&self, exit: i32) -> String {
        assert_eq!(self.exit, Some(exit), "{self:#?}");
        format!("{}{}", self.out, self.err)
    }

    /// It ended with this code, and said all of this.
    #[track_caller]
    pub fn said(&self, exit: i32, parts: &[&str]) {
        // Lines are broken where they are full.
        let said = self.ended(exit);
        let words: Vec<&str> = said.split_whitespace().collect();
        let said = words.join(" ");
        for part in parts {
            assert!(said.contains(part), "no {part:?} in {said}");
        }
    }
}
