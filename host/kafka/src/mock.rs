//! An embedded Kafka for the demo and for tests: librdkafka's mock cluster, real protocol over
//! real loopback sockets, in memory.

use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;

use crate::native::{Error, MockCluster};

/// A running mock cluster; gone when dropped.
pub struct MockKafka(MockCluster);

impl MockKafka {
    /// Starts one broker with these topics, each of so many partitions.
    ///
    /// # Errors
    /// When the cluster does not start or a topic is named twice.
    pub fn start(topics: &[(&str, i32)]) -> Result<MockKafka, Error> {
        let cluster = MockCluster::start()?;
        for (topic, partitions) in topics {
            cluster.create_topic(topic, *partitions)?;
        }
        Ok(MockKafka(cluster))
    }

    /// `host:port` for clients.
    pub fn bootstrap(&self) -> String {
        self.0.bootstrap()
    }

    /// Takes the broker away, as an outage would.
    ///
    /// # Errors
    /// When the cluster refuses.
    pub fn down(&self) -> Result<(), Error> {
        self.0.set_up(false)
    }

    /// Brings the broker back.
    ///
    /// # Errors
    /// When the cluster refuses.
    pub fn up(&self) -> Result<(), Error> {
        self.0.set_up(true)
    }

    /// Tells clients to come to this port of the loopback address: to something on their way.
    pub fn advertise(&self, port: u16) {
        self.0.advertise(port);
    }

    /// Tells the member whose heartbeat comes next, and the producer that ends a transaction next, to
    /// look for their coordinator anew.
    ///
    /// # Errors
    /// When the cluster refuses.
    pub fn move_coordinators(&self) -> Result<(), Error> {
        self.0.push_not_coordinator()
    }

    /// Loses the answer to the next commit that has no fate yet: it is done, and answered so late.
    ///
    /// # Errors
    /// When the cluster refuses.
    pub fn answer_a_commit_late(&self, by: Duration) -> Result<(), Error> {
        self.0.push_commit_answer(None, by)
    }

    /// Refuses the next commit that has no fate yet: the group is not permitted.
    ///
    /// # Errors
    /// When the cluster refuses.
    pub fn refuse_a_commit(&self) -> Result<(), Error> {
        let refusal = RDKafkaErrorCode::GroupAuthorizationFailed;
        self.0.push_commit_answer(Some(refusal), Duration::ZERO)
    }
}
