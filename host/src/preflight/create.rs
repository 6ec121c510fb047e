//! Creates topics of a configuration that aren't there. What is there is never changed.

use std::collections::BTreeMap;
use std::time::Duration;

use penstock_admin_protocol::change::{self, NewTopic};
use penstock_admin_protocol::{Cluster, Error, Place, Refusal, TopicReplicas};
use penstock_core::config::Config;
use penstock_core::diagnosis::snapshot::Answer;
use penstock_core::preflight::snapshot::Seen;
use penstock_core::preflight::{TopicUse, uses};

const LEADER_PAUSE: Duration = Duration::from_millis(100);
const LEADER_TRIES: u32 = 50;

/// What somebody asked for; `None`: see [`plan`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Partitions of each topic.
    pub partitions: Option<i32>,
    /// Replicas of each partition.
    pub replication_factor: Option<i16>,
}

/// The topics that are missing, as they would be created: by default with as many partitions as
/// the largest topic whose records come there, else as many as the brokers' default says.
pub fn plan(config: &Config, seen: &Seen, wanted: Wanted) -> Vec<NewTopic> {
    let partitions_of = |name: &str| {
        let topic = seen.topics.get(name)?;
        i32::try_from(topic.partitions.known()?.len()).ok()
    };
    let mut new = Vec::new();
    for (name, uses) in uses(config) {
        let topic = seen.topics.get(name).map(|of| &of.partitions);
        if !matches!(topic, Some(Answer::Missing(_))) {
            continue;
        }
        let sources = uses.iter().flat_map(|of| match of {
            TopicUse::Input => Vec::new(),
            TopicUse::Output { inputs, .. } => inputs.clone(),
            TopicUse::DeadLetter { input } => vec![*input],
        });
        let partitions = wanted
            .partitions
            .or_else(|| sources.filter_map(partitions_of).max());
        new.push(NewTopic {
            name: name.to_owned(),
            partitions,
            replication_factor: wanted.replication_factor,
        });
    }
    new
}

/// Creates them, each or not; says of each what came of it.
///
/// # Errors
/// No broker answers: what was created is then not known.
pub async fn create(
    cluster: &Cluster,
    topics: &[NewTopic],
) -> Result<BTreeMap<String, Result<(), Refusal>>, Error> {
    let controller = cluster.metadata().controller;
    let controller = controller.and_then(|id| cluster.broker(id));
    let came = change::create_topics(controller.unwrap_or(cluster.entry()), topics).await?;
    let created = came.iter().filter(|(_, answer)| answer.is_ok());
    let created: Vec<String> = created.map(|(name, _)| name.clone()).collect();
    await_leaders(cluster, &created).await;
    Ok(came)
}

/// Brokers hear of a new topic a moment after the controller has made it: who leads it at first,
/// and the leader itself at last that it does.
async fn await_leaders(cluster: &Cluster, topics: &[String]) {
    for _ in 0..LEADER_TRIES {
        let seen = cluster.entry().replicas(topics).await;
        if let Some(led) = seen.ok().and_then(|seen| all_led(&seen))
            && all_open(cluster, &led).await
        {
            return;
        }
        tokio::time::sleep(LEADER_PAUSE).await;
    }
}

/// The partitions by the broker that leads them; `None` while one has no leader.
fn all_led(topics: &[TopicReplicas]) -> Option<BTreeMap<i32, Vec<(String, i32)>>> {
    let mut led: BTreeMap<i32, Vec<(String, i32)>> = BTreeMap::new();
    for topic in topics {
        for of in topic.partitions.as_ref().ok()? {
            let partition = (topic.name.clone(), of.partition);
            led.entry(of.leader?).or_default().push(partition);
        }
    }
    Some(led)
}

/// Whether each leader tells where its logs end.
async fn all_open(cluster: &Cluster, led: &BTreeMap<i32, Vec<(String, i32)>>) -> bool {
    for (leader, partitions) in led {
        // One that wasn't listed is not asked later either.
        let Some(broker) = cluster.broker(*leader) else {
            continue;
        };
        let ends = broker.offsets(Place::End, partitions).await;
        if !ends.is_ok_and(|ends| ends.values().all(Result::is_ok)) {
            return false;
        }
    }
    true
}
