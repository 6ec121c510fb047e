//! What time it is in the cluster.
//!
//! No request asks a broker for its time. But of the controllers' quorum, the active one says when
//! each replica of its log was last caught up, and of itself that is now.

use std::time::{SystemTime, UNIX_EPOCH};

use kafka_protocol::messages::DescribeQuorumRequest;
use kafka_protocol::messages::describe_quorum_request::{PartitionData, TopicData};

use crate::broker::Broker;
use crate::error::{Error, Refusal};
use crate::metadata::topic_name;

const METADATA_LOG: &str = "__cluster_metadata";

/// The clock of the active controller, held against this machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// How far it is ahead of this machine's, in milliseconds; negative: behind.
    pub ahead_ms: i64,
    /// By how much that may be wrong either way: half of the time the answer took.
    pub within_ms: i64,
}

impl Broker {
    /// Compares clocks; any broker passes the question on to the active controller. `None`: the
    /// answer leaves the time out.
    ///
    /// # Errors
    /// The broker doesn't answer, is older than 3.3 or without KRaft, or refuses: it needs
    /// `DESCRIBE` on the cluster.
    pub async fn clock(&self) -> Result<Option<Clock>, Error> {
        // Once more, since the first answer may include the time of connecting.
        self.versions().await?;
        let partition = PartitionData::default().with_partition_index(0);
        let topic = TopicData::default()
            .with_topic_name(topic_name(METADATA_LOG))
            .with_partitions(vec![partition]);
        let request = |_| DescribeQuorumRequest::default().with_topics(vec![topic]);
        let before = now_ms();
        let answer = self.ask(1, request).await?;
        let after = now_ms();
        Refusal::check(answer.error_code, answer.error_message.as_deref())?;
        let partitions = answer.topics.iter().flat_map(|of| &of.partitions);
        let Some(of) = partitions.into_iter().next() else {
            return Err(self.silent());
        };
        Refusal::check(of.error_code, of.error_message.as_deref())?;
        let mut replicas = of.current_voters.iter().chain(&of.observers);
        let leader = replicas.find(|it| it.replica_id == of.leader_id);
        let told = leader.map(|it| it.last_caught_up_timestamp);
        Ok(told
            .filter(|ms| *ms > 0)
            .map(|ms| compared(before, ms, after)))
    }
}

/// Of a time that was told somewhere between two times here.
fn compared(before: i64, told: i64, after: i64) -> Clock {
    Clock {
        ahead_ms: told - (before + after) / 2,
        // Half a span is rounded down, and each time is a whole millisecond.
        within_ms: (after - before) / 2 + 1,
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_held_against_the_middle_of_its_question() {
        let clock = compared(1000, 4010, 1020);
        assert_eq!((clock.ahead_ms, clock.within_ms), (3000, 11));
        assert_eq!(compared(1000, 500, 1000).ahead_ms, -500);
    }
}
