//! The dead letters of a topic, read from Kafka, and what of them was redriven.

use std::collections::BTreeMap;

use penstock_core::dead_letter::{Filter, Letter, Progress, redriver};
use penstock_kafka::inspect::{From, Look, Next, Peek, Peeked};
use penstock_kafka::redrive::committed;

use super::{Exit, Failure};
use crate::commands::kafka;
use crate::commands::peek::silent;
use crate::commands::tools::{Cluster, ClusterArgs, load};

pub(super) const CLIENT_ID: &str = "penstock-dlq";

/// The topic that is named, or all dead-letter topics of the configuration.
///
/// # Errors
/// There are none, or no configuration has them.
pub(super) fn topics(named: Option<&str>, of: &ClusterArgs) -> Result<Vec<String>, Failure> {
    if let Some(topic) = named {
        return Ok(vec![topic.to_owned()]);
    }
    if of.files().is_empty() {
        return Err(Failure::new(Exit::Usage, "no dead-letter topic is named")
            .hint("name it, or give a configuration that does: -c FILE"));
    }
    let config = load(of.files())?;
    let mut topics: Vec<_> = config
        .topics
        .into_values()
        .filter_map(|topic| topic.dead_letter)
        .collect();
    topics.sort_unstable();
    topics.dedup();
    if topics.is_empty() {
        let what = "the configuration has no dead-letter topic";
        return Err(Failure::new(Exit::Problem, what).hint(
            "`dead-letter` of a topic names one; without it, a failure halts its partition",
        ));
    }
    Ok(topics)
}

/// Gives each record that a topic has now to `take`, from the time on that `filter` begins with.
///
/// # Errors
/// Of Kafka, or of `take`.
pub(super) fn look(
    topic: &str,
    cluster: &Cluster,
    filter: &Filter,
    take: &mut dyn FnMut(Peeked, Letter) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let look = Look {
        topic: topic.to_owned(),
        partition: None,
        from: filter.since_ms.map_or(From::Start, From::Time),
        follow: false,
        timeout: kafka::TIMEOUT,
    };
    let reader = Peek::open(&cluster.kafka, CLIENT_ID, &look);
    let mut reader = reader.map_err(|error| kafka::failure(error, topic, cluster))?;
    each(&mut reader, topic, cluster, take)
}

/// Gives each record that `reader` has to `take`, with what its headers say; these are no longer
/// in it.
///
/// # Errors
/// Of Kafka, or of `take`.
pub(super) fn each(
    reader: &mut Peek,
    topic: &str,
    cluster: &Cluster,
    take: &mut dyn FnMut(Peeked, Letter) -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        let next = reader.next(kafka::TIMEOUT);
        match next.map_err(|error| kafka::failure(error, topic, cluster))? {
            Next::Record(mut record) => {
                let letter = Letter::read(std::mem::take(&mut record.headers));
                take(record, letter)?;
            }
            Next::Waiting => return Err(silent(topic)),
            Next::End => return Ok(()),
        }
    }
}

/// What was redriven, by partition; a partition without a commit is left out.
///
/// # Errors
/// Of Kafka; or something else has committed for that group.
pub(super) fn progress(topic: &str, cluster: &Cluster) -> Result<BTreeMap<i32, Progress>, Failure> {
    let group = redriver(topic);
    let found = committed(&cluster.kafka, CLIENT_ID, &group, topic, kafka::TIMEOUT);
    let found = found.map_err(|error| kafka::failure(error, topic, cluster))?;
    let read = |next: i64, metadata: &str, partition: i32| {
        Progress::read(next, metadata).map_err(|_| {
            let what = format!(
                "what of {topic}[{partition}] was redriven can't be read: the group {group} has \
                 committed {metadata:?}"
            );
            Failure::new(Exit::Problem, what)
                .cost("nothing was changed")
                .hint("a newer penstock may have written it; `penstock groups delete` forgets it")
        })
    };
    found
        .iter()
        .filter_map(|of| Some((of, of.next?)))
        .map(|(of, next)| Ok((of.partition, read(next, &of.metadata, of.partition)?)))
        .collect()
}

/// Whether a dead letter was redriven.
pub(super) fn is_redriven(progress: &BTreeMap<i32, Progress>, record: &Peeked) -> bool {
    let of = progress.get(&record.partition);
    of.is_some_and(|of| of.is_done(record.offset.0))
}
