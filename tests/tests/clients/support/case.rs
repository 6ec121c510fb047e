//! A topic, a group and its clients, all of one test alone.

use std::cell::Cell;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use penstock_tests::process::Process;
use penstock_tests::{Broker, Client, Doctor, Outgoing, eventually, unique};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{SOON, java, kafkajs};

/// See the module.
pub struct Case {
    pub client: Client,
    pub topic: String,
    pub group: String,
    dir: TempDir,
    started: Cell<u32>,
}

impl Case {
    /// On the shared broker; the topic is created.
    pub fn new(name: &str, partitions: i32) -> Result<Case> {
        Case::on(Broker::shared(), name, partitions)
    }

    /// On a broker of its own; the topic is created.
    pub fn on(broker: &Broker, name: &str, partitions: i32) -> Result<Case> {
        let case = Case::named(broker, name)?;
        case.client.create_topic(&case.topic, partitions, &[])?;
        // A broker has no coordinator until somebody asks for one, and KafkaJS soon gives up.
        eventually("the group has a coordinator", SOON, || {
            case.client.committed(&case.group, &case.topic).map(drop)
        });
        Ok(case)
    }

    /// The names alone.
    pub fn without_topic(name: &str) -> Result<Case> {
        Case::named(Broker::shared(), name)
    }

    fn named(broker: &Broker, name: &str) -> Result<Case> {
        let name = unique(name);
        Ok(Case {
            client: Client::new(broker.bootstrap())?,
            topic: format!("{name}.records"),
            group: name,
            dir: tempfile::tempdir()?,
            started: Cell::new(0),
        })
    }

    /// Sends so many records to a partition.
    pub fn send(&self, partition: i32, records: usize) -> Result<()> {
        let record = Outgoing::to(&self.topic).partition(partition).value("v");
        self.client.produce(&vec![record; records]).map(drop)
    }

    /// A worker of KafkaJS, with these options over its own.
    pub fn kafkajs(&self, options: &Value) -> Result<Process> {
        let mut all = json!({
            "brokers": [self.client.bootstrap()],
            "groupId": self.group,
            "topics": [self.topic],
        });
        for (name, value) in options.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        self.kafkajs_program("worker.js", &[&all.to_string()])
    }

    /// Another program with KafkaJS.
    pub fn kafkajs_program(&self, name: &str, args: &[&str]) -> Result<Process> {
        Process::spawn(kafkajs::command(name, args)?, &self.log())
    }

    /// A worker of Java's client: it begins at the first record, and commits each one itself.
    pub fn java(&self, settings: &[&str]) -> Result<Process> {
        let own = [
            format!("bootstrap.servers={}", self.client.bootstrap()),
            format!("group.id={}", self.group),
            format!("topics={}", self.topic),
            "client.id=worker".to_owned(),
            "auto.offset.reset=earliest".to_owned(),
            "enable.auto.commit=false".to_owned(),
        ];
        let own = own.iter().map(String::as_str);
        let args: Vec<&str> = own.chain(settings.iter().copied()).collect();
        self.java_program("Worker", &args)
    }

    /// Another program with Java's client.
    pub fn java_program(&self, name: &str, args: &[&str]) -> Result<Process> {
        Process::spawn(java::command(name, args)?, &self.log())
    }

    /// A file of this case.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.started.set(self.started.get() + 1);
        self.dir.path().join(format!("{}.log", self.started.get()))
    }

    /// The doctor of the group.
    pub fn doctor(&self) -> Doctor {
        Doctor::of(self.client.bootstrap(), &self.group)
    }

    /// Waits until this offset is committed.
    pub fn committed(&self, partition: i32, offset: i64) {
        eventually("it is committed", SOON, || {
            let committed = self.client.committed(&self.group, &self.topic)?;
            ensure!(
                committed.get(&partition).copied().flatten() == Some(offset),
                "{committed:?}"
            );
            Ok(())
        });
    }

    /// Waits until all is committed.
    pub fn caught_up(&self) {
        eventually("all is committed", SOON, || {
            self.client.caught_up(&self.group, &self.topic)
        });
    }

    /// Waits until the group has so many members and they have settled.
    pub fn settled(&self, members: usize) {
        let doctor = self.doctor().and(&["--watch-for", "0s"]);
        let noun = if members == 1 { "member" } else { "members" };
        let settled = format!("Stable, {members} {noun}");
        eventually("the group has settled", SOON, || {
            let stages = doctor.examine()?.said["stages"].to_string();
            ensure!(stages.contains(&settled), "{stages}");
            Ok(())
        });
    }

    /// Waits until the group has no members.
    pub fn deserted(&self) {
        eventually("nobody is in the group", SOON, || {
            let members = self.client.classic_members(&self.group)?;
            ensure!(members.is_empty(), "{members:?}");
            Ok(())
        });
    }
}
