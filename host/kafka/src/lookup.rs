//! Asks Kafka what [`crate::position`] decides by: commits, log ends, start offsets.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use penstock_core::config::Start;
use penstock_core::record::NextOffset;
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::native::{Error, Handle, OFFSET_BEGINNING, OFFSET_END, OFFSET_NONE, PartitionOffset};
use crate::position::{self, Position, Seen};

/// A partition, and where it starts.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
    /// What is known of it.
    pub seen: Seen,
    /// Where it starts.
    pub position: Position,
    /// What is finished beyond that, as a commit's metadata says it.
    pub metadata: String,
}

/// A commit of the group's, or that there is none.
pub struct Commit {
    offset: i64,
    /// What was committed with it.
    pub metadata: String,
}

impl Commit {
    /// The position; `None` if nothing is committed.
    pub fn at(&self) -> Option<NextOffset> {
        (self.offset >= 0).then_some(NextOffset(self.offset))
    }
}

impl Placed {
    /// As the client takes it.
    pub fn entry(&self) -> PartitionOffset {
        PartitionOffset {
            metadata: self.metadata.clone(),
            ..PartitionOffset::new(&self.topic, self.partition, self.position.from.0)
        }
    }
}

/// The cluster as one consumer sees it.
pub struct Lookup {
    /// The consumer.
    pub handle: Arc<Handle>,
    /// The input topics, and where a group without commits begins.
    pub starts: BTreeMap<Arc<str>, Start>,
    /// How long one question may take.
    pub timeout: Duration,
}

impl Lookup {
    /// All partitions of a topic, offsets not filled in.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition` when there is no such topic; otherwise ask again.
    pub fn partitions(&self, topic: &Arc<str>) -> Result<Vec<PartitionOffset>, Error> {
        let count = self.handle.partition_count(topic, self.timeout)?;
        Ok((0..count)
            .map(|partition| PartitionOffset::new(topic, partition, OFFSET_NONE))
            .collect())
    }

    /// What the group has committed.
    ///
    /// # Errors
    /// Of the request or of any partition: an error is never "nothing is committed".
    pub fn committed(
        &self,
        partitions: &[PartitionOffset],
    ) -> Result<Vec<Option<NextOffset>>, Error> {
        let commits = self.commits(partitions)?;
        Ok(commits.iter().map(Commit::at).collect())
    }

    /// The same, with what was committed with the offsets.
    ///
    /// # Errors
    /// As [`Lookup::committed`].
    pub fn commits(&self, partitions: &[PartitionOffset]) -> Result<Vec<Commit>, Error> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let asked = self.handle.committed(partitions, self.timeout);
        let asked = asked.map_err(not_told)?;
        let metadata = asked.iter().map(|entry| {
            let key = (Arc::clone(&entry.topic), entry.partition);
            (key, entry.metadata.clone())
        });
        let mut metadata: HashMap<_, _> = metadata.collect();
        let offsets = in_order(partitions, &answers(asked)?, |offset| offset)?;
        let commits = partitions.iter().zip(offsets).map(|(entry, offset)| {
            let key = (Arc::clone(&entry.topic), entry.partition);
            Commit {
                offset,
                metadata: metadata.remove(&key).unwrap_or_default(),
            }
        });
        Ok(commits.collect())
    }

    /// Where the log of each partition begins and ends.
    ///
    /// # Errors
    /// Of the request or of any partition.
    pub fn logs(&self, partitions: &[PartitionOffset]) -> Result<Vec<(i64, i64)>, Error> {
        let low = self.offsets_at(partitions, OFFSET_BEGINNING)?;
        let end = self.offsets_at(partitions, OFFSET_END)?;
        Ok(low.into_iter().zip(end).collect())
    }

    /// Where each partition starts; `commits` says of a topic whether the group has any there.
    ///
    /// # Errors
    /// Whatever kept Kafka from answering; nothing is ever guessed.
    pub fn place(
        &self,
        partitions: &[PartitionOffset],
        committed: &[Option<NextOffset>],
        commits: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Placed>, Error> {
        let logs = self.logs(partitions)?;
        let timed: Vec<_> = partitions
            .iter()
            .zip(committed)
            .filter(|(entry, committed)| committed.is_none() && !commits(&entry.topic))
            .filter_map(|(entry, _)| {
                let millis = self.start_time(&entry.topic)?;
                Some(PartitionOffset::new(&entry.topic, entry.partition, millis))
            })
            .collect();
        let at_time = self.offsets(&timed)?;
        let placed = partitions.iter().zip(committed).zip(logs);
        Ok(placed
            .map(|((entry, committed), (low, end))| {
                let seen = Seen {
                    committed: *committed,
                    low,
                    end,
                };
                let start = match self.starts.get(&entry.topic) {
                    Some(Start::Latest) => end,
                    Some(Start::Time(_)) => {
                        let found = at_time.get(&(Arc::clone(&entry.topic), entry.partition));
                        // A negative answer says that no record is as young as asked.
                        found.copied().filter(|offset| *offset >= 0).unwrap_or(end)
                    }
                    Some(Start::Earliest) | None => low,
                };
                Placed {
                    topic: Arc::clone(&entry.topic),
                    partition: entry.partition,
                    seen,
                    position: position::decide(&seen, commits(&entry.topic), start),
                    metadata: String::new(),
                }
            })
            .collect())
    }

    fn start_time(&self, topic: &str) -> Option<i64> {
        match self.starts.get(topic) {
            Some(Start::Time(millis)) => Some(*millis),
            _ => None,
        }
    }

    fn offsets_at(&self, partitions: &[PartitionOffset], at: i64) -> Result<Vec<i64>, Error> {
        let questions: Vec<_> = partitions
            .iter()
            .map(|entry| PartitionOffset::new(&entry.topic, entry.partition, at))
            .collect();
        in_order(partitions, &self.offsets(&questions)?, |offset| offset)
    }

    fn offsets(&self, questions: &[PartitionOffset]) -> Result<Answers, Error> {
        if questions.is_empty() {
            return Ok(Answers::new());
        }
        answers(self.handle.list_offsets(questions, self.timeout)?)
    }
}

/// The client asks again in silence while a transaction that commits offsets is open.
fn not_told(error: Error) -> Error {
    if error.code != Rd::OperationTimedOut {
        return error;
    }
    Error {
        text: "the group's offsets are not told: its coordinator does not answer, or a \
               transaction that commits them has not ended (PSK-D015)"
            .to_owned(),
        ..error
    }
}

type Answers = HashMap<(Arc<str>, i32), i64>;

fn answers(entries: Vec<PartitionOffset>) -> Result<Answers, Error> {
    let answer = |entry: PartitionOffset| match entry.error {
        Some(code) => Err(Error {
            code,
            text: format!("{}[{}]: {code}", entry.topic, entry.partition),
            fatal: false,
        }),
        None => Ok(((entry.topic, entry.partition), entry.offset)),
    };
    entries.into_iter().map(answer).collect()
}

fn in_order<T>(
    partitions: &[PartitionOffset],
    answers: &Answers,
    convert: impl Fn(i64) -> T,
) -> Result<Vec<T>, Error> {
    let answer = |entry: &PartitionOffset| {
        let found = answers.get(&(Arc::clone(&entry.topic), entry.partition));
        found.map(|offset| convert(*offset)).ok_or(Error {
            code: Rd::NoEnt,
            text: format!("no answer for {}[{}]", entry.topic, entry.partition),
            fatal: false,
        })
    };
    partitions.iter().map(answer).collect()
}
