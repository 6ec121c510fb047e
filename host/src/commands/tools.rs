//! What the tools that only look and send need of a configuration: `[kafka]` and `[admin]`.
//!
//! They run where the plugin files need not be, so the plugins are not asked; everything else
//! must be right.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgGroup;
use clap::builder::NonEmptyStringValueParser;
use penstock_core::codes::Code;
use penstock_core::config::{
    Config, Delivery, GroupProtocol, Kafka, PluginProblem, Severity, is_brokers,
};
use penstock_core::shell::quoted;

use super::kafka_settings::KafkaSettings;
use super::{Exit, Failure, configuration};
use crate::security::{self, Entrance};

/// Configuration files, of which later ones are laid over earlier ones.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ConfigFiles {
    /// A configuration file; given more than once, later ones are laid over earlier ones.
    #[arg(short = 'c', long = "config", value_name = "FILE", group = "asked")]
    pub files: Vec<PathBuf>,
}

/// The group of the arguments that say whom to ask; exactly one of them is needed.
pub fn asked() -> ArgGroup {
    ArgGroup::new("asked").required(true)
}

/// `--bootstrap`
///
/// # Errors
/// It is in another form.
pub fn brokers(text: &str) -> Result<String, String> {
    match is_brokers(text) {
        true => Ok(text.to_owned()),
        false => Err("brokers are HOST:PORT, with commas between them".to_owned()),
    }
}

/// `--group`, and whatever else has a name.
pub fn name() -> NonEmptyStringValueParser {
    NonEmptyStringValueParser::new()
}

/// Which cluster a tool talks to.
#[derive(Debug, Clone, clap::Args)]
#[command(group = asked())]
pub struct ClusterArgs {
    #[command(flatten)]
    config: ConfigFiles,
    /// Brokers, as `host:port,…`, in place of a configuration.
    #[arg(long, value_name = "BROKERS", group = "asked", value_parser = brokers)]
    bootstrap: Option<String>,
    #[command(flatten)]
    settings: KafkaSettings,
}

/// A cluster, and what is known of it before it is asked.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Its settings.
    pub kafka: Kafka,
    /// Topics that the configuration names.
    pub topics: BTreeSet<String>,
}

impl ClusterArgs {
    /// The configuration's files; none with --bootstrap.
    pub fn files(&self) -> &[PathBuf] {
        &self.config.files
    }

    /// The cluster that is meant.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn cluster(&self) -> Result<Cluster, Failure> {
        if let Some(bootstrap) = &self.bootstrap {
            return Ok(Cluster {
                kafka: plain(bootstrap, self.settings.read()?),
                topics: BTreeSet::new(),
            });
        }
        let config = load(&self.config.files)?;
        let inputs = config.topics.keys();
        let dead = config
            .topics
            .values()
            .filter_map(|of| of.dead_letter.as_ref());
        let outputs = config.handlers.values().flat_map(|of| of.outputs.values());
        Ok(Cluster {
            topics: inputs.chain(dead).chain(outputs).cloned().collect(),
            kafka: config.kafka,
        })
    }
}

/// The way to a cluster that these settings describe, for what librdkafka is not asked.
///
/// # Errors
/// What is wrong with them.
pub fn entrance(settings: &BTreeMap<String, String>) -> Result<Entrance, Failure> {
    security::entrance(settings).map_err(no_way_in)
}

/// What is wrong with the settings of a way to a cluster.
pub(super) fn no_way_in(why: String) -> Failure {
    Failure::new(Exit::Usage, format!("can't connect as configured: {why}"))
        .hint("docs/guides/secured-clusters.md has the settings of each way")
}

/// A cluster of which only the address is known, and how to connect.
pub(super) fn plain(bootstrap: &str, common: BTreeMap<String, String>) -> Kafka {
    Kafka {
        bootstrap: bootstrap.to_owned(),
        group: String::new(),
        protocol: GroupProtocol::Classic,
        delivery: Delivery::AtLeastOnce,
        commit_interval: Duration::from_secs(5),
        common,
        consumer: BTreeMap::new(),
        producer: BTreeMap::new(),
    }
}

