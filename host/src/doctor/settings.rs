//! Settings of the topics that explain what is missing in their logs.

use penstock_admin_protocol::Cluster;
use penstock_core::diagnosis::snapshot::Snapshot;

use super::translate;

/// What decides how long a record stays.
const KEYS: [&str; 3] = ["cleanup.policy", "retention.bytes", "retention.ms"];

/// Asks for the settings of the topics in the latest look.
pub(super) async fn look(cluster: &Cluster, snapshot: &mut Snapshot) {
    let Some(look) = snapshot.looks.last_mut() else {
        return;
    };
    let there = look
        .topics
        .iter_mut()
        .filter(|of| of.partitions.known().is_some());
    let mut there: Vec<_> = there.collect();
    let names: Vec<String> = there.iter().map(|of| of.name.clone()).collect();
    if names.is_empty() {
        return;
    }
    // Not known is no fault of its own: a finding then has less to show.
    let Ok(mut found) = cluster.entry().topic_settings(&names, &KEYS).await else {
        return;
    };
    for topic in &mut there {
        if let Some(settings) = found.remove(&topic.name) {
            topic.settings = translate::refused(settings);
        }
    }
}
