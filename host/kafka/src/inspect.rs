//! Looks at topics without joining a group: what `penstock peek` does.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use penstock_core::config::Kafka;
use penstock_core::record::{NextOffset, Offset, OwnedHeader, Timestamp};
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::lookup::Lookup;
use crate::native::{
    Event, EventKind, Handle, Message, OFFSET_BEGINNING, OFFSET_END, OFFSET_NONE, PartitionOffset,
    Queue, Role,
};
use crate::tool::{Target, ToolError};

/// Where to begin in each partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// At the first record.
    Start,
    /// After the last record.
    End,
    /// At this offset.
    Offset(Offset),
    /// At the first record of this time or later, in milliseconds since 1970.
    Time(i64),
    /// So many offsets before the end.
    Last(i64),
}

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The topic's name.
    pub topic: String,
    /// One partition; `None` is all.
    pub partition: Option<i32>,
    /// Where to begin.
    pub from: From,
    /// Whether to wait for records that are not there yet; otherwise it ends where the log ends
    /// as it is now.
    pub follow: bool,
    /// How long Kafka may take to answer.
    pub timeout: Duration,
}

/// A record with bytes of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peeked {
    /// The partition's number.
    pub partition: i32,
    /// The record's offset.
    pub offset: Offset,
    /// When it was created or appended.
    pub timestamp: Timestamp,
    /// The key; `None` is null.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers as they are on the wire.
    pub headers: Vec<OwnedHeader>,
}

/// What [`Peek::next`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A record.
    Record(Peeked),
    /// Nothing yet.
    Waiting,
    /// Nothing more: the log's end, as it was at the beginning, is reached everywhere.
    End,
}

/// A topic being looked at.
pub struct Peek {
    target: Target,
    handle: Arc<Handle>,
    queue: Queue,
    /// Where each partition that is not done ends.
    ends: BTreeMap<i32, i64>,
    follow: bool,
}

impl Peek {
    /// Begins to look.
    ///
    /// # Errors
    /// [`ToolError`], in particular when Kafka is out of reach or the topic is missing.
    pub fn open(kafka: &Kafka, client_id: &str, look: &Look) -> Result<Peek, ToolError> {
        let config = crate::client::reader_config(kafka, client_id);
        let handle = Handle::create(&config, Role::Consumer)?;
        let target = Target {
            bootstrap: kafka.bootstrap.clone(),
            topic: look.topic.as_str().into(),
            handle: Arc::clone(&handle),
        };
        let deadline = Instant::now() + look.timeout;
        let count = target.partition_count(&handle, deadline)?;
        let partitions = match look.partition {
            Some(one) if !(0..count).contains(&one) => {
                return Err(ToolError::PartitionMissing {
                    topic: look.topic.clone(),
                    partition: one,
                    last: count - 1,
                });
            }
            Some(one) => one..one + 1,
            None => 0..count,
        };
        let entries: Vec<_> = partitions
            .map(|partition| PartitionOffset::new(&target.topic, partition, OFFSET_NONE))
            .collect();
        let (starts, ends) = target.range(&handle, &entries, look.from, deadline)?;
        Peek::begin(target, &starts, &ends, look.follow)
    }

    /// Begins to look at what lies in these ranges of offsets, by partition: each from its start,
    /// or the log's if that is higher, to its end.
    ///
    /// # Errors
    /// As [`Peek::open`].
    pub fn ranges(
        kafka: &Kafka,
        client_id: &str,
        topic: &str,
        ranges: &BTreeMap<i32, Range<i64>>,
        timeout: Duration,
    ) -> Result<Peek, ToolError> {
        let config = crate::client::reader_config(kafka, client_id);
        let handle = Handle::create(&config, Role::Consumer)?;
        let target = Target {
            bootstrap: kafka.bootstrap.clone(),
            topic: topic.into(),
            handle: Arc::clone(&handle),
        };
        let entries: Vec<_> = ranges
            .keys()
            .map(|partition| PartitionOffset::new(&target.topic, *partition, OFFSET_NONE))
            .collect();
        let deadline = Instant::now() + timeout;
        let (mut starts, mut ends) = target.range(&handle, &entries, From::Start, deadline)?;
        for (range, (start, end)) in ranges.values().zip(starts.iter_mut().zip(&mut ends)) {
            start.offset = start.offset.max(range.start);
            *end = range.end.min(*end);
        }
        Peek::begin(target, &starts, &ends, false)
    }

    fn begin(
        target: Target,
        starts: &[PartitionOffset],
        ends: &[i64],
        follow: bool,
    ) -> Result<Peek, ToolError> {
        let handle = Arc::clone(&target.handle);
        let queue = Queue::of_consumer(&handle);
        let open = starts.iter().zip(ends);
        let open = open.filter(|(start, end)| follow || start.offset < **end);
        let (starts, ends): (Vec<_>, BTreeMap<_, _>) = open
            .map(|(start, end)| (start.clone(), (start.partition, *end)))
            .unzip();
        handle.assign(&starts)?;
        Ok(Peek {
            queue,
            ends,
            target,
            handle,
            follow,
        })
    }

