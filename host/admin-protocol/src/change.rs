//! What changes something in a cluster: a group's committed offsets and the group itself, which the
//! broker refuses while the group has members; topics that are not there yet; and the beginning of
//! logs.

use std::collections::BTreeMap;

use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    CreateTopicsRequest, DeleteGroupsRequest, DeleteRecordsRequest, OffsetCommitRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::error::{Error, Refusal};
use crate::groups::group_id;
use crate::metadata::topic_name;
use crate::offsets::ByPartition;

/// No member's: a broker takes it for a group that has none.
const NO_GENERATION: i32 = -1;
/// In place of a number of partitions or replicas: the broker's own.
const DEFAULT: i32 = -1;
/// Less than any answer may take.
const ANSWER_TIME_MAX_MS: i32 = 4000;

/// Commits these offsets, each the next to be read, for a group without members; with empty
/// metadata. The broker must be the group's coordinator. Says of each partition what came of it.
///
/// # Errors
/// The broker doesn't answer: what is committed is then not known.
pub async fn commit(
    coordinator: &Broker,
    group: &str,
    offsets: &ByPartition<i64>,
) -> Result<ByPartition<Result<(), Refusal>>, Error> {
    let mut topics: BTreeMap<&str, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
    for ((topic, partition), offset) in offsets {
        let of = OffsetCommitRequestPartition::default()
            .with_partition_index(*partition)
            .with_committed_offset(*offset)
            .with_committed_metadata(Some(StrBytes::default()));
        topics.entry(topic).or_default().push(of);
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        OffsetCommitRequestTopic::default()
            .with_name(topic_name(name))
            .with_partitions(partitions)
    });
    let topics: Vec<_> = topics.collect();
    let request = |_| {
        OffsetCommitRequest::default()
            .with_group_id(group_id(group))
            .with_generation_id_or_member_epoch(NO_GENERATION)
            .with_topics(topics)
    };
    let answer = coordinator.ask(2, request).await?;
    let mut came = ByPartition::new();
    for topic in &answer.topics {
        for of in &topic.partitions {
            let key = (topic.name.to_string(), of.partition_index);
            came.insert(key, Refusal::check(of.error_code, None));
        }
    }
    Ok(came)
}

/// Deletes a group without members, with its committed offsets. The broker must be the group's
/// coordinator.
///
/// # Errors
/// The broker doesn't answer, or refuses: the group has members, or isn't there.
pub async fn delete_group(coordinator: &Broker, group: &str) -> Result<(), Error> {
    let request = |_| DeleteGroupsRequest::default().with_groups_names(vec![group_id(group)]);
    let answer = coordinator.ask(0, request).await?;
    let Some(of) = answer.results.first() else {
        return Err(coordinator.silent());
    };
    Ok(Refusal::check(of.error_code, None)?)
}

/// A topic to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; `None`: as many as the broker's default says.
    pub partitions: Option<i32>,
    /// How many replicas; `None`: as many as the broker's default says.
    pub replication_factor: Option<i16>,
}

/// Creates topics, each or not, with the settings that the broker gives by default. Says of each
/// what came of it. A topic that is there already is refused and stays as it is.
///
/// # Errors
/// The broker doesn't answer, or is older than 2.4: what was created is then not known.
pub async fn create_topics(
    controller: &Broker,
    topics: &[NewTopic],
) -> Result<BTreeMap<String, Result<(), Refusal>>, Error> {
    let new = |of: &NewTopic| {
        CreatableTopic::default()
            .with_name(topic_name(&of.name))
            .with_num_partitions(of.partitions.unwrap_or(DEFAULT))
            .with_replication_factor(of.replication_factor.unwrap_or(DEFAULT as i16))
    };
    let topics = topics.iter().map(new).collect();
    let request = |_| {
        CreateTopicsRequest::default()
            .with_topics(topics)
            .with_timeout_ms(ANSWER_TIME_MAX_MS)
    };
    let answer = controller.ask(4, request).await?;
    let came = answer.topics.iter().map(|of| {
        let refused = Refusal::check(of.error_code, of.error_message.as_deref());
        (of.name.to_string(), refused)
    });
    Ok(came.collect())
}

/// Deletes the records of each log that lie before an offset. The broker must lead all of them.
/// Says of each what came of it.
///
/// # Errors
/// The broker doesn't answer: what was deleted is then not known.
pub async fn delete_records(
    leader: &Broker,
    before: &ByPartition<i64>,
) -> Result<ByPartition<Result<(), Refusal>>, Error> {
    let mut topics: BTreeMap<&str, Vec<DeleteRecordsPartition>> = BTreeMap::new();
    for ((topic, partition), offset) in before {
        let of = DeleteRecordsPartition::default()
            .with_partition_index(*partition)
            .with_offset(*offset);
        topics.entry(topic).or_default().push(of);
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        DeleteRecordsTopic::default()
            .with_name(topic_name(name))
            .with_partitions(partitions)
    });
    let topics: Vec<_> = topics.collect();
    let request = |_| {
        DeleteRecordsRequest::default()
            .with_topics(topics)
            .with_timeout_ms(ANSWER_TIME_MAX_MS)
    };
    let answer = leader.ask(0, request).await?;
    let mut came = ByPartition::new();
    for topic in &answer.topics {
        for of in &topic.partitions {
            let key = (topic.name.to_string(), of.partition_index);
            came.insert(key, Refusal::check(of.error_code, None));
        }
    }
    Ok(came)
}
