//! One handler's topics and group, its configuration in a file, and the commands on both.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use penstock_tests::{Broker, Client, Host, HostConfig, Outgoing, plugin, program, unique};
use serde_json::Value;
use tempfile::TempDir;

/// For whatever has to happen at last.
pub const SOON: Duration = Duration::from_secs(30);

/// See the module.
pub struct Line {
    pub client: Client,
    pub input: String,
    pub output: String,
    pub dead: String,
    pub group: String,
    dir: TempDir,
}

impl Line {
    /// A line on the shared broker, all its topics created.
    pub fn new(name: &str, partitions: i32) -> Result<Line> {
        let name = unique(name);
        let line = Line {
            client: Client::new(Broker::shared().bootstrap())?,
            input: format!("{name}.in"),
            output: format!("{name}.out"),
            dead: format!("{name}.dead"),
            group: name,
            dir: tempfile::tempdir()?,
        };
        for topic in [&line.input, &line.output, &line.dead] {
            line.client.create_topic(topic, partitions, &[])?;
        }
        Ok(line)
    }

    /// The unruly plugin as `unruly`, from the earliest record, with a dead-letter topic.
    pub fn config(&self) -> Result<HostConfig> {
        Ok(
            HostConfig::new(self.client.bootstrap(), &self.group, "worker-1")
                .protocol("classic")
                .set(&["kafka", "commit-interval"], "100ms")
                .set(&["handlers", "unruly", "limits", "deadline"], "200ms")
                .set(&["handlers", "unruly", "limits", "outputs"], 3)
                .set(&["handlers", "unruly", "retry", "attempts"], 3)
                .set(&["handlers", "unruly", "retry", "backoff"], "100ms..1s")
                .handler("unruly", &plugin("unruly")?, &[("out", &self.output)])
                .topic(&self.input, &["unruly"], "earliest", Some(&self.dead)),
        )
    }

    /// Writes a configuration where a command finds it.
    pub fn file(&self, config: &HostConfig) -> Result<String> {
        let file: PathBuf = self.dir.path().join("penstock.toml");
        let cache = self.dir.path().join("cache").display().to_string();
        std::fs::write(&file, config.clone().set(&["host", "cache"], cache).toml()?)?;
        Ok(file.display().to_string())
    }

    /// Sends records with these values and the key `k` to partition 0 of the input.
    pub fn send(&self, values: &[&str]) -> Result<()> {
        let record = Outgoing::to(&self.input).key("k").partition(0);
        let records: Vec<_> = values
            .iter()
            .map(|value| record.clone().value(*value))
            .collect();
        self.client.produce(&records).map(drop)
    }

    /// A running host.
    pub fn host(&self, config: &HostConfig) -> Result<Host> {
        let mut host = Host::start(config)?;
        host.ready(SOON)?;
        Ok(host)
    }
}

/// The path of a host's configuration, as a command takes it.
pub fn config_of(host: &Host) -> Result<String> {
    let file = host.config_file();
    Ok(file.to_str().context("a path in UTF-8")?.to_owned())
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub exit: Option<i32>,
    pub out: String,
    pub err: String,
}

/// A command with nobody at a terminal.
pub fn command(args: &[&str]) -> Result<Command> {
    let mut command = Command::new(program("penstock")?);
    command.args(args).env("NO_COLOR", "1").stdin(Stdio::null());
    Ok(command)
}

/// Runs a command to its end.
pub fn penstock(args: &[&str]) -> Result<Ended> {
    let output = command(args)?.output().context("cannot run penstock")?;
    Ok(Ended {
        exit: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

impl Ended {
    /// Its lines of JSON.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
        };
        self.out.lines().map(parse).collect()
    }

    /// It ended so, and said all of that.
    #[track_caller]
    pub fn said(&self, exit: i32, parts: &[&str]) {
        assert_eq!(self.exit, Some(exit), "{self:#?}");
        let said = format!("{}{}", self.out, self.err);
        for part in parts {
            assert!(said.contains(part), "no {part:?} in {said}");
        }
    }
}
