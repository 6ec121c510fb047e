//! Jars, brought once from Maven Central into the target folder.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::layout::target_dir;

/// The folder with the jars that `pom` names and all that they need; fetched if it isn't there yet.
/// It lies in the folder `name` of `target`; `what` is what people call it.
///
/// Several programs may ask at once: one fetches, the others wait.
///
/// # Errors
/// When Maven is missing (the message names the Debian package) or fails.
pub fn jars(name: &str, what: &str, pom: &str) -> Result<PathBuf> {
    let dir = target_dir()?.join(name);
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let lock = File::create(dir.join("lock")).context("cannot create the lock of the jars")?;
    lock.lock().context("cannot lock the folder of the jars")?;

    // The finished download carries the pom it was made from: another version is another download.
    let libs = dir.join("libs");
    let done = dir.join("fetched.xml");
    if fs::read_to_string(&done).is_ok_and(|fetched| fetched == pom) {
        return Ok(libs);
    }
    if libs.exists() {
        fs::remove_dir_all(&libs).context("cannot remove the jars of another version")?;
    }
    fs::write(dir.join("pom.xml"), pom).context("cannot write the pom")?;
    eprintln!("fetching {what} with Maven, once, into {}", libs.display());
    let maven = Command::new("mvn")
        .args(["-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", libs.display()))
        .current_dir(&dir)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run `mvn`, which fetches {what}: install it (Debian, Ubuntu: `apt-get install maven`)"))?;
    ensure!(
        maven.status.success(),
        "Maven could not fetch {what} ({}):\n{}{}",
        maven.status,
        String::from_utf8_lossy(&maven.stdout),
        String::from_utf8_lossy(&maven.stderr)
    );
    fs::write(&done, pom).context("cannot mark the jars as fetched")?;
    Ok(libs)
}
