//! Writes single records and says where they came to lie: what `penstock emit` does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use penstock_core::config::Kafka;
use penstock_core::record::{Header, OwnedHeader};
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::native::{Error, Handle, Headers, Produced, Queue, Role, TopicHandle};
use crate::tool::{Target, ToolError};

/// A record to be written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Emitted<'a> {
    /// Where to; `None` is by the key's hash, as Java does, or by chance.
    pub partition: Option<i32>,
    /// The key; `None` is null.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: &'a [OwnedHeader],
    /// Milliseconds since 1970; `None` is now.
    pub timestamp_ms: Option<i64>,
}

/// Where an acknowledged record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lies {
    /// Counts the calls of [`Emitter::send`], from 0.
    pub index: u64,
    /// The partition's number.
    pub partition: i32,
    /// The record's offset.
    pub offset: i64,
}

/// Writes records to one topic.
pub struct Emitter {
    target: Target,
    handle: std::sync::Arc<Handle>,
    queue: Queue,
    topic: TopicHandle,
    partitions: i32,
    timeout: Duration,
    sent: u64,
    lies: Vec<Lies>,
    reported: u64,
    refused: Option<Error>,
}

impl Emitter {
    /// Connects, and makes sure that the topic exists. `timeout` bounds this, and the
    /// acknowledgement of each record.
    ///
    /// # Errors
    /// [`ToolError`], in particular when Kafka is out of reach or the topic is missing.
    pub fn connect(
        kafka: &Kafka,
        client_id: &str,
        topic: &str,
        timeout: Duration,
    ) -> Result<Emitter, ToolError> {
        let mut config = crate::client::producer_config(kafka, client_id);
        config.set("message.timeout.ms", timeout.as_millis().max(1).to_string());
        let handle = Handle::create(&config, Role::Producer)?;
        let target = Target {
            bootstrap: kafka.bootstrap.clone(),
            topic: topic.into(),
            handle: Arc::clone(&handle),
        };
        let partitions = target.partition_count(&handle, Instant::now() + timeout)?;
        Ok(Emitter {
            queue: Queue::of_producer(&handle),
            topic: TopicHandle::new(&handle, topic)?,
            target,
            handle,
            partitions,
            timeout,
            sent: 0,
            lies: Vec::new(),
            reported: 0,
            refused: None,
        })
    }

    /// Hands a record to the client. Its place comes with [`Emitter::acknowledged`].
    ///
    /// # Errors
    /// When this record, or an earlier one, was refused.
    pub fn send(&mut self, record: Emitted<'_>) -> Result<(), ToolError> {
        if let Some(partition) = record.partition
            && !(0..self.partitions).contains(&partition)
        {
            return Err(ToolError::PartitionMissing {
                topic: self.target.topic.to_string(),
                partition,
                last: self.partitions - 1,
            });
        }
        let deadline = Instant::now() + self.timeout;
        loop {
            let mut headers = (!record.headers.is_empty()).then(Headers::new);
            for header in record.headers {
                headers.get_or_insert_with(Headers::new).push(Header {
                    name: &header.name,
                    value: header.value.as_deref(),
                });
            }
            let produced = Produced {
                partition: record.partition,
                key: record.key,
                value: record.value,
                headers,
                timestamp_ms: record.timestamp_ms,
                token: self.sent,
            };
            match self.handle.produce(&self.topic, produced) {
                Ok(()) => break,
                Err(Rd::QueueFull) if Instant::now() < deadline => {
                    self.take_reports(Duration::from_millis(100));
                }
                Err(code) => return Err(self.target.error(code.into())),
            }
        }
        self.sent += 1;
        self.take_reports(Duration::ZERO);
        self.check()
    }

    /// Where records came to lie that were acknowledged since the last call.
    pub fn acknowledged(&mut self) -> Vec<Lies> {
        std::mem::take(&mut self.lies)
    }

    /// Waits until every record is acknowledged, and returns where those lie that
    /// [`Emitter::acknowledged`] did not.
    ///
    /// # Errors
    /// When one was refused, or not acknowledged in time.
    pub fn finish(mut self) -> Result<Vec<Lies>, ToolError> {
        // The client itself gives up after `timeout`; a little more only guards against hanging.
        let deadline = Instant::now() + self.timeout + Duration::from_secs(2);
        while self.reported < self.sent && Instant::now() < deadline {
            self.take_reports(Duration::from_millis(100));
        }
        self.check()?;
        if self.reported < self.sent {
            return Err(self.target.error(Rd::OperationTimedOut.into()));
        }
        Ok(self.acknowledged())
    }

    fn check(&self) -> Result<(), ToolError> {
        match &self.refused {
            Some(error) => Err(self.target.error(error.clone())),
            None => Ok(()),
        }
    }

    fn take_reports(&mut self, wait: Duration) {
        self.queue.reports(wait, |message| {
            self.reported += 1;
            match message.error() {
                // The client's own time-out says nothing of why.
                Some(Rd::MessageTimedOut) => {
                    self.refused.get_or_insert(Rd::OperationTimedOut.into());
                }
                Some(code) => {
                    self.refused.get_or_insert(code.into());
                }
                None => self.lies.push(Lies {
                    index: message.token(),
                    partition: message.partition(),
                    offset: message.offset(),
                }),
            }
        });
    }
}

impl Drop for Emitter {
    fn drop(&mut self) {
        // Otherwise the client complains of what it still holds.
        self.handle.purge();
    }
}
