//! Records sent to a topic: any bytes, any headers, any timestamp.

use std::ffi::CString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka_sys as sys;

use crate::client::{Client, settings};

/// How long the acknowledgements of all that was sent may take.
const FLUSH: Duration = Duration::from_secs(60);

/// How long it may get nowhere before it is told the brokers again.
const STUCK: Duration = Duration::from_secs(5);

/// How long a broker's answer is waited for.
const METADATA: Duration = Duration::from_secs(1);

/// A record to be sent.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    topic: String,
    /// The key; none and empty differ.
    pub key: Option<Vec<u8>>,
    /// The value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers, in order, as bytes.
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    partition: Option<i32>,
    /// The create time, in milliseconds since 1970.
    pub timestamp: Option<i64>,
}

impl Outgoing {
    /// A record with no key, no value (a tombstone) and no headers.
    pub fn to(topic: impl Into<String>) -> Outgoing {
        Outgoing {
            topic: topic.into(),
            ..Outgoing::default()
        }
    }

    /// Sets the key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Outgoing {
        self.key = Some(key.into());
        self
    }

    /// Sets the value.
    #[must_use]
    pub fn value(mut self, value: impl Into<Vec<u8>>) -> Outgoing {
        self.value = Some(value.into());
        self
    }

    /// Adds a header; neither name nor value need be UTF-8, and names may repeat.
    #[must_use]
    pub fn header(mut self, name: impl Into<Vec<u8>>, value: Option<&[u8]>) -> Outgoing {
        self.headers.push((name.into(), value.map(<[u8]>::to_vec)));
        self
    }

    /// Sets the partition; otherwise the key's hash (as Java's) or chance decides.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Outgoing {
        self.partition = Some(partition);
        self
    }

    /// Sets the create time, in milliseconds since 1970; otherwise it is now.
    #[must_use]
    pub fn timestamp(mut self, millis: i64) -> Outgoing {
        self.timestamp = Some(millis);
        self
    }
}

/// What became of the records sent so far.
#[derive(Default)]
struct Deliveries {
    placed: Vec<(i32, i64)>,
    failed: Vec<String>,
}

#[derive(Clone, Default)]
struct Acknowledged(Arc<Mutex<Deliveries>>);

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let mut deliveries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(message) => deliveries
                .placed
                .push((message.partition(), message.offset())),
            Err((error, message)) => deliveries
                .failed
                .push(format!("{}: {error}", message.topic())),
        }
    }
}

/// A producer for a test's load: idempotent, acknowledged by [`flush`](Producer::flush).
pub struct Producer {
    bootstrap: String,
    inner: ThreadedProducer<Acknowledged>,
    deliveries: Acknowledged,
}

impl Producer {
    /// A producer; connects when it is first used.
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub fn new(bootstrap: &str) -> Result<Producer> {
        Producer::with_settings(bootstrap, &[])
    }

