//! A case's handler: its topics, its part of the configuration, its records.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use penstock_tests::{Client, Host, HostConfig, plugin};
use serde_json::{Map, Value, json};

use crate::command::penstock;
use crate::told::{Place, as_told};

/// As many as any record of a case needs.
const PARTITIONS: i32 = 4;

/// A case's handler, with topics of its own.
pub struct Line {
    plugin: PathBuf,
    /// The handler's name, which is the case's.
    pub handler: String,
    /// By the names that the case has for them.
    inputs: BTreeMap<String, String>,
    /// The topic of each output.
    outputs: BTreeMap<String, String>,
    dead: String,
    /// What `case.toml` says.
    own: toml::Table,
    /// The records, each without its topic.
    records: Vec<(String, Value)>,
}

impl Line {
    pub fn read(group: &str, plugin_name: &str, case: &Path, outputs: &[String]) -> Result<Line> {
        let name = case
            .file_name()
            .and_then(|name| name.to_str())
            .context("a name")?;
        let handler = format!("{plugin_name}-{name}");
        let topic = |of: &str| format!("{group}.{handler}.{of}");
        let mut records = Vec::new();
        for line in fs::read_to_string(case.join("in.jsonl"))?.lines() {
            let mut record: Map<String, Value> = serde_json::from_str(line)?;
            let of = record.remove("topic");
            let of = of
                .as_ref()
                .and_then(Value::as_str)
                .unwrap_or("input")
                .to_owned();
            record.entry("partition").or_insert(json!(0));
            records.push((of, Value::Object(record)));
        }
        let inputs = records
            .iter()
            .map(|(of, _)| (of.clone(), topic(&format!("in.{of}"))));
        let own = fs::read_to_string(case.join("case.toml")).unwrap_or_default();
        Ok(Line {
            plugin: plugin(plugin_name)?,
            inputs: inputs.collect(),
            outputs: outputs
                .iter()
                .map(|of| (of.clone(), topic(&format!("out.{of}"))))
                .collect(),
            dead: topic("dead"),
            own: own.parse()?,
            records,
            handler,
        })
    }

    /// Makes the topics, and sends the records.
    pub fn send(&self, client: &Client) -> Result<()> {
        for topic in self.outputs.values().chain([&self.dead]) {
            client.create_topic(topic, PARTITIONS, &[])?;
        }
        for (name, topic) in &self.inputs {
            let by_broker = |(of, record): &(String, Value)| {
                of == name && record["timestamp-type"] == "log-append-time"
            };
            let settings: &[_] = match self.records.iter().any(by_broker) {
                true => &[("message.timestamp.type", "LogAppendTime")],
                false => &[],
            };
            client.create_topic(topic, PARTITIONS, settings)?;
        }
        for (name, topic) in &self.inputs {
            let lines = self.records.iter().filter(|(of, _)| of == name);
            let lines: String = lines.map(|(_, record)| format!("{record}\n")).collect();
            let args = [
                "emit",
                topic,
                "--json-lines",
                "--bootstrap",
                client.bootstrap(),
            ];
            penstock(&args, &lines)?.fine()?;
        }
        Ok(())
    }

    /// As `plugin test` has it without a word: each topic with dead letters, unless the case has a
    /// table for it.
    pub fn configure(&self, config: HostConfig) -> HostConfig {
        let outputs = self
            .outputs
            .iter()
            .map(|(name, topic)| (name.as_str(), topic.as_str()));
        let outputs: Vec<_> = outputs.collect();
        let mut config = config.handler(&self.handler, &self.plugin, &outputs);
        let handlers = self.own.get("handlers").and_then(toml::Value::as_table);
        for (key, value) in handlers
            .into_iter()
            .flat_map(toml::Table::values)
            .filter_map(toml::Value::as_table)
            .flatten()
        {
            config = config.set(&["handlers", &self.handler, key], value.clone());
        }
        for (name, topic) in &self.inputs {
            let own = self.own.get("topics").and_then(|topics| topics.get(name));
            let dead = own.is_none().then_some(self.dead.as_str());
            config = config.topic(topic, &[self.handler.as_str()], "earliest", dead);
        }
        config
    }

