//! The places and people of the incident.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use penstock_tests::process::Process;
use penstock_tests::{Broker, Client, plugin, program, wait_until};
use tempfile::TempDir;

use super::page::Page;
use crate::support::{SOON, kafkajs};

/// See the module. Its names are of no other test.
pub struct Story {
    pub page: Page,
    client: Client,
    dir: TempDir,
}

impl Story {
    /// The topics are there, and nothing else.
    pub fn begin() -> Result<Story> {
        let story = Story {
            page: Page::open("incident.md")?,
            client: Client::new(Broker::shared().bootstrap())?,
            dir: tempfile::tempdir()?,
        };
        for topic in ["purchase-confirmed", "course-access-granted"] {
            story.client.create_topic(topic, 3, &[])?;
        }
        fs::create_dir(story.file("plugins"))?;
        let file = "plugins/purchase-to-access.wasm";
        fs::copy(plugin("purchase-to-access")?, story.file(file))?;
        fs::write(story.file("penstock.toml"), story.config())?;
        Ok(story)
    }

    pub fn broker(&self) -> String {
        self.client.bootstrap().to_owned()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn config(&self) -> String {
        format!(
            r#"[host]
id = "worker-1"
cache = "cache"

[kafka]
bootstrap = "{}"
group = "purchase-worker"
commit-interval = "1s"

[handlers.purchase-to-access]
plugin = "plugins/purchase-to-access.wasm"
outputs = {{ access-granted = "course-access-granted" }}

[topics.purchase-confirmed]
handlers = ["purchase-to-access"]
start = "earliest"
"#,
            self.broker()
        )
    }

    /// A purchase that was there before anybody came.
    pub fn emit(&self, event: &str, partition: &str) -> Result<()> {
        let purchase = format!(
            r#"{{"eventId":"{event}","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}}"#
        );
        let args = ["emit", "purchase-confirmed", &purchase, "--key", "u7"];
        let whither = ["--partition", partition, "--bootstrap", &self.broker()];
        let (code, said) = self.run(&[&args[..], &whither].concat())?;
        ensure!(code == Some(0), "{said}");
        Ok(())
    }

    /// A worker with KafkaJS.
    pub fn worker(&self, program: &str) -> Result<Process> {
        let command = kafkajs::command(program, &[&self.broker()])?;
        let log = self.file("worker.log");
        if log.exists() {
            fs::remove_file(&log)?;
        }
        Process::spawn(command, &log)
    }

    /// `penstock run`.
    pub fn host(&self) -> Result<Process> {
        let mut command = self.command(&["run", "-c", "penstock.toml"])?;
        command.env("PENSTOCK_LOG", "info");
        Process::spawn(command, &self.file("host.log"))
    }

    /// Runs Penstock, which has to end so, and prints what it said into a block of the page.
    pub fn penstock(&mut self, block: &str, code: i32, args: &[&str]) -> Result<String> {
        let (ended, said) = self.run(args)?;
        ensure!(ended == Some(code), "{args:?} ended with {ended:?}: {said}");
        self.page.print(block, &as_typed(args, &said))?;
        Ok(said)
    }

    /// Shows what is in a topic, whose records came in any order.
    pub fn peek(&mut self, block: &str, args: &[&str]) -> Result<()> {
        let (ended, said) = self.run(args)?;
        ensure!(ended == Some(0), "{args:?} ended with {ended:?}: {said}");
        self.page.print_unordered(block, &as_typed(args, &said))
    }

    fn command(&self, args: &[&str]) -> Result<Command> {
        let mut command = Command::new(program("penstock")?);
        command.args(args).env("NO_COLOR", "1");
        command.current_dir(self.dir.path());
        Ok(command)
    }

    fn run(&self, args: &[&str]) -> Result<(Option<i32>, String)> {
        let path = self.file("said");
        let file = File::create(&path)?;
        let mut command = self.command(args)?;
        command.stdout(file.try_clone()?).stderr(file);
        let status = command.status().context("cannot run penstock")?;
        Ok((status.code(), fs::read_to_string(&path)?))
    }

    /// Waits until a group has no members any more.
    pub fn deserted(&self, group: &str) -> Result<()> {
        wait_until("its session has ended", SOON, || {
            let members = self.client.classic_members(group)?;
            ensure!(members.is_empty(), "{members:?}");
            Ok(())
        })
    }

    /// Waits until a group has committed both purchases.
    pub fn caught_up(&self, group: &str) -> Result<()> {
        wait_until("both are committed", SOON, || {
            let committed = self.client.committed(group, "purchase-confirmed")?;
            ensure!(
                committed[&0] == Some(1) && committed[&2] == Some(1),
                "{committed:?}"
            );
            Ok(())
        })
    }
}

fn as_typed(args: &[&str], said: &str) -> String {
    format!("$ penstock {}\n{said}", args.join(" "))
}