    /// The next record; waits for it at most `wait`.
    ///
    /// # Errors
    /// When a partition can't be read, or Kafka is out of reach.
    pub fn next(&mut self, wait: Duration) -> Result<Next, ToolError> {
        let deadline = Instant::now() + wait;
        while self.follow || !self.ends.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(event) = self.queue.poll(left) else {
                return Ok(Next::Waiting);
            };
            let found = take(event, &self.target)?;
            match found {
                Found::Record(record) => {
                    let past_end = self.reached(record.partition, record.offset.next());
                    if self.follow || !past_end {
                        return Ok(Next::Record(record));
                    }
                }
                Found::End(partition, position) => {
                    self.reached(partition, position);
                }
                Found::Nothing => {}
            }
        }
        Ok(Next::End)
    }

    /// Notes how far a partition was read; whether it was done before.
    fn reached(&mut self, partition: i32, position: NextOffset) -> bool {
        if self.follow {
            return false;
        }
        match self.ends.get(&partition) {
            None => true,
            Some(end) => {
                if position.0 >= *end {
                    self.ends.remove(&partition);
                }
                false
            }
        }
    }
}

impl Drop for Peek {
    fn drop(&mut self) {
        // Ends the fetching at once; it fails only on a client that is of no use any more.
        drop(self.handle.assign(&[]));
    }
}

enum Found {
    Record(Peeked),
    End(i32, NextOffset),
    Nothing,
}

fn take(mut event: Event<'_>, target: &Target) -> Result<Found, ToolError> {
    match event.kind() {
        EventKind::Fetch => Ok(match event.next_message() {
            Some(message) if message.error().is_none() => Found::Record(peeked(&message)),
            _ => Found::Nothing,
        }),
        EventKind::Error => {
            let Some(error) = event.error() else {
                return Ok(Found::Nothing);
            };
            let at = event.partition();
            match (error.code, at) {
                (Rd::PartitionEOF, Some(at)) => Ok(Found::End(at.partition, NextOffset(at.offset))),
                (Rd::AllBrokersDown, _) => Err(target.error(error)),
                (_, Some(_)) => Err(target.error(error)),
                // The client mends what is about one broker; the group does not matter here.
                _ => Ok(Found::Nothing),
            }
        }
        _ => Ok(Found::Nothing),
    }
}

fn peeked(message: &Message<'_>) -> Peeked {
    let headers = message.headers().map(|header| OwnedHeader {
        name: header.name.to_vec(),
        value: header.value.map(<[u8]>::to_vec),
    });
    Peeked {
        partition: message.partition(),
        offset: Offset(message.offset()),
        timestamp: message.timestamp(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.value().map(<[u8]>::to_vec),
        headers: headers.collect(),
    }
}

impl Target {
    /// Where to begin and to end in each of `entries`.
    fn range(
        &self,
        handle: &Handle,
        entries: &[PartitionOffset],
        from: From,
        deadline: Instant,
    ) -> Result<(Vec<PartitionOffset>, Vec<i64>), ToolError> {
        let ask = |at: i64| {
            let at: Vec<_> = entries
                .iter()
                .map(|entry| PartitionOffset::new(&entry.topic, entry.partition, at))
                .collect();
            self.until(deadline, |timeout| handle.list_offsets(&at, timeout))
        };
        let by_partition = |answer: Vec<PartitionOffset>| -> BTreeMap<i32, i64> {
            answer
                .into_iter()
                .map(|entry| (entry.partition, entry.offset))
                .collect()
        };
        let low = by_partition(ask(OFFSET_BEGINNING)?);
        let end = by_partition(ask(OFFSET_END)?);
        let at_time = match from {
            From::Time(millis) => by_partition(ask(millis)?),
            _ => BTreeMap::new(),
        };
        let mut starts = Vec::new();
        let mut ends = Vec::new();
        for entry in entries {
            let (low, end) = (low[&entry.partition], end[&entry.partition]);
            let start = match from {
                From::Start => low,
                From::End => end,
                From::Offset(offset) => offset.0,
                From::Time(_) => match at_time[&entry.partition] {
                    // No record is as young as that.
                    none if none < 0 => end,
                    found => found,
                },
                From::Last(count) => end - count,
            };
            starts.push(PartitionOffset::new(
                &entry.topic,
                entry.partition,
                start.clamp(low, end.max(low)),
            ));
            ends.push(end);
        }
        Ok((starts, ends))
    }
}

/// Where a group stands in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPosition {
    /// The partition's number.
    pub partition: i32,
    /// What the group has committed.
    pub committed: Option<NextOffset>,
    /// The log's first offset.
    pub low: i64,
    /// The log's end (the last stable offset).
    pub end: i64,
}

/// Where the configured group stands in a topic. Asks only; joins nothing.
///
/// # Errors
/// [`ToolError`], in particular when Kafka is out of reach or the topic is missing.
pub fn group_positions(
    kafka: &Kafka,
    client_id: &str,
    topic: &str,
    timeout: Duration,
) -> Result<Vec<GroupPosition>, ToolError> {
    let config = crate::client::consumer_config(kafka, client_id);
    let handle = Handle::create(&config, Role::Consumer)?;
    let target = Target {
        bootstrap: kafka.bootstrap.clone(),
        topic: topic.into(),
        handle: Arc::clone(&handle),
    };
    let deadline = Instant::now() + timeout;
    let lookup = Lookup {
        handle,
        starts: BTreeMap::new(),
        timeout,
    };
    let (entries, committed, logs) = target.until(deadline, |_| {
        let entries = lookup.partitions(&target.topic)?;
        let committed = lookup.committed(&entries)?;
        let logs = lookup.logs(&entries)?;
        Ok((entries, committed, logs))
    })?;
    let found = entries.iter().zip(committed).zip(logs);
    Ok(found
        .map(|((entry, committed), (low, end))| GroupPosition {
            partition: entry.partition,
            committed,
            low,
            end,
        })
        .collect())
}
