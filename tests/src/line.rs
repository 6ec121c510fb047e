//! One handler's line: input, output and dead-letter topic, and a group, all of this test alone.

use crate::{Broker, Client, HostConfig, Outgoing, plugin, unique};
use anyhow::Result;

/// See the module.
pub struct Line {
    /// Of its broker.
    pub client: Client,
    /// The input topic.
    pub input: String,
    /// The output topic.
    pub output: String,
    /// The dead-letter topic.
    pub dead: String,
    /// The hosts' group.
    pub group: String,
}

impl Line {
    /// A line on the shared broker, all its topics created.
    pub fn new(name: &str, partitions: i32) -> Result<Line> {
        Line::on(Broker::shared(), name, partitions)
    }

    /// The same on a broker of the test's own.
    pub fn on(broker: &Broker, name: &str, partitions: i32) -> Result<Line> {
        let line = Line::named(broker, name)?;
        for topic in [&line.input, &line.output, &line.dead] {
            line.client.create_topic(topic, partitions, &[])?;
        }
        Ok(line)
    }

    /// A line with its input topic alone.
    pub fn with_input_only(name: &str, partitions: i32) -> Result<Line> {
        let line = Line::named(Broker::shared(), name)?;
        line.client.create_topic(&line.input, partitions, &[])?;
        Ok(line)
    }

    fn named(broker: &Broker, name: &str) -> Result<Line> {
        let name = unique(name);
        Ok(Line {
            client: Client::new(broker.bootstrap())?,
            input: format!("{name}.in"),
            output: format!("{name}.out"),
            dead: format!("{name}.dead"),
            group: name,
        })
    }

    /// A host without topics yet, quick to commit and to notice what changed.
    pub fn bare(&self, host: &str, protocol: &str) -> HostConfig {
        HostConfig::new(self.client.bootstrap(), &self.group, host)
            .protocol(protocol)
            .set(&["kafka", "commit-interval"], "100ms")
            // A missing topic is a refusal after this long.
            .set(
                &["kafka", "producer", "topic.metadata.propagation.max.ms"],
                "500",
            )
            .set(
                &["kafka", "common", "topic.metadata.refresh.interval.ms"],
                "1000",
            )
            .set(&["kafka", "common", "reconnect.backoff.max.ms"], "500")
    }

    /// A host with the unruly plugin as `unruly`, from the earliest record, with a dead-letter
    /// topic.
    pub fn unruly(&self, host: &str, protocol: &str) -> Result<HostConfig> {
        Ok(self
            .bare(host, protocol)
            .handler("unruly", &plugin("unruly")?, &[("out", &self.output)])
            .topic(&self.input, &["unruly"], "earliest", Some(&self.dead)))
    }

    /// The same for a load of many records: few log lines.
    pub fn loaded(&self, host: &str, protocol: &str) -> Result<HostConfig> {
        let config = self.unruly(host, protocol)?;
        Ok(config.set(&["log", "records"], "sampled"))
    }

    /// Sends values with the key `k` to one partition of the input.
    pub fn send(&self, partition: i32, values: &[&str]) -> Result<()> {
        let records: Vec<_> = values.iter().map(|value| ("k", *value)).collect();
        self.send_keyed(partition, &records)
    }

    /// Sends keys with their values to one partition of the input.
    pub fn send_keyed(&self, partition: i32, records: &[(&str, &str)]) -> Result<()> {
        let of = |(key, value): &(&str, &str)| {
            let record = Outgoing::to(&self.input).partition(partition);
            record.key(*key).value(*value)
        };
        let records: Vec<_> = records.iter().map(of).collect();
        self.client.produce(&records).map(drop)
    }

    /// Whether the group has committed the end of the input; for `eventually`.
    pub fn is_caught_up(&self) -> Result<()> {
        self.client.caught_up(&self.group, &self.input)
    }

    /// The values of the output topic, partition by partition.
    pub fn outputs(&self) -> Result<Vec<String>> {
        texts(&self.client, &self.output)
    }

    /// The values of the dead-letter topic, partition by partition.
    pub fn dead_letters(&self) -> Result<Vec<String>> {
        texts(&self.client, &self.dead)
    }
}

fn texts(client: &Client, topic: &str) -> Result<Vec<String>> {
    let records = client.read_all(topic)?;
    Ok(records.iter().map(|record| record.text()).collect())
}
