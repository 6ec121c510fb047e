//! Producers of a partition, and transactions by their coordinator.

use std::collections::BTreeMap;

use kafka_protocol::messages::describe_producers_request::TopicRequest;
use kafka_protocol::messages::{
    DescribeProducersRequest, DescribeTransactionsRequest, ListTransactionsRequest, ProducerId,
    TransactionalId,
};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::error::{Error, Refusal};
use crate::metadata::topic_name;
use crate::offsets::ByPartition;

/// A producer, as a partition knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionProducer {
    /// Its id.
    pub id: i64,
    /// Its epoch.
    pub epoch: i32,
    /// The epoch of its transactions' coordinator; -1 if it never wrote in a transaction.
    pub coordinator_epoch: i32,
    /// When it wrote last, in milliseconds since 1970.
    pub last_write_ms: i64,
    /// Where its open transaction begins in this partition.
    pub open_from: Option<i64>,
}

/// A transaction in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTransaction {
    /// The transactional id.
    pub id: String,
    /// The producer that has it.
    pub producer: i64,
    /// As Kafka names it: `Ongoing`, `PrepareCommit`, …
    pub state: String,
}

/// A transaction, as its coordinator describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The transactional id.
    pub id: String,
    /// As Kafka names it: `Ongoing`, `PrepareCommit`, …
    pub state: String,
    /// After how long the coordinator aborts it, in milliseconds.
    pub timeout_ms: i32,
    /// When it began, in milliseconds since 1970; `None` if none is open.
    pub started_ms: Option<i64>,
    /// The producer.
    pub producer: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The partitions it has written to.
    pub partitions: Vec<(String, i32)>,
}

impl Broker {
    /// The producers that these partitions, which this broker must lead, remember.
    ///
    /// # Errors
    /// The broker doesn't answer, or is older than 2.8.
    pub async fn producers(
        &self,
        partitions: &[(String, i32)],
    ) -> Result<ByPartition<Result<Vec<PartitionProducer>, Refusal>>, Error> {
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in partitions {
            topics.entry(topic).or_default().push(*partition);
        }
        let topics = topics.into_iter().map(|(name, partitions)| {
            TopicRequest::default()
                .with_name(topic_name(name))
                .with_partition_indexes(partitions)
        });
        let topics: Vec<_> = topics.collect();
        let request = |_| DescribeProducersRequest::default().with_topics(topics);
        let answer = self.ask(0, request).await?;
        let mut producers = ByPartition::new();
        for topic in &answer.topics {
            for of in &topic.partitions {
                let found = Refusal::check(of.error_code, of.error_message.as_deref()).map(|()| {
                    let producers = of.active_producers.iter().map(|of| PartitionProducer {
                        id: of.producer_id.0,
                        epoch: of.producer_epoch,
                        coordinator_epoch: of.coordinator_epoch,
                        last_write_ms: of.last_timestamp,
                        open_from: Some(of.current_txn_start_offset).filter(|offset| *offset >= 0),
                    });
                    producers.collect()
                });
                producers.insert((topic.name.to_string(), of.partition_index), found);
            }
        }
        Ok(producers)
    }

    /// The transactions of these producers that this broker coordinates and that may be seen.
    ///
    /// # Errors
    /// The broker doesn't answer, is older than 3.0, or refuses.
    pub async fn transactions(&self, producers: &[i64]) -> Result<Vec<ListedTransaction>, Error> {
        let producers = producers.iter().map(|id| ProducerId(*id)).collect();
        let request = |_| ListTransactionsRequest::default().with_producer_id_filters(producers);
        let answer = self.ask(0, request).await?;
        Refusal::check(answer.error_code, None)?;
        let listed = answer
            .transaction_states
            .iter()
            .map(|of| ListedTransaction {
                id: of.transactional_id.to_string(),
                producer: of.producer_id.0,
                state: of.transaction_state.to_string(),
            });
        Ok(listed.collect())
    }

    /// A transaction that this broker coordinates.
    ///
    /// # Errors
    /// The broker doesn't answer, is older than 3.0, or refuses.
    pub async fn transaction(&self, id: &str) -> Result<Transaction, Error> {
        let id = TransactionalId(StrBytes::from_string(id.to_owned()));
        let request = |_| DescribeTransactionsRequest::default().with_transactional_ids(vec![id]);
        let answer = self.ask(0, request).await?;
        let Some(found) = answer.transaction_states.first() else {
            return Err(self.silent());
        };
        Refusal::check(found.error_code, None)?;
        let partitions = found.topics.iter().flat_map(|of| {
            of.partitions
                .iter()
                .map(|partition| (of.topic.to_string(), *partition))
        });
        Ok(Transaction {
            id: found.transactional_id.to_string(),
            state: found.transaction_state.to_string(),
            timeout_ms: found.transaction_timeout_ms,
            started_ms: Some(found.transaction_start_time_ms).filter(|time| *time >= 0),
            producer: found.producer_id.0,
            producer_epoch: found.producer_epoch,
            partitions: partitions.collect(),
        })
    }
}
