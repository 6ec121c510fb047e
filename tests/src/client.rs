//! A plain client of a broker, to prepare a test and to look at its outcome from outside.
//!
//! Its methods lie by subject in [`crate::topics`], [`crate::produce`], [`crate::read`] and
//! [`crate::offsets`]. Each waits for the broker's answer, ten seconds at most.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::BaseConsumer;

/// How long one request may take.
pub(crate) const REQUEST: Duration = Duration::from_secs(10);

/// A client of one broker or mock cluster.
pub struct Client {
    bootstrap: String,
    pub(crate) admin: AdminClient<DefaultClientContext>,
}

impl Client {
    /// A client; connects when it is first used.
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub fn new(bootstrap: &str) -> Result<Client> {
        let admin = settings(bootstrap)
            .create()
            .context("cannot create an admin client")?;
        Ok(Client {
            bootstrap: bootstrap.to_owned(),
            admin,
        })
    }

    /// `host:port`, comma-separated.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Asks for the cluster's metadata, and whether a broker is in it.
    ///
    /// # Errors
    /// When none answers within `timeout`.
    pub fn ping(&self, timeout: Duration) -> Result<()> {
        let metadata = self.admin.inner().fetch_metadata(None, timeout)?;
        ensure!(
            !metadata.brokers().is_empty(),
            "the cluster has no broker yet"
        );
        Ok(())
    }

    /// The numbers of a topic's partitions.
    ///
    /// # Errors
    /// When the topic isn't there.
    pub fn partitions(&self, topic: &str) -> Result<Vec<i32>> {
        let metadata = self.admin.inner().fetch_metadata(Some(topic), REQUEST)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let found = found.with_context(|| format!("no metadata of `{topic}`"))?;
        ensure!(found.error().is_none(), "`{topic}`: {:?}", found.error());
        ensure!(
            !found.partitions().is_empty(),
            "`{topic}` has no partitions yet"
        );
        Ok(found
            .partitions()
            .iter()
            .map(|partition| partition.id())
            .collect())
    }

    /// A consumer that belongs to no group as long as it doesn't subscribe; `group` is the one
    /// whose offsets it reads and commits.
    pub(crate) fn consumer(&self, group: &str) -> Result<BaseConsumer> {
        self.consumer_settings(group)
            .create()
            .context("cannot create a consumer")
    }

    /// Those of [`consumer`](Self::consumer).
    pub(crate) fn consumer_settings(&self, group: &str) -> ClientConfig {
        let mut config = settings(&self.bootstrap);
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .set("fetch.queue.backoff.ms", "1")
            // The end of a partition is told only by an answer without records.
            .set("fetch.wait.max.ms", "20");
        config
    }
}

pub(crate) fn settings(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    // After a restart of the broker, be back soon.
    config
        .set("reconnect.backoff.ms", "10")
        .set("reconnect.backoff.max.ms", "200");
    config
}

pub(crate) fn admin_options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(REQUEST))
        .operation_timeout(Some(REQUEST))
}

/// Awaits an answer that librdkafka's own thread brings.
pub(crate) fn wait<T>(answer: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(answer))
}
