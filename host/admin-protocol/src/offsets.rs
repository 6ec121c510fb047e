//! Where a group stands, and where logs begin and end.

use std::collections::BTreeMap;

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::{BrokerId, GroupId, ListOffsetsRequest, OffsetFetchRequest};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::error::{Error, Refusal};
use crate::metadata::topic_name;

/// Something of each partition, by topic and number.
pub type ByPartition<T> = BTreeMap<(String, i32), T>;

/// Which offset of a log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The first record's.
    Start,
    /// Behind the last record.
    End,
    /// Behind the last record that no open transaction holds back.
    LastStable,
    /// The first record's that is not older, in milliseconds since 1970; the broker answers -1 if
    /// there is none.
    At(i64),
}

/// Asks for the record with the latest time instead of a time.
const LATEST_TIME: i64 = -3;

/// What a broker says of a place in a log.
struct Listed {
    offset: i64,
    time_ms: i64,
}

impl Broker {
    /// All committed offsets of a group, pending ones of transactions as the refusal
    /// `UNSTABLE_OFFSET_COMMIT`. The broker must be the group's coordinator. A partition without a
    /// commit is left out.
    ///
    /// # Errors
    /// The broker doesn't answer, is older than 3.0, or refuses.
    pub async fn committed(&self, group: &str) -> Result<ByPartition<Result<i64, Refusal>>, Error> {
        let group = GroupId(StrBytes::from_string(group.to_owned()));
        let request = |version| {
            let mut of = OffsetFetchRequestGroup::default()
                .with_group_id(group)
                .with_topics(None);
            if version >= 9 {
                of.member_epoch = -1;
            }
            OffsetFetchRequest::default()
                .with_groups(vec![of])
                .with_require_stable(true)
        };
        let answer = self.ask(8, request).await?;
        let Some(found) = answer.groups.first() else {
            return Err(self.silent());
        };
        Refusal::check(found.error_code, None)?;
        let mut committed = ByPartition::new();
        for topic in &found.topics {
            for of in &topic.partitions {
                let refused = Refusal::check(of.error_code, None);
                if refused.is_ok() && of.committed_offset < 0 {
                    continue;
                }
                let key = (topic.name.to_string(), of.partition_index);
                committed.insert(key, refused.map(|()| of.committed_offset));
            }
        }
        Ok(committed)
    }

    /// An offset of each of these logs, all of which this broker must lead.
    ///
    /// # Errors
    /// The broker doesn't answer.
    pub async fn offsets(
        &self,
        place: Place,
        partitions: &[(String, i32)],
    ) -> Result<ByPartition<Result<i64, Refusal>>, Error> {
        let (timestamp, isolation) = match place {
            Place::Start => (-2, 0),
            Place::End => (-1, 0),
            Place::LastStable => (-1, 1),
            Place::At(time_ms) => (time_ms, 0),
        };
        // From version 2, a broker knows of transactions.
        let listed = self.list(2, timestamp, isolation, partitions).await?;
        let offset = |(key, found): (_, Result<Listed, Refusal>)| (key, found.map(|of| of.offset));
        Ok(listed.into_iter().map(offset).collect())
    }

    /// The latest time that a record of each of these logs carries, in milliseconds since 1970;
    /// `None` inside where there is no record. This broker must lead all of them.
    ///
    /// # Errors
    /// The broker doesn't answer, or is older than 3.0.
    pub async fn latest_times(
        &self,
        partitions: &[(String, i32)],
    ) -> Result<ByPartition<Result<Option<i64>, Refusal>>, Error> {
        let listed = self.list(7, LATEST_TIME, 0, partitions).await?;
        let time = |of: Listed| Some(of.time_ms).filter(|time| *time >= 0);
        let times = listed.into_iter();
        Ok(times.map(|(key, found)| (key, found.map(time))).collect())
    }

    async fn list(
        &self,
        oldest: i16,
        timestamp: i64,
        isolation: i8,
        partitions: &[(String, i32)],
    ) -> Result<ByPartition<Result<Listed, Refusal>>, Error> {
        let mut topics: BTreeMap<&str, Vec<ListOffsetsPartition>> = BTreeMap::new();
        for (topic, partition) in partitions {
            let wanted = ListOffsetsPartition::default()
                .with_partition_index(*partition)
                .with_current_leader_epoch(-1)
                .with_timestamp(timestamp);
            topics.entry(topic).or_default().push(wanted);
        }
        let topics = topics.into_iter().map(|(name, partitions)| {
            ListOffsetsTopic::default()
                .with_name(topic_name(name))
                .with_partitions(partitions)
        });
        let topics: Vec<_> = topics.collect();
        let request = |_| {
            ListOffsetsRequest::default()
                .with_replica_id(BrokerId(-1))
                .with_isolation_level(isolation)
                .with_topics(topics)
        };
        let answer = self.ask(oldest, request).await?;
        let mut found = ByPartition::new();
        for topic in &answer.topics {
            for of in &topic.partitions {
                let listed = Refusal::check(of.error_code, None).map(|()| Listed {
                    offset: of.offset,
                    time_ms: of.timestamp,
                });
                found.insert((topic.name.to_string(), of.partition_index), listed);
            }
        }
        Ok(found)
    }
}
