//! Consumer groups: who coordinates them, what they are, who is in them.

use kafka_protocol::messages::consumer_group_describe_response as modern;
use kafka_protocol::messages::describe_groups_response as classic;
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, DescribeGroupsRequest, FindCoordinatorRequest, GroupId,
    ListGroupsRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::error::{Error, Refusal};
use crate::member_data;
use crate::metadata::{BrokerAddress, joined, known_id};

/// What a coordinator is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'k> {
    /// A consumer group.
    Group(&'k str),
    /// A transactional id.
    Transaction(&'k str),
}

/// A group, as its coordinator describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `consumer`, `connect`, …; empty for a group without members.
    pub protocol_type: String,
    /// As Kafka names it: `Stable`, `Empty`, `PreparingRebalance`, …
    pub state: String,
    /// The assignor.
    pub assignor: String,
    /// The group's and its assignment's epoch; of the newer protocol only.
    pub epochs: Option<(i32, i32)>,
    /// The members.
    pub members: Vec<Member>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Given by the coordinator, or by the client itself.
    pub id: String,
    /// The static member's name.
    pub instance: Option<String>,
    /// `client.id`
    pub client: String,
    /// Where it connects from, without Kafka's leading slash.
    pub host: String,
    /// Of the newer protocol only.
    pub epoch: Option<i32>,
    /// The topics it wants; `None` while that can't be seen.
    pub subscription: Option<Vec<String>>,
    /// The pattern of topics it wants; of the newer protocol only.
    pub pattern: Option<String>,
    /// What it has.
    pub assignment: Vec<Assigned>,
    /// What it is to have; of the newer protocol only.
    pub target: Option<Vec<Assigned>>,
}

/// Partitions of a topic that a member has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// The topic.
    pub topic: String,
    /// Its id; of the newer protocol only.
    pub topic_id: Option<[u8; 16]>,
    /// The partitions' numbers.
    pub partitions: Vec<i32>,
}

/// A group in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGroup {
    /// Its name.
    pub id: String,
    /// `classic`, `consumer`, `share`, `streams`; empty from brokers before 3.8.
    pub kind: String,
    /// `consumer`, `connect`, …
    pub protocol_type: String,
    /// As Kafka names it; empty from brokers before 2.6.
    pub state: String,
}

pub(crate) fn group_id(name: &str) -> GroupId {
    GroupId(StrBytes::from_string(name.to_owned()))
}

impl Broker {
    /// Who coordinates a group or a transactional id.
    ///
    /// # Errors
    /// The broker doesn't answer, or there is no coordinator.
    pub async fn find_coordinator(&self, key: Key<'_>) -> Result<BrokerAddress, Error> {
        let (key, kind) = match key {
            Key::Group(name) => (name, 0),
            Key::Transaction(id) => (id, 1),
        };
        let key = StrBytes::from_string(key.to_owned());
        let request = |_| {
            FindCoordinatorRequest::default()
                .with_key_type(kind)
                .with_coordinator_keys(vec![key])
        };
        let answer = self.ask(4, request).await?;
        let Some(found) = answer.coordinators.first() else {
            return Err(self.silent());
        };
        Refusal::check(found.error_code, found.error_message.as_deref())?;
        Ok(BrokerAddress {
            id: found.node_id.0,
            address: joined(&found.host, found.port),
        })
    }

    /// A group of the classic protocol; the broker must be its coordinator.
    ///
    /// # Errors
    /// The broker doesn't answer, or refuses: also if there is no such group, or only one of
    /// another type.
    pub async fn classic_group(&self, name: &str) -> Result<Group, Error> {
        let request = |_| DescribeGroupsRequest::default().with_groups(vec![group_id(name)]);
        let answer = self.ask(0, request).await?;
        let Some(found) = answer.groups.first() else {
            return Err(self.silent());
        };
        Refusal::check(found.error_code, found.error_message.as_deref())?;
        Ok(Group {
            protocol_type: found.protocol_type.to_string(),
            state: found.group_state.to_string(),
            assignor: found.protocol_data.to_string(),
            epochs: None,
            members: found
                .members
                .iter()
                .map(|of| classic_member(of, &found.protocol_type))
                .collect(),
        })
    }

