//! Apache Kafka's jars, and the Java that they need.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::maven;

/// Of the broker; what is to be of its version is compared with this.
pub const POM: &str = include_str!("../kafka/pom.xml");

/// The folder with the jars of a broker; fetched if it isn't there yet.
///
/// # Errors
/// When Java or Maven is missing (the message names the Debian packages) or Maven fails.
pub fn libs() -> Result<PathBuf> {
    require_java()?;
    maven::jars("kafka", "Apache Kafka", POM)
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
