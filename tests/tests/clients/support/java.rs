//! Programs with Java's own client, compiled once against the jars that the broker brings.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, ensure};
use penstock_tests::{kafka_dist, target_dir};

/// A class of `tests/clients/java`, to be started.
pub fn command(class: &str, args: &[&str]) -> Result<Command> {
    static CLASSES: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let classes = CLASSES.get_or_init(|| compiled().map_err(|error| format!("{error:#}")));
    let classes = classes.as_ref().map_err(|error| anyhow!("{error}"))?;
    let mut command = Command::new("java");
    // Quick to start, and small: many run at once.
    command.args(["-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
    command.arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    command.arg("-cp").arg(class_path(classes)?);
    command.arg(class).args(args);
    Ok(command)
}

fn class_path(first: &Path) -> Result<String> {
    Ok(format!(
        "{}:{}/*",
        first.display(),
        kafka_dist::libs()?.display()
    ))
}

fn compiled() -> Result<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/java");
    let classes = target_dir()?.join("clients/java");
    fs::create_dir_all(&classes).with_context(|| format!("cannot create {}", classes.display()))?;
    let mut files = Vec::new();
    for entry in fs::read_dir(&sources)? {
        files.push(entry?.path());
    }
    let javac = Command::new("javac")
        .arg("-cp")
        .arg(class_path(&classes)?)
        .arg("-d")
        .arg(&classes)
        .args(files)
        .output()
        .context("cannot run `javac`: install a JDK of 17 or later (Debian, Ubuntu: `apt-get install openjdk-17-jdk-headless`)")?;
    ensure!(
        javac.status.success(),
        "javac ({}):\n{}",
        javac.status,
        String::from_utf8_lossy(&javac.stderr)
    );
    Ok(classes)
}
