//! Sends dead letters back: the records of a batch and the progress that says so in one
//! transaction, so that each is sent at most once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use penstock_core::config::Kafka;
use penstock_core::record::{Header, OwnedHeader};
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::blame::is_of_the_batch;
use crate::fatal::is_fence;
use crate::native::{
    Handle, Headers, Members, OFFSET_NONE, PartitionOffset, Produced, Queue, Role, TopicHandle,
    TransactionError,
};
use crate::tool::{ASK_AGAIN_AFTER, Target, ToolError};

/// A transaction that its producer left open is aborted by the broker after this long; whoever
/// reads what is committed waits for that.
const TRANSACTION_TIME_MAX: Duration = Duration::from_secs(30);
/// Less, so that what the brokers don't take is known before.
const SEND_TIME_MAX: Duration = Duration::from_secs(20);

/// What a group has committed in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The partition's number.
    pub partition: i32,
    /// The next offset; `None`: nothing is committed.
    pub next: Option<i64>,
    /// The metadata.
    pub metadata: String,
}

/// What a group has committed in each partition of a topic.
///
/// # Errors
/// [`ToolError`]; an error of a partition is one of the whole.
pub fn committed(
    kafka: &Kafka,
    client_id: &str,
    group: &str,
    topic: &str,
    timeout: Duration,
) -> Result<Vec<Committed>, ToolError> {
    let mut config = crate::client::reader_config(kafka, client_id);
    config.set("group.id", group);
    let target = Target::of(kafka, topic, Handle::create(&config, Role::Consumer)?);
    let deadline = Instant::now() + timeout;
    let count = target.partition_count(&target.handle, deadline)?;
    let entries: Vec<_> = (0..count)
        .map(|partition| PartitionOffset::new(&target.topic, partition, OFFSET_NONE))
        .collect();
    let commits = target.until(deadline, |timeout| {
        target.handle.committed(&entries, timeout)
    })?;
    let read = |of: PartitionOffset| match of.error {
        Some(code) => Err(target.error(code.into())),
        None => Ok(Committed {
            partition: of.partition,
            next: (of.offset >= 0).then_some(of.offset),
            metadata: of.metadata,
        }),
    };
    commits.into_iter().map(read).collect()
}

/// How many partitions a topic has.
///
/// # Errors
/// [`ToolError`], in particular when it is missing.
pub fn partition_count(
    kafka: &Kafka,
    client_id: &str,
    topic: &str,
    timeout: Duration,
) -> Result<i32, ToolError> {
    let config = crate::client::reader_config(kafka, client_id);
    let target = Target::of(kafka, topic, Handle::create(&config, Role::Consumer)?);
    target.partition_count(&target.handle, Instant::now() + timeout)
}

/// A record on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: Arc<str>,
    /// `None` is by the key's hash, or by chance.
    pub partition: Option<i32>,
    /// The key; `None` is null.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers.
    pub headers: Vec<OwnedHeader>,
}

/// Why a batch was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A broker refuses a record, or one beside it, for what it is; nothing of the batch was sent.
    /// The client gives up what it is handed next for that partition too: open another redriver.
    #[error("{0}")]
    Refused(String),
    /// Another one with the same id has begun; nothing of the batch was sent.
    #[error("another redrive of the same topic has begun")]
    Superseded,
    /// Nothing of the batch was sent.
    #[error("{0}")]
    NotSent(ToolError),
    /// The commit was not answered: it was sent as a whole, or not at all.
    #[error("{0}")]
    Unknown(ToolError),
}

/// A producer of batches.
pub struct Redriver {
    dead: Target,
    queue: Queue,
    topics: BTreeMap<Arc<str>, TopicHandle>,
    group: String,
}

/// What became of a batch's records so far.
#[derive(Default)]
struct Reports {
    count: usize,
    /// The first record that was refused, by its place in the batch, and why.
    refused: Option<(usize, Rd)>,
}

impl Redriver {
    /// Connects as the one redriver of a dead-letter topic: any other one is shut out, and what it
    /// left open is taken back. `id` is its transactional id, and the group of its commits.
    ///
    /// # Errors
    /// [`ToolError`], in particular when Kafka is out of reach or a permission is missing.
    pub fn open(
        kafka: &Kafka,
        client_id: &str,
        dead: &str,
        id: &str,
        timeout: Duration,
    ) -> Result<Redriver, ToolError> {
        let mut config = crate::client::producer_config(kafka, client_id);
        let millis = |time: Duration| time.as_millis().to_string();
        config.set("transactional.id", id);
        config.set("transaction.timeout.ms", millis(TRANSACTION_TIME_MAX));
        config.set("message.timeout.ms", millis(SEND_TIME_MAX));
        let handle = Handle::create(&config, Role::Producer)?;
        let dead = Target::of(kafka, dead, Arc::clone(&handle));
        let deadline = Instant::now() + timeout;
        let ready = dead.repeat(deadline, |left| handle.init_transactions(left));
        ready.map_err(|of| dead.error(of.error))?;
        Ok(Redriver {
            queue: Queue::of_producer(&handle),
            dead,
            topics: BTreeMap::new(),
            group: id.to_owned(),
        })
    }

