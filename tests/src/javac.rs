//! Java programs, compiled against jars that were fetched.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Compiles all of `sources` into `classes`, which is created; returns the class path to run them.
///
/// # Errors
/// When no JDK is there (the message names the Debian package) or it refuses the sources.
pub fn compiled(sources: &Path, classes: &Path, libs: &Path) -> Result<String> {
    fs::create_dir_all(classes).with_context(|| format!("cannot create {}", classes.display()))?;
    let mut files = Vec::new();
    for entry in fs::read_dir(sources)? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "java"));
    let class_path = format!("{}:{}/*", classes.display(), libs.display());
    let javac = Command::new("javac")
        .arg("-cp")
        .arg(&class_path)
        .arg("-d")
        .arg(classes)
        .args(files)
        .output()
        .context("cannot run `javac`: install a JDK of 17 or later (Debian, Ubuntu: `apt-get install openjdk-17-jdk-headless`)")?;
    ensure!(
        javac.status.success(),
        "javac ({}):\n{}",
        javac.status,
        String::from_utf8_lossy(&javac.stderr)
    );
    Ok(class_path)
}
