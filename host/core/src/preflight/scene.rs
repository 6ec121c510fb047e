//! A configuration and its cluster, arranged for the rules.

use std::collections::BTreeMap;

use crate::config::{Config, Handler};
use crate::diagnosis::snapshot::{Answer, Batch};

use super::positions::{Position, positions};
use super::snapshot::{Replicas, Seen, Topic};

/// What a configuration does with a topic.
#[derive(Debug, Clone, PartialEq)]
pub enum TopicUse<'c> {
    /// It is read.
    Input,
    /// A handler writes to it.
    Output {
        /// The handler's name.
        handler: &'c str,
        /// Its configuration.
        of: &'c Handler,
        /// The topics whose records it gets.
        inputs: Vec<&'c str>,
    },
    /// Failed records of a topic go there.
    DeadLetter {
        /// That topic.
        input: &'c str,
    },
}

/// Every topic of a configuration, and what is done with it.
pub fn uses(config: &Config) -> BTreeMap<&str, Vec<TopicUse<'_>>> {
    let mut uses: BTreeMap<&str, Vec<TopicUse<'_>>> = BTreeMap::new();
    for (name, topic) in &config.topics {
        uses.entry(name).or_default().push(TopicUse::Input);
        if let Some(dead_letter) = &topic.dead_letter {
            let of = uses.entry(dead_letter).or_default();
            of.push(TopicUse::DeadLetter { input: name });
        }
    }
    for (handler, of) in &config.handlers {
        let inputs = config.topics.iter();
        let inputs = inputs.filter(|(_, topic)| topic.handlers.contains(handler));
        let inputs: Vec<&str> = inputs.map(|(name, _)| name.as_str()).collect();
        let mut outputs: Vec<&String> = of.outputs.values().collect();
        outputs.sort_unstable();
        outputs.dedup();
        for output in outputs {
            uses.entry(output).or_default().push(TopicUse::Output {
                handler,
                of,
                inputs: inputs.clone(),
            });
        }
    }
    uses
}

/// What the rules look at.
pub(super) struct Scene<'s> {
    pub(super) config: &'s Config,
    pub(super) seen: &'s Seen,
    pub(super) uses: BTreeMap<&'s str, Vec<TopicUse<'s>>>,
    pub(super) positions: Vec<Position>,
}

impl<'s> Scene<'s> {
    pub(super) fn new(config: &'s Config, seen: &'s Seen) -> Scene<'s> {
        Scene {
            config,
            seen,
            uses: uses(config),
            positions: positions(config, &seen.look, &seen.starts),
        }
    }

    /// One of Kafka's own tools, at this cluster.
    pub(super) fn tool(&self, name: &str) -> String {
        self.seen.access.tool(name, &self.seen.bootstrap)
    }

    pub(super) fn topic(&self, name: &str) -> Option<&'s Topic> {
        self.seen.topics.get(name)
    }

    pub(super) fn replicas(&self, name: &str) -> Option<&'s Vec<Replicas>> {
        self.topic(name)?.partitions.known()
    }

    /// A setting, as the topic has it: its own, or the brokers' default.
    pub(super) fn setting(&self, topic: &str, key: &str) -> Option<&'s str> {
        let settings: &Answer<_> = &self.topic(topic)?.settings;
        settings.known()?.get(key).map(String::as_str)
    }

    pub(super) fn number(&self, topic: &str, key: &str) -> Option<i64> {
        self.setting(topic, key)?.parse().ok()
    }

    pub(super) fn is_compacted(&self, topic: &str) -> bool {
        let policy = self.setting(topic, "cleanup.policy");
        policy.is_some_and(|policy| policy.contains("compact"))
    }

    /// For how long a topic keeps records; `None`: for ever, or that is not known.
    pub(super) fn kept_ms(&self, topic: &str) -> Option<i64> {
        let deletes = self
            .setting(topic, "cleanup.policy")
            .is_some_and(|policy| policy.contains("delete"));
        let kept = self.number(topic, "retention.ms")?;
        (deletes && kept >= 0).then_some(kept)
    }

    /// The positions of a topic that have records ahead, with the batch that lies there.
    pub(super) fn next_batches(
        &self,
        topic: &str,
    ) -> impl Iterator<Item = (&Position, &'s Batch)> + use<'_, 's> {
        let positions = self.positions.iter();
        let positions: Vec<_> = positions.filter(|of| of.topic == topic).collect();
        positions.into_iter().filter_map(|of| {
            let mut samples = self.seen.ahead.iter();
            let sample = samples.find(|it| it.topic == of.topic && it.partition == of.partition)?;
            Some((of, sample.batch.known()?.as_ref()?))
        })
    }

    /// The oldest time at which a record waits in these topics, in milliseconds since 1970.
    pub(super) fn oldest_ms(&self, topics: &[&str]) -> Option<i64> {
        let times = topics
            .iter()
            .flat_map(|topic| self.next_batches(topic).map(|(_, batch)| batch.time_ms));
        times.filter(|ms| *ms >= 0).min()
    }
}
