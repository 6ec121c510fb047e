//! Apache Kafka's jars, brought once from Maven Central into the target folder.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::layout::target_dir;

const POM: &str = include_str!("../kafka/pom.xml");

/// The folder with the jars of a broker; fetched if it isn't there yet.
///
/// Several test programs may ask at once: one fetches, the others wait.
///
/// # Errors
/// When Java or Maven is missing (the message names the Debian packages) or Maven fails.
pub fn libs() -> Result<PathBuf> {
    require_java()?;
    let dir = target_dir()?.join("kafka");
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let lock = File::create(dir.join("lock")).context("cannot create the lock of the jars")?;
    lock.lock().context("cannot lock the folder of the jars")?;

    // The finished download carries the pom it was made from: another version is another download.
    let libs = dir.join("libs");
    let done = dir.join("fetched.xml");
    if fs::read_to_string(&done).is_ok_and(|pom| pom == POM) {
        return Ok(libs);
    }
    if libs.exists() {
        fs::remove_dir_all(&libs).context("cannot remove the jars of another version")?;
    }
    fs::write(dir.join("pom.xml"), POM).context("cannot write the pom")?;
    eprintln!(
        "fetching Apache Kafka with Maven, once, into {}",
        libs.display()
    );
    let maven = Command::new("mvn")
        .args(["-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", libs.display()))
        .current_dir(&dir)
        .stdin(Stdio::null())
        .output()
        .context("cannot run `mvn`, which fetches Apache Kafka: install it (Debian, Ubuntu: `apt-get install maven`)")?;
    ensure!(
        maven.status.success(),
        "Maven could not fetch Apache Kafka ({}):\n{}{}",
        maven.status,
        String::from_utf8_lossy(&maven.stdout),
        String::from_utf8_lossy(&maven.stderr)
    );
    fs::write(&done, POM).context("cannot mark the jars as fetched")?;
    Ok(libs)
}

fn require_java() -> Result<()> {
    let advice = "the test broker needs Java 17 or later (Debian, Ubuntu: `apt-get install openjdk-17-jre-headless`, or `default-jre-headless`)";
    let Ok(java) = Command::new("java").arg("-version").output() else {
        bail!("`java` is not installed: {advice}");
    };
    let text = String::from_utf8_lossy(&java.stderr);
    match major_version(&text) {
        Some(major) if major >= 17 => Ok(()),
        Some(major) => bail!("`java` is of version {major}: {advice}"),
        None => bail!(
            "`java -version` answers nothing known ({}): {advice}",
            text.trim()
        ),
    }
}

/// `17` of `openjdk version "17.0.15" 2025-04-15`, `8` of `java version "1.8.0_392"`.
fn major_version(text: &str) -> Option<u32> {
    let version = text.split('"').nth(1)?;
    let mut parts = version.split(['.', '-', '+']).map(str::parse);
    match parts.next()?.ok()? {
        1 => parts.next()?.ok(),
        major => Some(major),
    }
}

#[cfg(test)]
mod tests {
    use super::major_version;

    #[test]
    fn reads_old_and_new_version_schemes() {
        assert_eq!(
            major_version("openjdk version \"17.0.15\" 2025-04-15"),
            Some(17)
        );
        assert_eq!(major_version("java version \"1.8.0_392\""), Some(8));
        assert_eq!(
            major_version("openjdk version \"25-ea\" 2025-09-16"),
            Some(25)
        );
        assert_eq!(major_version("command not found"), None);
    }
}
