//! What became of the output topics, once all commits were seen.

use std::collections::BTreeMap;

use penstock_admin_protocol::Cluster;
use penstock_core::diagnosis::snapshot::{Answer, Output, Snapshot, Topic};

use super::look::{Asked, logs};
use super::translate;

/// Looks at the topics of these names.
pub(super) async fn look(cluster: &Cluster, names: &[String], snapshot: &mut Snapshot) {
    for topic in logs(cluster, names, &mut Asked::new()).await {
        let last_ms = latest(cluster, &topic).await;
        snapshot.outputs.push(Output { topic, last_ms });
    }
}

/// The latest time in any of its partitions; not known unless it is of all.
async fn latest(cluster: &Cluster, topic: &Topic) -> Answer<Option<i64>> {
    let mut led: BTreeMap<i32, Vec<(String, i32)>> = BTreeMap::new();
    for of in topic.partitions.known().into_iter().flatten() {
        if let Some(leader) = of.leader {
            let partition = (topic.name.clone(), of.number);
            led.entry(leader).or_default().push(partition);
        }
    }
    let mut latest = None;
    for (leader, partitions) in led {
        let Some(broker) = cluster.broker(leader) else {
            return Answer::Failed("the cluster does not list its leader".to_owned());
        };
        let times = match broker.latest_times(&partitions).await {
            Ok(times) => times,
            Err(error) => return translate::answer(Err(error)),
        };
        for time in times.into_values() {
            match time {
                Ok(time) => latest = latest.max(time),
                Err(refusal) => return translate::refused(Err(refusal)),
            }
        }
    }
    Answer::Known(latest)
}