    /// Records the case from its topics, and runs it. What each record comes to.
    pub fn record(&self, folder: &Path, host: &Host) -> Result<BTreeMap<Place, Value>> {
        let config = host.config_file();
        let config = config.to_str().context("UTF-8")?;
        let mut expected = BTreeMap::new();
        for (name, topic) in &self.inputs {
            let case = folder.join("tests").join(name);
            let case_name = case.to_str().context("UTF-8")?;
            let args = [
                "peek",
                topic,
                "--through",
                &self.handler,
                "-n",
                "all",
                "-c",
                config,
            ];
            let ended = penstock(&[&args[..], &["--record", case_name]].concat(), "")?;
            ensure!(matches!(ended.exit, Some(0 | 1)), "{ended:?}");
            let read = |name: &str| lines(&case.join(name));
            for (record, outcome) in read("in.jsonl")?.iter().zip(read("expected.jsonl")?) {
                let place = |key: &str| record[key].as_i64().context("a place");
                let place = (topic.clone(), place("partition")?, place("offset")?);
                expected.insert(place, as_told(outcome));
            }
        }
        ensure!(expected.len() == self.records.len(), "{expected:#?}");
        let file = self.plugin.to_str().context("UTF-8")?;
        let folder = folder.to_str().context("UTF-8")?;
        penstock(&["plugin", "test", folder, "--plugin", file], "")?.fine()?;
        Ok(expected)
    }

    /// Outputs of several partitions come in any order: all of them are compared, each with all its
    /// bytes.
    pub fn compare_outputs(&self, client: &Client, folder: &Path) -> Result<()> {
        let mut expected: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let cases = self
            .inputs
            .keys()
            .map(|name| folder.join("tests").join(name));
        let outcomes: Vec<Vec<Value>> = cases
            .map(|case| lines(&case.join("expected.jsonl")))
            .collect::<Result<_>>()?;
        for outcome in outcomes.iter().flatten() {
            for output in outcome["outputs"].as_array().into_iter().flatten() {
                let topic = &self.outputs[output["output"].as_str().context("a name")?];
                expected
                    .entry(topic)
                    .or_default()
                    .push(shape(&output["record"]));
            }
        }
        for topic in self.outputs.values() {
            let args = [
                "peek",
                topic,
                "-n",
                "all",
                "--json",
                "--bootstrap",
                client.bootstrap(),
            ];
            let ended = penstock(&args, "")?;
            ended.fine()?;
            let parse = |line: &str| serde_json::from_str(line).map(|of: Value| shape(&of));
            let mut found: Vec<String> = ended.out.lines().map(parse).collect::<Result<_, _>>()?;
            let mut expected = expected.remove(topic.as_str()).unwrap_or_default();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{topic}");
        }
        Ok(())
    }
}

/// Key, value, headers and timestamp, which is the input's.
fn shape(record: &Value) -> String {
    ["timestamp", "key", "value", "headers"]
        .map(|key| record[key].to_string())
        .join(" ")
}

fn lines(file: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let parse = |line: &str| serde_json::from_str(line).with_context(|| line.to_owned());
    text.lines().map(parse).collect()
}

/// The names of a plugin's outputs.
pub fn outputs(plugin: &Path) -> Result<Vec<String>> {
    let file = plugin.to_str().context("UTF-8")?;
    let ended = penstock(&["plugin", "inspect", file, "--json"], "")?;
    ended.fine()?;
    let shown: Value = serde_json::from_str(&ended.out)?;
    let outputs = shown["description"]["outputs"].as_array();
    let names = outputs
        .into_iter()
        .flatten()
        .filter_map(|of| of["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}