    /// Sends records, and commits how far the dead-letter topic is done with them: by partition
    /// the next offset, and metadata. Both or neither.
    ///
    /// # Errors
    /// [`BatchError`]
    pub fn send(
        &mut self,
        records: &[Outgoing],
        progress: &BTreeMap<i32, (i64, String)>,
    ) -> Result<(), BatchError> {
        let handle = Arc::clone(&self.dead.handle);
        handle.begin_transaction().map_err(|of| self.not_sent(of))?;
        if let Err(error) = self.fill(records, progress) {
            return Err(match self.abort() {
                Ok(()) => error,
                // It may be the same one; the next redrive takes back what is left open.
                Err(of) => self.not_sent(of),
            });
        }
        let deadline = Instant::now() + TRANSACTION_TIME_MAX;
        let committed = self
            .dead
            .repeat(deadline, |left| handle.commit_transaction(left));
        committed.map_err(|of| {
            if !of.retriable {
                // Otherwise what is committed can't be read until it times out.
                drop(self.abort());
            }
            match self.not_sent(of.clone()) {
                BatchError::NotSent(error) if of.retriable => BatchError::Unknown(error),
                known => known,
            }
        })
    }

    /// Takes the transaction back. The client waits meanwhile until the reports are taken.
    fn abort(&self) -> Result<(), TransactionError> {
        let handle = &self.dead.handle;
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Acquire) {
                    self.take_reports(Duration::from_millis(50), &mut Reports::default());
                }
            });
            let deadline = Instant::now() + SEND_TIME_MAX;
            let aborted = self
                .dead
                .repeat(deadline, |left| handle.abort_transaction(left));
            is_over.store(true, Ordering::Release);
            aborted
        })
    }

    fn fill(
        &mut self,
        records: &[Outgoing],
        progress: &BTreeMap<i32, (i64, String)>,
    ) -> Result<(), BatchError> {
        let mut reports = Reports::default();
        for (index, record) in records.iter().enumerate() {
            self.produce(record, index as u64)?;
            self.take_reports(Duration::ZERO, &mut reports);
        }
        let deadline = Instant::now() + SEND_TIME_MAX + Duration::from_secs(2);
        while reports.count < records.len()
            && reports.refused.is_none()
            && Instant::now() < deadline
        {
            self.take_reports(Duration::from_millis(100), &mut reports);
        }
        match reports.refused {
            Some((index, code)) => return Err(self.refusal(&records[index], code)),
            None if reports.count < records.len() => {
                return Err(BatchError::NotSent(
                    self.dead.error(Rd::OperationTimedOut.into()),
                ));
            }
            None => {}
        }
        let commit = |(partition, (next, metadata)): (&i32, &(i64, String))| PartitionOffset {
            metadata: metadata.clone(),
            ..PartitionOffset::new(&self.dead.topic, *partition, *next)
        };
        let commits: Vec<_> = progress.iter().map(commit).collect();
        let handle = &self.dead.handle;
        let members = Members::none_of(&self.group)
            .map_err(|error| BatchError::NotSent(self.dead.error(error)))?;
        let sent = self.dead.repeat(Instant::now() + SEND_TIME_MAX, |left| {
            handle.send_commits(&members, &commits, left)
        });
        sent.map_err(|of| self.not_sent(of))
    }

    fn produce(&mut self, record: &Outgoing, token: u64) -> Result<(), BatchError> {
        let handle = &self.dead.handle;
        if !self.topics.contains_key(&record.topic) {
            let topic = TopicHandle::new(handle, &record.topic)
                .map_err(|error| BatchError::NotSent(error.into()))?;
            self.topics.insert(Arc::clone(&record.topic), topic);
        }
        let mut headers = Headers::new();
        for header in &record.headers {
            headers.push(Header {
                name: &header.name,
                value: header.value.as_deref(),
            });
        }
        let produced = Produced {
            partition: record.partition,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: Some(headers),
            timestamp_ms: None,
            token,
        };
        let sent = handle.produce(&self.topics[&record.topic], produced);
        sent.map_err(|code| self.refusal(record, code))
    }

    /// What a refused record, or its topic, is refused with.
    fn refusal(&self, record: &Outgoing, code: Rd) -> BatchError {
        let target = Target {
            topic: Arc::clone(&record.topic),
            ..self.dead.clone()
        };
        match code {
            code if code == Rd::InvalidArgument || is_of_the_batch(code) => {
                BatchError::Refused(self.dead.handle.who().explain(&code.into(), &record.topic))
            }
            Rd::MessageTimedOut => BatchError::NotSent(target.error(Rd::OperationTimedOut.into())),
            _ => self.of(target.error(code.into()), code),
        }
    }

    fn not_sent(&self, of: TransactionError) -> BatchError {
        let code = of.error.code;
        self.of(self.dead.error(of.error), code)
    }

    fn of(&self, error: ToolError, code: Rd) -> BatchError {
        let fatal = self.dead.handle.fatal_cause().map(|of| of.code);
        if is_fence(code) || fatal.is_some_and(is_fence) {
            BatchError::Superseded
        } else {
            BatchError::NotSent(error)
        }
    }

    fn take_reports(&self, wait: Duration, reports: &mut Reports) {
        self.queue.reports(wait, |message| {
            reports.count += 1;
            if let Some(code) = message.error() {
                let index = message.token() as usize;
                reports.refused.get_or_insert((index, code));
            }
        });
    }
}

impl Drop for Redriver {
    fn drop(&mut self) {
        // Otherwise the client complains of what it still holds.
        self.dead.handle.purge();
    }
}

impl Target {
    fn of(kafka: &Kafka, topic: &str, handle: Arc<Handle>) -> Target {
        Target {
            bootstrap: kafka.bootstrap.clone(),
            topic: topic.into(),
            handle,
        }
    }

    /// Repeats a step of a transaction while it may pass.
    fn repeat(
        &self,
        deadline: Instant,
        step: impl Fn(Duration) -> Result<(), TransactionError>,
    ) -> Result<(), TransactionError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match step(left.max(Duration::from_millis(1))) {
                Err(of) if of.retriable && Instant::now() < deadline => {
                    std::thread::sleep(ASK_AGAIN_AFTER);
                }
                outcome => return outcome,
            }
        }
    }
}
