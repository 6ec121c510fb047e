//! Whether the latest records have keys, where those are to wait by themselves.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use penstock_core::config::{Config, Kafka};
use penstock_core::diagnosis::snapshot::Answer;
use penstock_core::partition::ParkLimits;
use penstock_core::preflight::snapshot::Keys;
use penstock_kafka::ToolError;
use penstock_kafka::inspect::{From, Look, Next, Peek};

/// Of each partition.
const OFFSETS: i64 = 20;
/// Of a topic.
const RECORDS_MAX: i64 = 1000;
/// For a topic.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Each topic whose failures are tried again by key.
pub(super) async fn look(config: &Config) -> BTreeMap<String, Answer<Keys>> {
    let by_key = config.topics.iter();
    let by_key = by_key.filter(|(_, topic)| config.order(topic).park != ParkLimits::NOTHING);
    let mut found = BTreeMap::new();
    for (name, _) in by_key {
        let (kafka, topic) = (config.kafka.clone(), name.clone());
        // Batches may be compressed: the client reads them, and waits where it does.
        let looked = tokio::task::spawn_blocking(move || latest(&kafka, &topic)).await;
        let answer = match looked {
            Ok(Ok(keys)) => Answer::Known(keys),
            // That is said of the topic itself.
            Ok(Err(ToolError::TopicMissing { .. })) => continue,
            Ok(Err(error)) => Answer::Failed(error.to_string()),
            Err(error) => Answer::Failed(error.to_string()),
        };
        found.insert(name.clone(), answer);
    }
    found
}

fn latest(kafka: &Kafka, topic: &str) -> Result<Keys, ToolError> {
    let look = Look {
        topic: topic.to_owned(),
        partition: None,
        from: From::Last(OFFSETS),
        follow: false,
        timeout: TIME_MAX,
    };
    let deadline = Instant::now() + TIME_MAX;
    let mut peek = Peek::open(kafka, "penstock-check", &look)?;
    let mut keys = Keys::default();
    while keys.looked < RECORDS_MAX {
        let left = deadline.saturating_duration_since(Instant::now());
        let Next::Record(record) = peek.next(left)? else {
            break;
        };
        keys.looked += 1;
        if record.key.is_none() {
            keys.without += 1;
            let place = (record.partition, record.offset.0);
            keys.example.get_or_insert(place);
        }
    }
    Ok(keys)
}
