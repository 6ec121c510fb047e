//! The messages of batches that a broker refused, sent once more, each alone, so that only the one
//! that it does not take by itself is blamed.
//!
//! They go through a producer of their own: in the sink's, they would lie behind what was sent
//! after them. Their partition is held still there meanwhile, so the order stays.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use penstock_engine::ports::OutputTopic;
use rdkafka::ClientConfig;
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::native::{Error, Handle, Headers, Message, Produced, Queue, Role, TopicHandle};
use crate::stalls::Topic;

/// The producer of single messages.
pub struct Singles {
    /// To flush and to purge it.
    pub handle: Arc<Handle>,
    topics: Vec<TopicHandle>,
    /// Their reports.
    pub queue: Queue,
}

impl Singles {
    /// Creates it, with the settings of the sink's producer.
    ///
    /// # Errors
    /// As the sink's own: none, if that could be made.
    pub fn new(mut config: ClientConfig, topics: &[Topic]) -> Result<Singles, Error> {
        for alias in [
            "queue.buffering.max.ms",
            "max.in.flight.requests.per.connection",
        ] {
            config.remove(alias);
        }
        config.set("linger.ms", "0");
        config.set("batch.num.messages", "1");
        // What is refused first could otherwise be overtaken: to a partition that does not know
        // this producer yet, any number is as good as the first.
        config.set("max.in.flight", "1");
        let handle = Handle::create(&config, Role::Producer)?;
        let topics = topics
            .iter()
            .map(|topic| TopicHandle::new(&handle, topic.handle.name()))
            .collect::<Result<_, _>>()?;
        Ok(Singles {
            queue: Queue::of_producer(&handle),
            topics,
            handle,
        })
    }

    /// Sends a message again as it was, to the partition that it was for; `topic` counts it.
    ///
    /// # Errors
    /// As [`Handle::produce`].
    pub fn send(
        &self,
        number: OutputTopic,
        topic: &Topic,
        message: &Message<'_>,
    ) -> Result<(), Rd> {
        let mut headers = None;
        for header in message.headers() {
            headers.get_or_insert_with(Headers::new).push(header);
        }
        let produced = Produced {
            partition: Some(message.partition()),
            key: message.key(),
            value: message.value(),
            headers,
            // The client filled the time of the first sending in where none was given.
            timestamp_ms: message.timestamp().millis(),
            token: message.token(),
        };
        topic.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = self
            .handle
            .produce(&self.topics[number.0 as usize], produced);
        if sent.is_err() {
            topic.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        sent
    }
}
