//! An embedded Kafka for the demo and for tests: librdkafka's mock cluster, real protocol over
//! real loopback sockets, in memory.

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use crate::native::Error;

/// A running mock cluster; gone when dropped.
pub struct MockKafka(MockCluster<'static, DefaultProducerContext>);

impl MockKafka {
    /// Starts one broker with these topics, each of so many partitions.
    ///
    /// # Errors
    /// When the cluster does not start or a topic is not created.
    pub fn start(topics: &[(&str, i32)]) -> Result<MockKafka, Error> {
        let cluster = MockCluster::new(1).map_err(mock_error)?;
        for (topic, partitions) in topics {
            cluster
                .create_topic(topic, *partitions, 1)
                .map_err(mock_error)?;
        }
        Ok(MockKafka(cluster))
    }

    /// `host:port` for clients.
    pub fn bootstrap(&self) -> String {
        self.0.bootstrap_servers()
    }

    /// Takes the broker away, as an outage would.
    ///
    /// # Errors
    /// When the cluster is gone.
    pub fn down(&self) -> Result<(), Error> {
        self.0.broker_down(1).map_err(mock_error)
    }

    /// Brings the broker back.
    ///
    /// # Errors
    /// When the cluster is gone.
    pub fn up(&self) -> Result<(), Error> {
        self.0.broker_up(1).map_err(mock_error)
    }
}

fn mock_error(error: rdkafka::error::KafkaError) -> Error {
    Error {
        code: rdkafka::error::RDKafkaErrorCode::Fail,
        text: format!("the embedded Kafka: {error}"),
        fatal: true,
    }
}
