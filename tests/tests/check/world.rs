//! A configuration of one handler, and the topics it has to do with.

use std::path::PathBuf;

use anyhow::{Context, Result};
use penstock_tests::{Broker, Client, HostConfig, plugin, unique};
use serde_json::Value;
use tempfile::TempDir;

use crate::tool::{Ended, penstock};

/// Names of topics and of a group, all of one test alone.
pub struct World {
    pub client: Client,
    pub group: String,
    pub input: String,
    pub output: String,
    pub dead: String,
    dir: TempDir,
}

impl World {
    /// The names alone.
    pub fn without_topics(name: &str) -> Result<World> {
        World::on(Broker::shared(), name)
    }

    /// The names alone, on another broker.
    pub fn on(broker: &Broker, name: &str) -> Result<World> {
        let name = unique(name);
        Ok(World {
            client: Client::new(broker.bootstrap())?,
            input: format!("{name}.in"),
            output: format!("{name}.out"),
            dead: format!("{name}.dead"),
            group: name,
            dir: tempfile::tempdir()?,
        })
    }

    /// With topics: two partitions each; a dead letter finds room.
    pub fn new(name: &str) -> Result<World> {
        World::without_topics(name)?.with_topics()
    }

    /// Makes its topics.
    pub fn with_topics(self) -> Result<World> {
        self.client.create_topic(&self.input, 2, &[])?;
        self.client.create_topic(&self.output, 2, &[])?;
        let room = [("max.message.bytes", "2000000")];
        self.client.create_topic(&self.dead, 2, &room)?;
        Ok(self)
    }

    /// The unruly plugin from the input to the output; failures become dead letters.
    pub fn config(&self) -> Result<HostConfig> {
        let config = HostConfig::new(self.client.bootstrap(), &self.group, "a")
            .handler("unruly", &plugin("unruly")?, &[("out", &self.output)])
            .set(&["handlers", "unruly", "limits", "output-bytes"], "512KiB")
            .topic(&self.input, &["unruly"], "earliest", Some(&self.dead));
        let cache = self.dir.path().join("cache");
        Ok(config.set(&["host", "cache"], cache.display().to_string()))
    }

    fn file(&self, config: &HostConfig) -> Result<PathBuf> {
        let file = self.dir.path().join("penstock.toml");
        std::fs::write(&file, config.toml()?).context("cannot write the configuration")?;
        Ok(file)
    }

    /// `penstock check --broker` of a configuration, with more arguments.
    pub fn check_of(&self, config: &HostConfig, args: &[&str]) -> Result<Ended> {
        let file = self.file(config)?;
        let file = file.to_str().context("a path that is no text")?;
        penstock(&[&["check", "-c", file, "--broker"], args].concat())
    }

    /// The same of the configuration here.
    pub fn check(&self, args: &[&str]) -> Result<Ended> {
        self.check_of(&self.config()?, args)
    }

    /// The findings of a configuration, as code, severity and subject.
    pub fn findings_of(&self, config: &HostConfig, exit: i32) -> Result<Vec<Finding>> {
        let ended = self.check_of(config, &["--json"])?;
        ended.ended(exit);
        let said: Value = serde_json::from_str(&ended.out)?;
        assert_eq!(said["ok"], exit == 0, "{said:#}");
        let findings = said["broker"]["findings"].as_array().cloned();
        Ok(findings
            .unwrap_or_default()
            .into_iter()
            .map(Finding)
            .collect())
    }

    /// The only finding of the configuration here.
    #[track_caller]
    pub fn only(&self, exit: i32, code: &str, severity: &str, subject: &str) -> Finding {
        let config = self.config().expect("a configuration");
        self.only_of(&config, exit, (code, severity, subject))
    }

    /// The only finding of a configuration.
    #[track_caller]
    pub fn only_of(&self, config: &HostConfig, exit: i32, of: (&str, &str, &str)) -> Finding {
        let found = self.findings_of(config, exit).expect("an answer");
        let [finding] = found.as_slice() else {
            panic!("not one: {found:#?}");
        };
        let of_it = (
            finding.text("code"),
            finding.text("severity"),
            finding.text("subject"),
        );
        assert_eq!(of_it, of, "{finding:#?}");
        finding.clone()
    }
}

/// A finding as JSON.
#[derive(Debug, Clone)]
pub struct Finding(Value);

impl Finding {
    /// Whether it has this code and subject.
    pub fn is(&self, code: &str, subject: &str) -> bool {
        self.text("code") == code && self.text("subject") == subject
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    /// It says this somewhere.
    #[track_caller]
    pub fn says(&self, part: &str) {
        let said = self.0.to_string();
        assert!(said.contains(part), "no {part:?} in {said}");
    }
}