    /// A group of the newer protocol (KIP-848); the broker must be its coordinator.
    ///
    /// # Errors
    /// The broker doesn't answer, is older than 4.0, or refuses: also if there is no such group,
    /// or only one of another type.
    pub async fn modern_group(&self, name: &str) -> Result<Group, Error> {
        let request =
            |_| ConsumerGroupDescribeRequest::default().with_group_ids(vec![group_id(name)]);
        let answer = self.ask(0, request).await?;
        let Some(found) = answer.groups.first() else {
            return Err(self.silent());
        };
        Refusal::check(found.error_code, found.error_message.as_deref())?;
        Ok(Group {
            protocol_type: "consumer".to_owned(),
            state: found.group_state.to_string(),
            assignor: found.assignor_name.to_string(),
            epochs: Some((found.group_epoch, found.assignment_epoch)),
            members: found.members.iter().map(modern_member).collect(),
        })
    }

    /// The groups that this broker coordinates and that may be seen.
    ///
    /// # Errors
    /// The broker doesn't answer, or refuses.
    pub async fn groups(&self) -> Result<Vec<ListedGroup>, Error> {
        let answer = self.ask(0, |_| ListGroupsRequest::default()).await?;
        Refusal::check(answer.error_code, None)?;
        let groups = answer.groups.iter().map(|of| ListedGroup {
            id: of.group_id.to_string(),
            kind: of.group_type.to_lowercase(),
            protocol_type: of.protocol_type.to_string(),
            state: of.group_state.to_string(),
        });
        Ok(groups.collect())
    }

    pub(crate) fn silent(&self) -> Error {
        Error::Malformed {
            address: self.address().to_owned(),
            why: "the answer leaves out what was asked for".to_owned(),
        }
    }
}

fn classic_member(of: &classic::DescribedGroupMember, protocol_type: &str) -> Member {
    // What members of other kinds, as Kafka Connect's, tell each other is their own affair.
    let readable = protocol_type == "consumer";
    let subscription = readable.then(|| member_data::subscription(&of.member_metadata));
    let assignment = readable.then(|| member_data::assignment(&of.member_assignment));
    Member {
        id: of.member_id.to_string(),
        instance: of.group_instance_id.as_ref().map(ToString::to_string),
        client: of.client_id.to_string(),
        host: host(&of.client_host),
        epoch: None,
        subscription: subscription.flatten(),
        pattern: None,
        assignment: assignment
            .flatten()
            .unwrap_or_default()
            .into_iter()
            .map(|(topic, partitions)| Assigned {
                topic,
                topic_id: None,
                partitions,
            })
            .collect(),
        target: None,
    }
}

fn modern_member(of: &modern::Member) -> Member {
    let topics = of
        .subscribed_topic_names
        .iter()
        .map(|name| name.to_string());
    Member {
        id: of.member_id.to_string(),
        instance: of.instance_id.as_ref().map(ToString::to_string),
        client: of.client_id.to_string(),
        host: host(&of.client_host),
        epoch: Some(of.member_epoch),
        subscription: Some(topics.collect()),
        pattern: of
            .subscribed_topic_regex
            .as_ref()
            .map(ToString::to_string)
            .filter(|it| !it.is_empty()),
        assignment: assigned(&of.assignment),
        target: Some(assigned(&of.target_assignment)),
    }
}

fn assigned(of: &modern::Assignment) -> Vec<Assigned> {
    let topics = of.topic_partitions.iter().map(|of| Assigned {
        topic: of.topic_name.to_string(),
        topic_id: known_id(of.topic_id.into_bytes()),
        partitions: of.partitions.clone(),
    });
    topics.collect()
}

/// Kafka writes an address as Java does, `/10.0.0.1` or `name/10.0.0.1`.
fn host(text: &str) -> String {
    text.strip_prefix('/').unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_shown_without_javas_slash() {
        assert_eq!(host("/10.0.0.1"), "10.0.0.1");
        assert_eq!(host("worker/10.0.0.1"), "worker/10.0.0.1");
    }
}
