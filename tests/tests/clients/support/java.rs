//! Programs with Java's own client, compiled once against the jars that the broker brings.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Result, anyhow};
use penstock_tests::{javac, kafka_dist, target_dir};

/// A class of `tests/clients/java`, to be started.
pub fn command(class: &str, args: &[&str]) -> Result<Command> {
    static CLASS_PATH: OnceLock<Result<String, String>> = OnceLock::new();
    let class_path = CLASS_PATH.get_or_init(|| compiled().map_err(|error| format!("{error:#}")));
    let class_path = class_path.as_ref().map_err(|error| anyhow!("{error}"))?;
    let mut command = Command::new("java");
    // Quick to start, and small: many run at once.
    command.args(["-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
    command.arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    command.args(["-cp", class_path, class]).args(args);
    Ok(command)
}

fn compiled() -> Result<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/java");
    javac::compiled(
        &sources,
        &target_dir()?.join("clients/java"),
        &kafka_dist::libs()?,
    )
}
