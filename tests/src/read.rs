//! A topic's records, read to the end with every field.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};
use rdkafka_sys as sys;

use crate::client::{Client, REQUEST};
use crate::wait::wait_until;

/// How long a read may go without a record.
const SILENCE: Duration = Duration::from_secs(30);

/// A record as it lies in the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// The key; none and empty differ.
    pub key: Option<Vec<u8>>,
    /// The value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers, in order, as bytes.
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Record {
    /// The key as text; empty if there is none.
    #[must_use]
    pub fn key_text(&self) -> String {
        String::from_utf8_lossy(self.key.as_deref().unwrap_or_default()).into_owned()
    }

    /// The value as text; empty if there is none.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }

    /// The value as JSON.
    ///
    /// # Errors
    /// When it isn't JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(self.value.as_deref().unwrap_or_default())
            .with_context(|| format!("not JSON: {:?}", self.text()))
    }

    /// The last header of this name, as text; nothing if it is missing or null.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let found = self
            .headers
            .iter()
            .rev()
            .find(|(found, _)| found == name.as_bytes());
        let value = found?.1.as_deref()?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

impl Client {
    /// All records that lie in the topic now, partition by partition, in order of offsets.
    ///
    /// # Errors
    /// When the topic isn't there or can't be read.
    pub fn read_all(&self, topic: &str) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        self.read_each(topic, |message| records.push(record(message)))?;
        records.sort_by_key(|record: &Record| (record.partition, record.offset));
        Ok(records)
    }

    /// [`read_all`](Self::read_all), once no transaction is open in the topic.
    ///
    /// # Errors
    /// When the topic isn't there or can't be read, or a transaction stays open.
    pub fn read_settled(&self, topic: &str) -> Result<Vec<Record>> {
        self.await_settled(topic)?;
        self.read_all(topic)
    }

    /// Waits until no transaction is open in the topic: what lies behind the begin of one is not given
    /// out, whoever wrote it. One may be open still though all positions are committed: a broker
    /// acknowledges the end of one before its markers are written, and aborts that of a process that
    /// was killed only when its time is up.
    ///
    /// # Errors
    /// When the topic isn't there or can't be read, or a transaction stays open.
    pub fn await_settled(&self, topic: &str) -> Result<()> {
        let ends = |isolation: &str| -> Result<Vec<i64>> {
            let mut config = self.consumer_settings("penstock-tests-reader");
            let consumer: BaseConsumer = config.set("isolation.level", isolation).create()?;
            let end = |partition| Ok(consumer.fetch_watermarks(topic, partition, REQUEST)?.1);
            self.partitions(topic)?.into_iter().map(end).collect()
        };
        wait_until("no transaction is open", SILENCE, || {
            let (stable, all) = (ends("read_committed")?, ends("read_uncommitted")?);
            ensure!(stable == all, "`{topic}`: {stable:?} of {all:?}");
            Ok(())
        })
    }

    /// Gives each record that lies in the topic now to `take`, in order within a partition.
    ///
    /// # Errors
    /// When the topic isn't there or can't be read.
    pub fn read_each(&self, topic: &str, mut take: impl FnMut(&BorrowedMessage<'_>)) -> Result<()> {
        let consumer = self.consumer("penstock-tests-reader")?;
        // Otherwise the consumer learns the topic's leaders only at its next scan, a second later.
        consumer.fetch_metadata(Some(topic), REQUEST)?;
        let mut from = TopicPartitionList::new();
        for partition in self.partitions(topic)? {
            from.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
        let mut open = from.count();
        consumer.assign(&from)?;
        let mut last = Instant::now();
        while open > 0 {
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    take(&message);
                    last = Instant::now();
                }
                Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
                // The client goes on by itself, for instance over a restart of the broker.
                Some(Err(error)) if error.rdkafka_error_code().is_some_and(passing) => {}
                Some(Err(error)) => bail!("cannot read `{topic}`: {error}"),
                None => {}
            }
            ensure!(
                last.elapsed() < SILENCE,
                "`{topic}`: nothing came for {SILENCE:?}"
            );
        }
        Ok(())
    }
}

fn passing(code: rdkafka::error::RDKafkaErrorCode) -> bool {
    use rdkafka::error::RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure};
    matches!(code, AllBrokersDown | BrokerTransportFailure)
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    Record {
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis().unwrap_or(-1),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers(message),
    }
}

/// The crate's own accessor panics on a name that isn't UTF-8.
fn headers(message: &BorrowedMessage<'_>) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let mut list = std::ptr::null_mut();
    let mut headers = Vec::new();
    // SAFETY: the message outlives the list, which it owns; names are C strings and values are
    // `size` bytes, both copied before the message goes.
    unsafe {
        let found = sys::rd_kafka_message_headers(message.ptr(), &raw mut list);
        if found != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return headers;
        }
        for index in 0..sys::rd_kafka_header_cnt(list) {
            let (mut name, mut value, mut size) = (std::ptr::null(), std::ptr::null(), 0);
            sys::rd_kafka_header_get_all(list, index, &raw mut name, &raw mut value, &raw mut size);
            let bytes = (!value.is_null())
                .then(|| std::slice::from_raw_parts(value.cast::<u8>(), size).to_vec());
            headers.push((CStr::from_ptr(name).to_bytes().to_vec(), bytes));
        }
    }
    headers
}
