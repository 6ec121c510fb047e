//! The embedded Kafka of the demo, as its events are sent and its topics read.

use std::time::{Duration, Instant};

use penstock_core::config::{Delivery, GroupProtocol, Kafka};
use penstock_core::record::Offset;
use penstock_kafka::emit::{Emitted, Emitter};
use penstock_kafka::inspect::{From, Look, Next, Peek, Peeked};
use penstock_kafka::{MockKafka, ToolError};

use super::story::Event;

/// How long anything of it may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Topics with their partitions.
const TOPICS: [(&str, i32); 10] = [
    ("purchase-confirmed", 3),
    ("purchase-confirmed.dlq", 1),
    ("course-access-granted", 3),
    ("course-access-granted.dlq", 1),
    ("lesson-completed", 3),
    ("lesson-completed.dlq", 1),
    ("course-progress", 3),
    ("quiz-submitted", 1),
    ("quiz-submitted.dlq", 1),
    ("quiz-graded", 1),
];

/// A running embedded Kafka.
pub struct Cluster {
    broker: MockKafka,
    client: Kafka,
}

impl Cluster {
    /// Starts it, with the demo's topics.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start() -> Result<Cluster, ToolError> {
        let broker = MockKafka::start(&TOPICS)?;
        let client = Kafka {
            bootstrap: broker.bootstrap(),
            group: "demo".into(),
            protocol: GroupProtocol::Classic,
            delivery: Delivery::AtLeastOnce,
            commit_interval: Duration::from_secs(5),
            common: Default::default(),
            consumer: Default::default(),
            producer: Default::default(),
        };
        Ok(Cluster { broker, client })
    }

    /// `host:port`.
    pub fn bootstrap(&self) -> String {
        self.broker.bootstrap()
    }

    /// Appends the events, all of one topic, and says where they lie. One producer for all: each
    /// waits half a second for its first number.
    ///
    /// # Errors
    /// When one is not acknowledged.
    pub fn emit(&self, topic: &str, events: &[Event]) -> Result<Vec<Offset>, ToolError> {
        let mut emitter = Emitter::connect(&self.client, "penstock-demo", topic, TIMEOUT)?;
        for event in events {
            emitter.send(Emitted {
                partition: Some(event.partition),
                key: Some(event.key.as_bytes()),
                value: Some(event.value.as_bytes()),
                ..Emitted::default()
            })?;
        }
        let mut lies = emitter.finish()?;
        lies.sort_by_key(|lies| lies.index);
        Ok(lies.iter().map(|lies| Offset(lies.offset)).collect())
    }

    /// Everything in a topic, in the order of partitions.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(&self, topic: &str) -> Result<Vec<Peeked>, ToolError> {
        let look = Look {
            topic: topic.into(),
            partition: None,
            from: From::Start,
            follow: false,
            timeout: TIMEOUT,
        };
        let mut peek = Peek::open(&self.client, "penstock-demo", &look)?;
        let deadline = Instant::now() + TIMEOUT;
        let mut records = Vec::new();
        while Instant::now() < deadline {
            match peek.next(Duration::from_millis(100))? {
                Next::Record(record) => records.push(record),
                Next::Waiting => {}
                Next::End => break,
            }
        }
        records.sort_by_key(|record| (record.partition, record.offset));
        Ok(records)
    }
}
