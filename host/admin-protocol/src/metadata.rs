//! Brokers, topics with their ids, partitions with their leaders.

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{BrokerId, MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::error::{Error, Refusal};

/// Which topics are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'t> {
    /// None: the brokers alone.
    Brokers,
    /// These; one that isn't there is not created.
    Topics(&'t [String]),
    /// Every topic that may be seen.
    All,
}

/// A cluster, as one broker sees it.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// The cluster's id.
    pub cluster: Option<String>,
    /// The brokers that are up.
    pub brokers: Vec<BrokerAddress>,
    /// The broker that takes changes of the cluster.
    pub controller: Option<i32>,
    /// The topics that were wanted.
    pub topics: Vec<Topic>,
}

/// Where a broker wants to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAddress {
    /// Its id.
    pub id: i32,
    /// `host:port`, as advertised.
    pub address: String,
}

/// A topic.
#[derive(Debug, Clone)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its id: a topic that was deleted and made again has another one.
    pub id: Option<[u8; 16]>,
    /// Its partitions by number, or why they can't be told.
    pub partitions: Result<Vec<PartitionLeader>, Refusal>,
}

/// Who leads a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionLeader {
    /// The partition's number.
    pub partition: i32,
    /// The broker; `None` while there is none.
    pub leader: Option<i32>,
}

pub(crate) fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

/// An id that is told: a broker that knows none says zero.
pub(crate) fn known_id(id: [u8; 16]) -> Option<[u8; 16]> {
    (id != [0; 16]).then_some(id)
}

impl Broker {
    /// The brokers, and the topics that are wanted.
    ///
    /// # Errors
    /// The broker doesn't answer, or refuses.
    pub async fn metadata(&self, wanted: Wanted<'_>) -> Result<Metadata, Error> {
        let named =
            |name: &String| MetadataRequestTopic::default().with_name(Some(topic_name(name)));
        let topics = match wanted {
            Wanted::Brokers => Some(Vec::new()),
            Wanted::Topics(names) => Some(names.iter().map(named).collect()),
            Wanted::All => None,
        };
        // From version 4, a topic that isn't there need not be created.
        let request = |_| {
            MetadataRequest::default()
                .with_topics(topics)
                .with_allow_auto_topic_creation(false)
        };
        let answer = self.ask(4, request).await?;
        Refusal::check(answer.error_code, None)?;
        let broker = |of: &kafka_protocol::messages::metadata_response::MetadataResponseBroker| {
            BrokerAddress {
                id: of.node_id.0,
                address: joined(&of.host, of.port),
            }
        };
        let mut topics: Vec<Topic> = answer.topics.iter().map(topic).collect();
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Metadata {
            cluster: answer.cluster_id.map(|id| id.to_string()),
            brokers: answer.brokers.iter().map(broker).collect(),
            controller: Some(answer.controller_id.0).filter(|id| *id >= 0),
            topics,
        })
    }
}

/// `host:port`; an IPv6 address in brackets.
pub(crate) fn joined(host: &str, port: i32) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

fn topic(of: &MetadataResponseTopic) -> Topic {
    let partitions = Refusal::check(of.error_code, None).map(|()| {
        let leader = |id: BrokerId| (id.0 >= 0).then_some(id.0);
        let partitions = of.partitions.iter().map(|of| PartitionLeader {
            partition: of.partition_index,
            leader: leader(of.leader_id),
        });
        let mut partitions: Vec<_> = partitions.collect();
        partitions.sort_by_key(|of| of.partition);
        partitions
    });
    Topic {
        name: of
            .name
            .as_ref()
            .map(|name| name.to_string())
            .unwrap_or_default(),
        id: known_id(of.topic_id.into_bytes()),
        partitions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_can_be_connected_to() {
        assert_eq!(joined("kafka-1", 9092), "kafka-1:9092");
        assert_eq!(joined("::1", 9092), "[::1]:9092");
    }
}
