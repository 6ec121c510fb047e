//! An embedded Kafka for the demo and for tests: librdkafka's mock cluster, real protocol over
//! real loopback sockets, in memory.

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
}
