//! A small client of Kafka's administration protocol. It looks; all that it can change lies in
//! [`change`], which the doctor never uses.
//!
//! It asks what librdkafka's interface does not: group epochs, topic ids, producers, transactions.
//! Each request has a time limit, and a broker that doesn't answer is an answer of its own.

mod broker;
mod capabilities;
pub mod change;
mod clock;
mod cluster;
mod configs;
mod connection;
mod error;
mod fetch;
mod groups;
mod member_data;
mod metadata;
mod offsets;
mod permissions;
mod probe;
mod quotas;
mod records;
mod replicas;
mod request;
mod security;
mod stream;
mod transactions;

pub use broker::Broker;
pub use capabilities::Versions;
pub use clock::Clock;
pub use cluster::Cluster;
pub use configs::Settings;
pub use error::{Error, Refusal};
pub use fetch::{Ahead, Batch};
pub use groups::{Assigned, Group, Key, ListedGroup, Member};
pub use metadata::{BrokerAddress, Metadata, PartitionLeader, Topic, Wanted};
pub use offsets::{ByPartition, Place};
pub use quotas::Quota;
pub use records::{Chunk, Record};
pub use replicas::{Replicas, TopicReplicas};
pub use security::{
    Account, Authorities, Barrier, BearerToken, Hash, Identity, Pem, Sasl, Security, Tls,
    TlsSettings, TokenSource,
};
pub use transactions::{ListedTransaction, PartitionProducer, Transaction};
