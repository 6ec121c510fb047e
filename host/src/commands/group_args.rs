//! Which group a command is about: the configuration's, or any by its name.

use penstock_core::config::{Config, Kafka, Secret};
use penstock_core::shell::quoted;

use super::kafka_settings::KafkaSettings;
use super::status::token_from_environment;
use super::tools::{self, ConfigFiles};
use super::{Exit, Failure};
use crate::group::Chosen;
use crate::security::{Entrance, settings};

/// See the module.
#[derive(Debug, Clone, clap::Args)]
#[command(group = tools::asked())]
pub struct GroupArgs {
    #[command(flatten)]
    config: ConfigFiles,
    /// Brokers, as `host:port,…`, in place of a configuration.
    #[arg(long, value_name = "BROKERS", group = "asked", value_parser = tools::brokers)]
    bootstrap: Option<String>,
    #[command(flatten)]
    settings: KafkaSettings,
}

/// A cluster, and what a configuration says of the group.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Its settings.
    pub(super) kafka: Kafka,
    entrance: Entrance,
    /// The configuration's group.
    group: Option<String>,
    /// The configuration's topics.
    topics: Vec<String>,
    /// What hosts want to be sent with orders: the configuration's `admin.token`, or the
    /// environment's.
    pub(super) token: Option<Secret>,
}

impl GroupArgs {
    /// The cluster that is meant.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub(super) fn asked(&self) -> Result<Asked, Failure> {
        match &self.bootstrap {
            Some(bootstrap) => {
                let kafka = tools::plain(bootstrap, self.settings.read()?);
                Ok(Asked {
                    entrance: tools::entrance(&kafka.common)?,
                    kafka,
                    group: None,
                    topics: Vec::new(),
                    token: token_from_environment(),
                })
            }
            None => configured(tools::load(&self.config.files)?),
        }
    }
}

impl GroupArgs {
    /// The same arguments for another command; Kafka's settings are not repeated.
    pub(super) fn again(&self) -> String {
        match &self.bootstrap {
            Some(bootstrap) => {
                let settings = self.settings.again();
                format!("--bootstrap {}{settings}", quoted(bootstrap))
            }
            None => tools::given(&self.config.files),
        }
    }
}

fn configured(config: Config) -> Result<Asked, Failure> {
    let entrance = tools::entrance(&settings(&config.kafka))?;
    let kafka = config.kafka;
    Ok(Asked {
        entrance,
        group: Some(kafka.group.clone()),
        kafka,
        topics: config.topics.into_keys().collect(),
        token: config.admin.token.or_else(token_from_environment),
    })
}

impl Asked {
    /// The group that is meant, and what of it.
    ///
    /// # Errors
    /// No group is named, or partitions of no one topic.
    pub(super) fn chosen(
        &self,
        group: Option<&str>,
        topics: &[String],
        partitions: &[i32],
    ) -> Result<Chosen, Failure> {
        let named = group.map(str::to_owned);
        let Some(name) = named.clone().or_else(|| self.group.clone()) else {
            return Err(Failure::new(Exit::Usage, "no group is named")
                .hint("--group GROUP names one, -c FILE a configuration's"));
        };
        if !partitions.is_empty() && topics.len() != 1 {
            return Err(
                Failure::new(Exit::Usage, "--partition is of one topic, and of no other")
                    .hint("name it with --topic"),
            );
        }
        // Another group has to do with other topics.
        let topics = match (named, topics) {
            (None, []) => self.topics.clone(),
            (_, named) => named.to_vec(),
        };
        Ok(Chosen {
            bootstrap: self.kafka.bootstrap.clone(),
            entrance: self.entrance.clone(),
            group: name,
            topics,
            partitions: partitions.to_vec(),
        })
    }
}

/// A runtime for the questions of one command.
///
/// # Errors
/// The system gives none.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Problem, error))
}