    /// [`new`](Producer::new) with settings of librdkafka over those here.
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub fn with_settings(bootstrap: &str, over: &[(&str, &str)]) -> Result<Producer> {
        let deliveries = Acknowledged::default();
        let mut config = settings(bootstrap);
        config
            .set("enable.idempotence", "true")
            // Otherwise it may stay without any connection after an outage: librdkafka waits for
            // somebody to ask for one.
            .set("enable.sparse.connections", "false")
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "1")
            .set("queue.buffering.max.kbytes", "65536");
        for (key, value) in over {
            config.set(*key, *value);
        }
        let inner = config
            .create_with_context(deliveries.clone())
            .context("cannot create a producer")?;
        Ok(Producer {
            bootstrap: bootstrap.to_owned(),
            inner,
            deliveries,
        })
    }

    /// How many partitions of a topic it knows from now on.
    ///
    /// # Errors
    /// When no broker answers.
    pub fn partitions(&self, topic: &str) -> Result<usize> {
        let metadata = self.inner.client().fetch_metadata(Some(topic), METADATA)?;
        Ok(metadata
            .topics()
            .first()
            .map_or(0, |of| of.partitions().len()))
    }

    /// Names the brokers again. A broker that was starting may have listed none: the client forgets
    /// those that it knew, and may be left without any to connect to.
    fn reach_out(&self) -> Result<()> {
        let brokers = CString::new(self.bootstrap.as_str())?;
        // SAFETY: the client is live, the string has an end and is copied.
        unsafe { sys::rd_kafka_brokers_add(self.inner.client().native_ptr(), brokers.as_ptr()) };
        // Whoever asks has it connect; the answer does not matter.
        drop(self.inner.client().fetch_metadata(None, METADATA));
        Ok(())
    }

    /// Hands a record over; waits while the queue is full.
    ///
    /// # Errors
    /// When librdkafka refuses the record.
    pub fn send(&self, record: &Outgoing) -> Result<()> {
        let mut native: BaseRecord<'_, [u8], [u8], ()> = BaseRecord::to(&record.topic);
        native.key = record.key.as_deref();
        native.payload = record.value.as_deref();
        native.partition = record.partition;
        native.timestamp = record.timestamp;
        native.headers = native_headers(&record.headers);
        let mut full_since = Instant::now();
        loop {
            match self.inner.send(native) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    native = back;
                    std::thread::sleep(Duration::from_millis(1));
                    if full_since.elapsed() >= STUCK {
                        full_since = Instant::now();
                        self.reach_out()?;
                    }
                }
                Err((error, _)) => bail!("cannot send to `{}`: {error}", record.topic),
            }
        }
    }

    /// Waits for all acknowledgements; gives partition and offset of the records sent since the
    /// last flush (within a partition in the order sent).
    ///
    /// # Errors
    /// When one was not acknowledged, or the wait takes more than a minute.
    pub fn flush(&self) -> Result<Vec<(i32, i64)>> {
        let until = Instant::now() + FLUSH;
        while let Err(error) = self.inner.flush(STUCK) {
            if Instant::now() >= until {
                return Err(error).context("not all records were acknowledged");
            }
            self.reach_out()?;
        }
        let mut deliveries = self
            .deliveries
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Deliveries { placed, failed } = std::mem::take(&mut *deliveries);
        ensure!(
            failed.is_empty(),
            "{} records failed, the first: {}",
            failed.len(),
            failed[0]
        );
        Ok(placed)
    }
}

impl Client {
    /// Sends records and waits for their acknowledgements; gives their partitions and offsets
    /// (within a partition in the order sent).
    ///
    /// # Errors
    /// When one was refused or not acknowledged.
    pub fn produce(&self, records: &[Outgoing]) -> Result<Vec<(i32, i64)>> {
        let producer = Producer::new(self.bootstrap())?;
        records
            .iter()
            .try_for_each(|record| producer.send(record))?;
        producer.flush()
    }
}

/// The crate's own headers take only UTF-8 names.
fn native_headers(headers: &[(Vec<u8>, Option<Vec<u8>>)]) -> Option<OwnedHeaders> {
    if headers.is_empty() {
        return None;
    }
    let mut owned = OwnedHeaders::new();
    for (name, value) in headers {
        if let Ok(name) = std::str::from_utf8(name) {
            owned = owned.insert(Header {
                key: name,
                value: value.as_deref(),
            });
            continue;
        }
        let list: *const sys::rd_kafka_headers_t = std::ptr::from_ref(owned.as_borrowed()).cast();
        let (data, size) = match value {
            Some(value) => (value.as_ptr(), value.len()),
            None => (std::ptr::null(), 0),
        };
        // SAFETY: `owned` is held alone here and is, borrowed, its list's own address; name and
        // value are copied.
        unsafe {
            sys::rd_kafka_header_add(
                list.cast_mut(),
                name.as_ptr().cast(),
                name.len().cast_signed(),
                data.cast(),
                size.cast_signed(),
            );
        }
    }
    Some(owned)
}
