//! Kafka's settings on a command line, where there is no configuration to have them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use penstock_core::config::client_settings;
use penstock_core::shell::quoted;

use super::configuration::Machine;
use super::{Exit, Failure};

/// Settings by librdkafka's names, for brokers that want encryption or a login.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct KafkaSettings {
    /// A setting of librdkafka, as `security.protocol=SASL_SSL`; may be given more than once. Write
    /// secrets as '${NAME}', a variable, or '${file:PATH}': a command line is seen by others.
    #[arg(
        id = "kafka-config",
        long = "kafka-config",
        value_name = "KEY=VALUE",
        conflicts_with = "files"
    )]
    pairs: Vec<String>,
    /// A file of such settings, one a line; those of --kafka-config win.
    // Commands have files of other kinds: one name for two of them, and one is read for the other.
    #[arg(
        id = "kafka-config-file",
        long = "kafka-config-file",
        value_name = "FILE",
        conflicts_with = "files"
    )]
    file: Option<PathBuf>,
}

impl KafkaSettings {
    /// The settings, filled in and checked.
    ///
    /// # Errors
    /// All that is wrong with them, without their values.
    pub fn read(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut settings = match &self.file {
            Some(file) => from_file(file)?,
            None => BTreeMap::new(),
        };
        let pairs = self.pairs.iter().map(|text| pair(text));
        let pairs: Option<Vec<_>> = pairs.collect();
        let pairs = pairs.ok_or_else(|| {
            Failure::new(Exit::Usage, "--kafka-config takes KEY=VALUE")
                .hint("as in --kafka-config security.protocol=SASL_SSL")
        })?;
        settings.extend(checked(&pairs, Path::new(""), "--kafka-config")?);
        Ok(settings)
    }

    /// The same arguments for another command, without what may be secret.
    pub fn again(&self) -> String {
        let file = self.file.iter();
        let file = file.map(|of| format!(" --kafka-config-file {}", quoted(&of.to_string_lossy())));
        let pairs = self.pairs.iter().map(|_| " --kafka-config …".to_owned());
        file.chain(pairs.take(1)).collect()
    }
}

fn from_file(file: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let name = file.display().to_string();
    let unusable = |why: String| Failure::new(Exit::Usage, format!("{name} can't be used: {why}"));
    let text = std::fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    let mut pairs = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = pair(line);
        pairs.push(pair.ok_or_else(|| unusable(format!("line {} is no KEY=VALUE", at + 1)))?);
    }
    let dir = file.parent().unwrap_or(Path::new(""));
    checked(&pairs, dir, &name)
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

fn checked(
    pairs: &[(String, String)],
    dir: &Path,
    from: &str,
) -> Result<BTreeMap<String, String>, Failure> {
    client_settings(pairs, dir, &Machine).map_err(|wrong| {
        Failure::new(Exit::Usage, format!("{from} has no usable settings"))
            .cost(wrong.join("\n       "))
            .hint("the settings are those of `[kafka.common]`: docs/guides/secured-clusters.md")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[&str], file: Option<PathBuf>) -> Result<BTreeMap<String, String>, Failure> {
        let pairs = pairs.iter().map(|of| (*of).to_owned()).collect();
        KafkaSettings { pairs, file }.read()
    }

    #[test]
    fn a_file_is_read_with_its_secrets_beside_it_and_the_command_line_wins() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("client.properties");
        std::fs::write(folder.path().join("password"), "hush\n").expect("it is written");
        let text = "# a comment\n\nsasl.password = ${file:password}\nsasl.username=app\n";
        std::fs::write(&file, text).expect("it is written");
        let settings = of(&["sasl.username=other"], Some(file)).expect("they are right");
        assert_eq!(settings["sasl.password"], "hush");
        assert_eq!(settings["sasl.username"], "other");
    }

    #[test]
    fn what_is_wrong_is_said_without_its_value() {
        let failure = of(&["sasl.pasword=hush"], None).expect_err("it is misspelt");
        assert_eq!(failure.exit(), Exit::Usage);
        let text = failure.to_string();
        assert!(text.contains("did you mean `sasl.password`?"), "{text}");
        assert!(!text.contains("hush"), "{text}");
        assert!(of(&["hush"], None).is_err_and(|of| !of.to_string().contains("hush")));
    }
}
