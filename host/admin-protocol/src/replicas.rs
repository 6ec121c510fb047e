//! Topics with the replicas of their partitions, and what the client may do with each.

use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;

use crate::broker::Broker;
use crate::error::{Error, Refusal};
use crate::metadata::topic_name;
use crate::permissions::told;

/// A topic, by its replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicReplicas {
    /// Its name.
    pub name: String,
    /// Its partitions by number, or why they can't be told.
    pub partitions: Result<Vec<Replicas>, Refusal>,
    /// What the client may do with it: a bit for each of Kafka's numbers of operations; `None` if
    /// it isn't told.
    pub operations: Option<i32>,
}

/// The replicas of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicas {
    /// The partition's number.
    pub partition: i32,
    /// The broker that leads; `None` while there is none.
    pub leader: Option<i32>,
    /// How many there are to be.
    pub all: usize,
    /// How many are in sync.
    pub in_sync: usize,
}

impl Broker {
    /// These topics; one that isn't there is not created.
    ///
    /// # Errors
    /// The broker doesn't answer, or is older than 2.3.
    pub async fn replicas(&self, topics: &[String]) -> Result<Vec<TopicReplicas>, Error> {
        let named =
            |name: &String| MetadataRequestTopic::default().with_name(Some(topic_name(name)));
        let topics = topics.iter().map(named).collect();
        let request = |_| {
            MetadataRequest::default()
                .with_topics(Some(topics))
                .with_allow_auto_topic_creation(false)
                .with_include_topic_authorized_operations(true)
        };
        let answer = self.ask(8, request).await?;
        Refusal::check(answer.error_code, None)?;
        Ok(answer.topics.iter().map(topic).collect())
    }
}

fn topic(of: &MetadataResponseTopic) -> TopicReplicas {
    let partitions = Refusal::check(of.error_code, None).map(|()| {
        let partitions = of.partitions.iter().map(|of| Replicas {
            partition: of.partition_index,
            leader: Some(of.leader_id.0).filter(|id| *id >= 0),
            all: of.replica_nodes.len(),
            in_sync: of.isr_nodes.len(),
        });
        let mut partitions: Vec<_> = partitions.collect();
        partitions.sort_by_key(|of| of.partition);
        partitions
    });
    TopicReplicas {
        name: of
            .name
            .as_ref()
            .map(|name| name.to_string())
            .unwrap_or_default(),
        operations: told(of.topic_authorized_operations),
        partitions,
    }
}
