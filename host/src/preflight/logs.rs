//! What lies in the logs of the input topics, where a host would begin.

use std::collections::BTreeMap;
use std::sync::Arc;

use penstock_admin_protocol::{Broker, Cluster, Place};
use penstock_core::config::{Config, Start};
use penstock_core::diagnosis::snapshot::{Ahead, Look};
use penstock_core::preflight::Position;
use tokio::task::JoinSet;

use crate::doctor::ahead::batch_at;

/// Each is a request or more.
const SAMPLES_MAX: usize = 200;

/// Of topics that start at a time: the first offset that is not older, where there is one.
pub(super) async fn starts(
    cluster: &Cluster,
    config: &Config,
    look: &Look,
) -> BTreeMap<(String, i32), i64> {
    let mut found = BTreeMap::new();
    for (name, topic) in &config.topics {
        let Start::Time(ms) = topic.start else {
            continue;
        };
        for (broker, partitions) in led(cluster, look, |it| it == name) {
            // Of a broker that doesn't answer, the log is not known either.
            let Ok(answer) = broker.offsets(Place::At(ms), &partitions).await else {
                continue;
            };
            for (key, offset) in answer {
                if let Ok(offset) = offset
                    && offset >= 0
                {
                    found.insert(key, offset);
                }
            }
        }
    }
    found
}

/// The latest time that a record of each topic carries; nothing of a topic without records.
pub(super) async fn latest(cluster: &Cluster, look: &Look) -> BTreeMap<String, i64> {
    let mut latest = BTreeMap::new();
    for (broker, partitions) in led(cluster, look, |_| true) {
        // It only serves one rule, which then has less to say.
        let Ok(answer) = broker.latest_times(&partitions).await else {
            continue;
        };
        for ((topic, _), time) in answer {
            if let Ok(Some(ms)) = time {
                let of = latest.entry(topic).or_insert(ms);
                *of = ms.max(*of);
            }
        }
    }
    latest
}

/// The batch at each position that has records ahead; of very many positions, of the first.
pub(super) async fn ahead(cluster: &Cluster, positions: &[Position]) -> Vec<Ahead> {
    let mut asking = JoinSet::new();
    let waiting = positions.iter().filter(|of| of.ahead() > 0);
    for of in waiting.take(SAMPLES_MAX) {
        let Some(broker) = of.leader.and_then(|id| cluster.broker(id)) else {
            continue;
        };
        let (broker, of) = (Arc::clone(broker), of.clone());
        asking.spawn(async move {
            let until = of.log.last_stable;
            let batch = batch_at(&broker, &of.topic, of.partition, of.from, until).await;
            Ahead {
                topic: of.topic,
                partition: of.partition,
                from: of.from,
                batch,
            }
        });
    }
    let mut ahead = Vec::new();
    while let Some(answer) = asking.join_next().await {
        ahead.extend(answer);
    }
    ahead
}

type Led = (Arc<Broker>, Vec<(String, i32)>);

/// The partitions of these topics, by the broker that leads them.
fn led(cluster: &Cluster, look: &Look, is: impl Fn(&str) -> bool) -> Vec<Led> {
    let mut led: BTreeMap<i32, Vec<(String, i32)>> = BTreeMap::new();
    for topic in look.topics.iter().filter(|of| is(&of.name)) {
        for of in topic.partitions.known().into_iter().flatten() {
            if let Some(leader) = of.leader {
                let key = (topic.name.clone(), of.number);
                led.entry(leader).or_default().push(key);
            }
        }
    }
    let known = led.into_iter();
    known
        .filter_map(|(id, partitions)| Some((Arc::clone(cluster.broker(id)?), partitions)))
        .collect()
}