/// The same files for another command.
pub(super) fn given(files: &[PathBuf]) -> String {
    let each = files.iter().map(|of| quoted(&of.display().to_string()));
    let each: Vec<_> = each.map(|name| format!("-c {name}")).collect();
    each.join(" ")
}

/// Loads a configuration without its plugins.
///
/// # Errors
/// What is wrong with it; `penstock check` shows where.
pub fn load(files: &[PathBuf]) -> Result<Config, Failure> {
    let seen = OnceCell::new();
    let unasked = |_: &Path, config: &Config| {
        seen.get_or_init(|| config.clone());
        Err(PluginProblem {
            code: NOT_ASKED,
            text: "it is not asked".to_owned(),
            help: None,
        })
    };
    let report = match configuration::try_load(files, &unasked) {
        Ok(loaded) => return Ok(loaded.config),
        Err(report) => report,
    };
    let wrong: Vec<&str> = report
        .diagnostics()
        .iter()
        .filter(|of| of.severity == Severity::Error && of.code != Some(NOT_ASKED))
        .map(|of| of.message.as_str())
        .collect();
    match seen.into_inner() {
        Some(config) if wrong.is_empty() => Ok(config),
        _ => {
            let names: Vec<_> = files.iter().map(|of| of.display().to_string()).collect();
            let what = format!("{} is no usable configuration", names.join(" and "));
            Err(Failure::new(Exit::Usage, what)
                .cost(wrong.join("\n       "))
                .hint(format!(
                    "`penstock check {}` shows each place",
                    given(files)
                )))
        }
    }
}

/// Of a configuration that is as it should be, this alone is reported.
const NOT_ASKED: Code = Code::DescribeFailed;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[host]\nid = \"a\"\n[kafka]\nbootstrap = \"b:1\"\ngroup = \"g\"\n\
        [kafka.common]\n\"security.protocol\" = \"SSL\"\n[admin]\nlisten = \"127.0.0.1:7\"\n\
        [handlers.greet]\nplugin = \"nowhere.wasm\"\noutputs = { greetings = \"hellos\" }\n\
        [topics.arrivals]\nhandlers = [\"greet\"]\nstart = \"earliest\"\n";

    fn load_text(text: &str) -> Result<Config, Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("penstock.toml");
        std::fs::write(&file, text).expect("it is written");
        load(&[file])
    }

    #[test]
    fn a_configuration_is_read_though_its_plugins_are_elsewhere() {
        let config = load_text(GOOD).expect("it is right");
        assert_eq!(config.kafka.bootstrap, "b:1");
        assert_eq!(config.kafka.common["security.protocol"], "SSL");
        assert_eq!(config.admin.listen.port(), 7);
    }

    #[test]
    fn files_are_given_to_another_command_as_a_shell_takes_them() {
        let files = ["a.toml", "my own.toml"].map(PathBuf::from);
        assert_eq!(given(&files), "-c a.toml -c 'my own.toml'");
        let said = load(&[PathBuf::from("no where.toml")]).expect_err("it is not there");
        let check = "`penstock check -c 'no where.toml'`";
        assert!(said.to_string().contains(check), "{said}");
    }

    #[test]
    fn what_is_wrong_is_said_and_the_plugins_are_not_blamed() {
        let failure = load_text(&GOOD.replace("group", "gruop")).expect_err("a wrong key");
        assert_eq!(failure.exit(), Exit::Usage);
        let text = failure.to_string();
        assert!(
            text.contains("gruop") && text.contains("penstock check"),
            "{text}"
        );
        assert!(
            !text.contains("not asked") && !text.contains("nowhere"),
            "{text}"
        );
    }
}
