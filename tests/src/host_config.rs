//! The host's configuration, built by a test.

use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

/// A configuration in the making; [`toml`](HostConfig::toml) is what the host reads.
#[derive(Debug, Clone)]
pub struct HostConfig {
    root: Table,
    variables: Vec<(String, String)>,
}

impl HostConfig {
    /// A host `id` of `group` with a quick commit (1 s), delays without jitter, JSON log lines of
    /// every record, and no topics yet.
    #[must_use]
    pub fn new(bootstrap: &str, group: &str, id: &str) -> HostConfig {
        HostConfig {
            root: Table::new(),
            variables: Vec::new(),
        }
        .set(&["host", "id"], id)
        .set(&["kafka", "bootstrap"], bootstrap)
        .set(&["kafka", "group"], group)
        .set(&["kafka", "protocol"], "classic")
        .set(&["kafka", "delivery"], "at-least-once")
        .set(&["kafka", "commit-interval"], "1s")
        .set(&["retry", "jitter-percent"], 0)
        .set(&["log", "format"], "json")
        .set(&["log", "records"], "all")
    }

    /// The group protocol. Of `classic`, the session is set to 2 s (of `consumer` the broker
    /// decides).
    #[must_use]
    pub fn protocol(self, protocol: &str) -> HostConfig {
        let config = self.set(&["kafka", "protocol"], protocol);
        if protocol != "classic" {
            return config;
        }
        config
            .set(&["kafka", "consumer", "session.timeout.ms"], "2000")
            .set(&["kafka", "consumer", "heartbeat.interval.ms"], "500")
    }

    /// A handler with a plugin's file and its outputs (logical name, topic).
    #[must_use]
    pub fn handler(self, name: &str, plugin: &Path, outputs: &[(&str, &str)]) -> HostConfig {
        let outputs = outputs
            .iter()
            .map(|(name, topic)| ((*name).to_owned(), (*topic).into()));
        self.set(&["handlers", name, "plugin"], plugin.display().to_string())
            .set(&["handlers", name, "outputs"], outputs.collect::<Table>())
    }

    /// An input topic, its handlers, where a new group starts, and its dead-letter topic.
    #[must_use]
    pub fn topic(
        self,
        topic: &str,
        handlers: &[&str],
        start: &str,
        dead_letter: Option<&str>,
    ) -> HostConfig {
        let handlers: Vec<Value> = handlers.iter().map(|name| Value::from(*name)).collect();
        let config = self
            .set(&["topics", topic, "handlers"], handlers)
            .set(&["topics", topic, "start"], start);
        match dead_letter {
            Some(dead_letter) => config.set(&["topics", topic, "dead-letter"], dead_letter),
            None => config,
        }
    }

    /// Sets any key, such as `["handlers", "a", "limits", "deadline"]`.
    ///
    /// # Panics
    /// When the path is empty or runs through a value that isn't a table.
    #[must_use]
    pub fn set(mut self, path: &[&str], value: impl Into<Value>) -> HostConfig {
        let (last, tables) = path.split_last().expect("a path names a key");
        let mut table = &mut self.root;
        for name in tables {
            let entry = table.entry(*name).or_insert_with(|| Table::new().into());
            table = entry
                .as_table_mut()
                .unwrap_or_else(|| panic!("`{name}` is no table"));
        }
        table.insert((*last).to_owned(), value.into());
        self
    }

    /// A variable of the host's environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> HostConfig {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The variables of the host's environment.
    pub(crate) fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// The text of the file.
    ///
    /// # Errors
    /// Never, for what can be built here.
    pub fn toml(&self) -> Result<String> {
        toml::to_string(&self.root).context("cannot write the configuration")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_what_the_host_reads() -> Result<()> {
        let text = HostConfig::new("localhost:1", "g", "h")
            .protocol("classic")
            .handler("a", Path::new("a.wasm"), &[("out", "t.out")])
            .topic("t.in", &["a"], "earliest", None)
            .set(&["handlers", "a", "limits", "deadline"], "200ms")
            .toml()?;
        let read: Table = text.parse()?;
        assert_eq!(
            read["handlers"]["a"]["outputs"]["out"].as_str(),
            Some("t.out")
        );
        assert_eq!(
            read["handlers"]["a"]["limits"]["deadline"].as_str(),
            Some("200ms")
        );
        assert_eq!(
            read["kafka"]["consumer"]["session.timeout.ms"].as_str(),
            Some("2000")
        );
        assert_eq!(read["topics"]["t.in"]["start"].as_str(), Some("earliest"));
        assert!(read["topics"]["t.in"].get("dead-letter").is_none());
        Ok(())
    }
}
