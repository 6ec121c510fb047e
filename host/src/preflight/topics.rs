//! The topics of a configuration: partitions, replicas, settings, permissions.

use std::collections::BTreeMap;

use penstock_admin_protocol::{Cluster, Error, Refusal, Replicas as Found};
use penstock_core::diagnosis::snapshot::Answer;
use penstock_core::preflight::snapshot::{Operations, Replicas, Topic};

use crate::doctor::translate::{answer, refused};

/// What the rules ask for.
const SETTINGS: [&str; 8] = [
    "cleanup.policy",
    "max.message.bytes",
    "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms",
    "message.timestamp.type",
    "min.insync.replicas",
    "retention.bytes",
    "retention.ms",
];

/// Every one of these topics, there or not.
pub(super) async fn look(cluster: &Cluster, names: &[String]) -> BTreeMap<String, Topic> {
    let found = match cluster.entry().replicas(names).await {
        Ok(found) => found,
        Err(error) => return unknown(names, &error),
    };
    let mut topics: BTreeMap<String, Topic> = BTreeMap::new();
    for of in found {
        let topic = Topic {
            partitions: partitions(of.partitions),
            settings: Answer::Unasked,
            operations: of.operations.map(Operations),
        };
        topics.insert(of.name, topic);
    }
    settings(cluster, &mut topics).await;
    topics
}

fn unknown(names: &[String], error: &Error) -> BTreeMap<String, Topic> {
    let topic = || Topic {
        partitions: answer(Err(error.clone())),
        ..Topic::default()
    };
    names.iter().map(|name| (name.clone(), topic())).collect()
}

fn partitions(of: Result<Vec<Found>, Refusal>) -> Answer<Vec<Replicas>> {
    let replicas = |of: Found| Replicas {
        partition: of.partition,
        has_leader: of.leader.is_some(),
        all: of.all,
        in_sync: of.in_sync,
    };
    refused(of.map(|all| all.into_iter().map(replicas).collect()))
}

async fn settings(cluster: &Cluster, topics: &mut BTreeMap<String, Topic>) {
    let there = topics
        .iter()
        .filter(|(_, of)| of.partitions.known().is_some());
    let there: Vec<String> = there.map(|(name, _)| name.clone()).collect();
    if there.is_empty() {
        return;
    }
    match cluster.entry().topic_settings(&there, &SETTINGS).await {
        Ok(found) => {
            for (name, settings) in found {
                if let Some(topic) = topics.get_mut(&name) {
                    topic.settings = refused(settings);
                }
            }
        }
        Err(error) => {
            for name in &there {
                if let Some(topic) = topics.get_mut(name) {
                    topic.settings = answer(Err(error.clone()));
                }
            }
        }
    }
}
