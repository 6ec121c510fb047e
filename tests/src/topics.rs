//! Topics: made, grown, cut, set and deleted.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rdkafka::admin::{AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use crate::client::{Client, admin_options, wait};
use crate::wait::wait_until;

/// How long the broker may take to show what it has agreed to: it makes the logs of all topics, one
/// after the other, before it shows any.
const SHOWN: Duration = Duration::from_secs(90);

impl Client {
    /// Creates a topic with settings such as `("max.message.bytes", "1000")`, and waits until a
    /// client sees it.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn create_topic(
        &self,
        topic: &str,
        partitions: i32,
        settings: &[(&str, &str)],
    ) -> Result<()> {
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        let new = settings
            .iter()
            .fold(new, |new, (key, value)| new.set(key, value));
        each(wait(self.admin.create_topics([&new], &admin_options()))??)?;
        self.await_partitions(topic, partitions)
    }

    /// Grows a topic to `partitions` in all, and waits until a client sees them.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn grow_topic(&self, topic: &str, partitions: i32) -> Result<()> {
        let new = NewPartitions::new(topic, usize::try_from(partitions)?);
        each(wait(
            self.admin.create_partitions([&new], &admin_options()),
        )??)?;
        self.await_partitions(topic, partitions)
    }

    /// Deletes a topic, and waits until a client no longer sees it.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn delete_topic(&self, topic: &str) -> Result<()> {
        each(wait(self.admin.delete_topics(&[topic], &admin_options()))??)?;
        wait_until(&format!("`{topic}` is gone"), SHOWN, || {
            match self.partitions(topic) {
                Ok(_) => Err(anyhow!("it is still there")),
                Err(_) => Ok(()),
            }
        })
    }

    /// Deletes the records of a partition before `offset`.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn delete_records(&self, topic: &str, partition: i32, offset: i64) -> Result<()> {
        let mut before = TopicPartitionList::new();
        before.add_partition_offset(topic, partition, Offset::Offset(offset))?;
        let answer = wait(self.admin.delete_records(&before, &admin_options()))??;
        for element in answer.elements() {
            element
                .error()
                .with_context(|| format!("`{topic}`, partition {partition}"))?;
        }
        Ok(())
    }

    /// Sets a topic's configuration; what isn't named goes back to its default. `max.message.bytes`
    /// of `1` makes it unwritable, no setting makes it writable again.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn set_topic(&self, topic: &str, settings: &[(&str, &str)]) -> Result<()> {
        let new = AlterConfig::new(ResourceSpecifier::Topic(topic));
        let new = settings
            .iter()
            .fold(new, |new, (key, value)| new.set(key, value));
        let answers = wait(self.admin.alter_configs([&new], &admin_options()))??;
        for answer in answers {
            answer.map_err(|(resource, code)| anyhow!("{resource:?}: {code}"))?;
        }
        Ok(())
    }

    fn await_partitions(&self, topic: &str, expected: i32) -> Result<()> {
        wait_until(
            &format!("`{topic}` has {expected} partitions"),
            SHOWN,
            || {
                let found = self.partitions(topic)?;
                anyhow::ensure!(
                    i32::try_from(found.len())? == expected,
                    "it has {}",
                    found.len()
                );
                Ok(())
            },
        )
    }
}

fn each(answers: Vec<Result<String, (String, RDKafkaErrorCode)>>) -> Result<()> {
    answers.into_iter().try_for_each(|answer| {
        answer
            .map(drop)
            .map_err(|(topic, code)| anyhow!("`{topic}`: {code}"))
    })
}
