//! KafkaJS, brought once from npm into the target folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::layout::target_dir;

/// What npm is told: which packages, of which versions, with which digests.
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// `node`, with KafkaJS at hand; fetched if it isn't there yet.
///
/// # Errors
/// When npm is missing (the message names the Debian package) or fails.
pub fn node() -> Result<Command> {
    let mut command = Command::new("node");
    command.env("NODE_PATH", modules()?);
    Ok(command)
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/kafkajs")
}

fn modules() -> Result<PathBuf> {
    let dir = target_dir()?.join("clients/kafkajs");
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let lock = File::create(dir.join("lock")).context("cannot create the lock of the packages")?;
    lock.lock()
        .context("cannot lock the folder of the packages")?;

    let modules = dir.join("node_modules");
    let wanted = fs::read_to_string(sources().join("package-lock.json"))?;
    let done = dir.join("fetched.json");
    if fs::read_to_string(&done).is_ok_and(|fetched| fetched == wanted) {
        return Ok(modules);
    }
    for name in FILES {
        fs::copy(sources().join(name), dir.join(name))
            .with_context(|| format!("cannot copy {name}"))?;
    }
    eprintln!(
        "fetching KafkaJS with npm, once, into {}",
        modules.display()
    );
    let npm = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(&dir)
        .stdin(Stdio::null())
        .output()
        .context("cannot run `npm`, which fetches KafkaJS: install it (Debian, Ubuntu: `apt-get install npm`)")?;
    ensure!(
        npm.status.success(),
        "npm could not fetch KafkaJS ({}):\n{}{}",
        npm.status,
        String::from_utf8_lossy(&npm.stdout),
        String::from_utf8_lossy(&npm.stderr)
    );
    fs::write(&done, wanted).context("cannot mark the packages as fetched")?;
    Ok(modules)
}
