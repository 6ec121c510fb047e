//! Programs with KafkaJS.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use penstock_tests::npm;

/// A program of `tests/clients/kafkajs`, to be started.
pub fn command(program: &str, args: &[&str]) -> Result<Command> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/kafkajs");
    let mut command = npm::node()?;
    command.arg(sources.join(program)).args(args);
    Ok(command)
}
