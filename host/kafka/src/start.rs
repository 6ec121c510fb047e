//! Before the first subscription: waits for Kafka, and commits where each new topic starts while
//! the group is still empty, so that the group never shows `-`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use penstock_core::codes::Code;
use penstock_core::record::NextOffset;
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::commit::Committer;
use crate::intake::Stay;
use crate::latch::{self, Latch};
use crate::lookup::{Lookup, Placed};
use crate::native::{Error, EventKind, PartitionOffset, Queue};
use crate::position::Why;
use crate::stop::Stop;

/// The first wait after a failure, doubled with each until [`BACKOFF_MAX`].
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(1);
/// How long the commit of the start positions may take before everything is looked at anew.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Commits what is missing. Returns whether it came to that: `false` when asked to stop.
///
/// A topic that does not exist or is not permitted is reported and left to its owner: the others
/// need not wait for it.
pub fn prepare<S: Stay>(
    lookup: &Lookup,
    committer: &mut Committer<S>,
    latch: &dyn Latch,
    stop: &Stop,
    events: &Queue,
) -> bool {
    let mut backoff = BACKOFF_MIN;
    while stop.deadline().is_none() {
        match attempt(lookup, committer, latch) {
            Ok(()) => {
                latch::reachable(latch);
                return true;
            }
            Err(error) => {
                let what = "waiting for Kafka before the group is joined";
                let who = lookup.handle.who();
                match latch::condition(error.code) {
                    // The commit of start positions says of none which one it is.
                    Some(code) if is_about_the_topic(error.code) => {
                        let topics: Vec<&str> = lookup.starts.keys().map(|name| &**name).collect();
                        let text = who.explain(&error, &topics.join(", "));
                        latch::raise(latch, code, latch::CLUSTER, &format!("{what}: {text}"));
                    }
                    _ => latch::raise_error(latch, who, latch::CLUSTER, &error, what),
                }
                refusals(lookup, latch, events, what);
            }
        }
        if stop.wait(backoff) {
            break;
        }
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
    false
}

/// A request that waits for a coordinator which refuses only times out: why, an event tells.
fn refusals(lookup: &Lookup, latch: &dyn Latch, events: &Queue, what: &str) {
    while let Some(event) = events.poll(Duration::ZERO) {
        let error = event.error().filter(|_| event.kind() == EventKind::Error);
        let refusal = error.filter(|of| latch::condition(of.code) == Some(Code::KafkaRefused));
        if let Some(error) = refusal {
            latch::raise_error(latch, lookup.handle.who(), latch::CLUSTER, &error, what);
        }
    }
}

fn attempt<S: Stay>(
    lookup: &Lookup,
    committer: &mut Committer<S>,
    latch: &dyn Latch,
) -> Result<(), Error> {
    let mut partitions = Vec::new();
    for topic in lookup.starts.keys() {
        match lookup.partitions(topic) {
            Ok(found) => {
                latch::clear(latch, Code::TopicMissing, topic);
                latch::clear(latch, Code::KafkaRefused, topic);
                partitions.extend(found);
            }
            Err(error) if is_about_the_topic(error.code) => {
                let what = "nothing is consumed from this topic until it is there and permitted";
                latch::raise_error(latch, lookup.handle.who(), topic, &error, what);
            }
            Err(error) => return Err(error),
        }
    }
    let committed = lookup.committed(&partitions)?;
    let missing = missing_of(&partitions, &committed);
    if missing.is_empty() {
        return Ok(());
    }
    let commits = topics_with_commits(&partitions, &committed);
    let placed = lookup.place(&missing, &vec![None; missing.len()], &|topic| {
        commits.contains(topic)
    })?;
    let entries: Vec<_> = placed.iter().map(Placed::entry).collect();
    match committer.commit_positions(&entries, Instant::now() + COMMIT_TIMEOUT) {
        Ok(()) => {
            report(latch, &placed);
            Ok(())
        }
        // Another member is there already: whoever is assigned a partition commits its start.
        Err(error) if is_not_empty(error.code) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Says where partitions without a usable commit start: a line for each topic and reason.
pub fn report(latch: &dyn Latch, placed: &[Placed]) {
    let mut groups: BTreeMap<(&str, u8), Vec<&Placed>> = BTreeMap::new();
    for one in placed {
        let reason = match one.position.why {
            Why::Committed => continue,
            Why::Start => 0,
            Why::CommitMissing => 1,
            Why::BelowLog { .. } => 2,
            Why::Refused { .. } => 3,
        };
        groups.entry((&one.topic, reason)).or_default().push(one);
    }
    for ((topic, _), group) in groups {
        report_group(latch, topic, &group);
    }
}

/// How many partitions a line names before it sums up.
const NAMED_MAX: usize = 16;

fn report_group(latch: &dyn Latch, topic: &str, group: &[&Placed]) {
    let place = |one: &&Placed| {
        let Placed {
            partition,
            seen,
            position,
            ..
        } = one;
        match position.skipped(seen) {
            Some((low, from)) => format!("[{partition}] skips [{low}, {from})"),
            None => format!(
                "[{partition}] from {} in [{}, {})",
                position.from, seen.low, seen.end
            ),
        }
    };
    let mut places: Vec<_> = group.iter().take(NAMED_MAX).map(place).collect();
    if group.len() > NAMED_MAX {
        places.push(format!("and {} more", group.len() - NAMED_MAX));
    }
    let places = places.join(", ");
    match group[0].position.why {
        Why::Start => {
            let skipped: i64 = group
                .iter()
                .filter_map(|one| one.position.skipped(&one.seen))
                .map(|(low, from)| from - low)
                .sum();
            tracing::info!(
                topic,
                partitions = group.len(),
                skipped_offsets = skipped,
                "the group has no commits of {topic}: it begins at the configured start: {places}"
            );
        }
        Why::CommitMissing => {
            let text = format!(
                "partitions without a commit while others have one, so new or expired; read from \
                 the earliest record: {places}"
            );
            latch::raise(latch, Code::CommitMissing, topic, &text);
        }
        Why::Committed | Why::BelowLog { .. } | Why::Refused { .. } => {
            let why = group[0].position.why;
            let text = format!("the committed offset lies outside the log, {why}: {places}");
            latch::raise(latch, Code::OffsetOutOfRange, topic, &text);
        }
    }
}

/// Those without a commit.
pub fn missing_of(
    partitions: &[PartitionOffset],
    committed: &[Option<NextOffset>],
) -> Vec<PartitionOffset> {
    let pairs = partitions.iter().zip(committed);
    let missing = pairs.filter(|(_, committed)| committed.is_none());
    missing.map(|(entry, _)| entry.clone()).collect()
}

/// The topics of which the group has any commit.
pub fn topics_with_commits(
    partitions: &[PartitionOffset],
    committed: &[Option<NextOffset>],
) -> BTreeSet<Arc<str>> {
    let pairs = partitions.iter().zip(committed);
    let present = pairs.filter(|(_, committed)| committed.is_some());
    present.map(|(entry, _)| Arc::clone(&entry.topic)).collect()
}

fn is_about_the_topic(code: Rd) -> bool {
    matches!(
        code,
        Rd::UnknownTopicOrPartition
            | Rd::UnknownTopic
            | Rd::InvalidTopic
            | Rd::TopicAuthorizationFailed
    )
}

/// What a coordinator answers to a commit from outside while a group has members.
fn is_not_empty(code: Rd) -> bool {
    matches!(
        code,
        Rd::UnknownMemberId
            | Rd::IllegalGeneration
            | Rd::RebalanceInProgress
            | Rd::StaleMemberEpoch
            | Rd::FencedMemberEpoch
            | Rd::FencedInstanceId
            | Rd::NonEmptyGroup
    )
}
