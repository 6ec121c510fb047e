//! The programs of `bench/peers`, compiled and started.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Result, anyhow};
use penstock_tests::process::Process;
use penstock_tests::{javac, maven, npm, target_dir};
use serde_json::json;
use tempfile::TempDir;

use crate::subject::{Job, Running};

/// Of who doesn't commit in transactions.
pub(super) const COMMIT_INTERVAL: Duration = Duration::from_secs(5);

const POM: &str = include_str!("../../peers/streams/pom.xml");

fn sources(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(folder)
}

/// Kafka Streams with this `processing.guarantee`.
pub(super) fn streams(
    job: &Job<'_>,
    guarantee: &str,
    commit_interval: Duration,
) -> Result<Running> {
    static CLASS_PATH: OnceLock<Result<String, String>> = OnceLock::new();
    let class_path = CLASS_PATH.get_or_init(|| compiled().map_err(|error| format!("{error:#}")));
    let class_path = class_path.as_ref().map_err(|error| anyhow!("{error}"))?;
    let dir = tempfile::tempdir()?;
    let mut command = Command::new("java");
    // A heap that never grows, and the collector that costs it least: G1, the default, makes it a
    // tenth slower, and its latency is no better for it.
    command.args(["-Xms1g", "-Xmx1g", "-XX:+UseParallelGC"]);
    command.arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    command.args(["-cp", class_path, "Purchases"]);
    for (name, value) in [
        ("bootstrap.servers", job.bootstrap),
        ("application.id", job.group),
        ("processing.guarantee", guarantee),
        (
            "commit.interval.ms",
            &commit_interval.as_millis().to_string(),
        ),
        ("state.dir", &dir.path().display().to_string()),
        ("input", job.input),
        ("output", job.output),
        ("dead-letter", job.dead_letter),
    ] {
        command.arg(format!("{name}={value}"));
    }
    spawn(command, dir)
}

fn compiled() -> Result<String> {
    let libs = maven::jars("peers", "Kafka Streams", POM)?;
    let classes = target_dir()?.join("peers/classes");
    javac::compiled(&sources("streams"), &classes, &libs)
}

pub(super) fn kafkajs(job: &Job<'_>) -> Result<Running> {
    let mut command = npm::node()?;
    let where_to = json!({
        "broker": job.bootstrap,
        "group": job.group,
        "input": job.input,
        "output": job.output,
        "deadLetter": job.dead_letter,
    });
    command
        .arg(sources("kafkajs").join("purchases.js"))
        .arg(where_to.to_string());
    spawn(command, tempfile::tempdir()?)
}

fn spawn(command: Command, dir: TempDir) -> Result<Running> {
    let process = Process::spawn(command, &dir.path().join("peer.log"))?;
    Ok(Running::Program { process, _dir: dir })
}

#[cfg(test)]
mod tests {
    use penstock_tests::kafka_dist;

    use super::*;

    #[test]
    fn streams_are_of_the_brokers_version() {
        let version = |pom: &str, artifact: &str| {
            let (_, after) = pom.split_once(&format!("<artifactId>{artifact}</artifactId>"))?;
            let (_, version) = after.split_once("<version>")?;
            Some(version.split_once("</version>")?.0.to_owned())
        };
        let streams = version(POM, "kafka-streams");
        assert!(streams.is_some());
        assert_eq!(streams, version(kafka_dist::POM, "kafka_2.13"));
    }
}
