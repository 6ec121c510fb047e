//! When a group committed, and since when it has been as it is: read from the end of what the
//! brokers write of groups, if that is permitted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use penstock_admin_protocol::{Cluster, Wanted};
use penstock_core::config::Kafka;
use penstock_core::offsets::journal::{Entry, TOPIC, entry, partition_of};
use penstock_kafka::{From, Look, Next, Peek};

/// So many records from the end: commits of all the groups that share the partition.
const RECORDS_MAX: i64 = 50_000;
/// So long at most; what was not seen by then is not known.
const TIME_MAX: Duration = Duration::from_secs(2);

/// What is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    commits: BTreeMap<(String, i32), (i64, i64)>,
    /// Since when a group of the classic protocol has been as it is, in milliseconds since 1970.
    pub since_ms: Option<i64>,
}

impl Journal {
    /// Reads. What can't be read is not known, and is no failure.
    pub async fn of(cluster: &Cluster, kafka: &Kafka, group: &str) -> Journal {
        let names = [TOPIC.to_owned()];
        let Ok(metadata) = cluster.entry().metadata(Wanted::Topics(&names)).await else {
            return Journal::default();
        };
        let found = metadata.topics.first().map(|of| &of.partitions);
        let Some(Ok(partitions)) = found else {
            return Journal::default();
        };
        let count = i32::try_from(partitions.len()).unwrap_or(0);
        let mut journal = Journal::default();
        // A client that can't go on has told enough, or nothing.
        journal
            .read(kafka, group, partition_of(group, count))
            .unwrap_or_default();
        journal
    }

    fn read(
        &mut self,
        kafka: &Kafka,
        group: &str,
        partition: i32,
    ) -> Result<(), penstock_kafka::ToolError> {
        let look = Look {
            topic: TOPIC.to_owned(),
            partition: Some(partition),
            from: From::Last(RECORDS_MAX),
            follow: false,
            timeout: TIME_MAX,
        };
        let until = Instant::now() + TIME_MAX;
        let mut peek = Peek::open(kafka, "penstock-offsets", &look)?;
        while let Next::Record(record) =
            peek.next(until.saturating_duration_since(Instant::now()))?
        {
            let key = record.key.unwrap_or_default();
            if let Some(entry) = entry(&key, record.value.as_deref()) {
                self.note(group, entry);
            }
        }
        Ok(())
    }

    fn note(&mut self, group: &str, entry: Entry) {
        match entry {
            Entry::Commit {
                group: of,
                topic,
                partition,
                offset,
            } if of == group => {
                match offset {
                    Some(at) => self.commits.insert((topic, partition), at),
                    None => self.commits.remove(&(topic, partition)),
                };
            }
            Entry::State {
                group: of,
                since_ms,
            } if of == group => self.since_ms = since_ms,
            Entry::Commit { .. } | Entry::State { .. } => {}
        }
    }

    /// When this offset was committed, in milliseconds since 1970.
    pub fn committed_at_ms(&self, topic: &str, partition: i32, offset: i64) -> Option<i64> {
        let (at, time_ms) = self.commits.get(&(topic.to_owned(), partition))?;
        (*at == offset).then_some(*time_ms)
    }
}
