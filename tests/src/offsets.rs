//! Where partitions begin and end, and where a group stands.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use crate::client::{Client, REQUEST};

impl Client {
    /// The first offset and the next to be written, by partition.
    ///
    /// # Errors
    /// When the topic isn't there or the broker doesn't answer.
    pub fn watermarks(&self, topic: &str) -> Result<BTreeMap<i32, (i64, i64)>> {
        self.partitions(topic)?
            .into_iter()
            .map(|partition| {
                let range = self
                    .admin
                    .inner()
                    .fetch_watermarks(topic, partition, REQUEST);
                Ok((
                    partition,
                    range.with_context(|| format!("`{topic}`, {partition}"))?,
                ))
            })
            .collect()
    }

    /// How many offsets the topic's partitions span together.
    ///
    /// # Errors
    /// When the topic isn't there or the broker doesn't answer.
    pub fn count(&self, topic: &str) -> Result<i64> {
        Ok(self
            .watermarks(topic)?
            .values()
            .map(|(low, high)| high - low)
            .sum())
    }

    /// The metadata of a group's commit; empty where there is none.
    ///
    /// # Errors
    /// When the broker doesn't answer.
    pub fn metadata(&self, group: &str, topic: &str, partition: i32) -> Result<String> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition(topic, partition);
        let answer = self.consumer(group)?.committed_offsets(asked, REQUEST)?;
        let commit = answer.find_partition(topic, partition);
        Ok(commit.map_or_else(String::new, |of| of.metadata().to_owned()))
    }

    /// The group's committed next offsets, by partition; none where it never committed.
    ///
    /// # Errors
    /// When the topic isn't there or the broker doesn't answer.
    pub fn committed(&self, group: &str, topic: &str) -> Result<BTreeMap<i32, Option<i64>>> {
        let mut asked = TopicPartitionList::new();
        for partition in self.partitions(topic)? {
            asked.add_partition(topic, partition);
        }
        let answer = self.consumer(group)?.committed_offsets(asked, REQUEST)?;
        answer
            .elements()
            .iter()
            .map(|element| {
                element.error()?;
                let offset = match element.offset() {
                    Offset::Offset(offset) => Some(offset),
                    _ => None,
                };
                Ok((element.partition(), offset))
            })
            .collect()
    }

    /// Commits a next offset for a group that has no members.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn commit(&self, group: &str, topic: &str, partition: i32, offset: i64) -> Result<()> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset))?;
        self.consumer(group)?
            .commit(&list, CommitMode::Sync)
            .with_context(|| format!("cannot commit {offset} for `{group}`"))
    }

    /// Whether the group has committed the end of every partition of the topic; for `eventually`.
    ///
    /// # Errors
    /// When it hasn't: the message says how far each partition is.
    pub fn caught_up(&self, group: &str, topic: &str) -> Result<()> {
        let ends = self.watermarks(topic)?;
        let committed = self.committed(group, topic)?;
        let behind: Vec<String> = ends
            .iter()
            .filter(|(partition, (_, high))| {
                committed.get(partition).copied().flatten() != Some(*high)
            })
            .map(|(partition, (low, high))| {
                let at = committed.get(partition).copied().flatten();
                let at = at.map_or("-".to_owned(), |offset| offset.to_string());
                format!("partition {partition} at {at} of [{low}, {high})")
            })
            .collect();
        ensure!(
            behind.is_empty(),
            "`{group}` on `{topic}`: {}",
            behind.join(", ")
        );
        Ok(())
    }

    /// The client ids of a classic group's members, sorted; empty when it has none.
    ///
    /// # Errors
    /// When the broker doesn't answer.
    pub fn classic_members(&self, group: &str) -> Result<Vec<String>> {
        let list = self.admin.inner().fetch_group_list(Some(group), REQUEST)?;
        let members = list.groups().iter().flat_map(|group| group.members());
        let mut ids: Vec<String> = members
            .map(|member| member.client_id().to_owned())
            .collect();
        ids.sort();
        Ok(ids)
    }
}
