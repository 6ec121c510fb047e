//! What names there are, where one is missing.

use penstock_admin_protocol::{Cluster, Error, Wanted};
use penstock_core::diagnosis::snapshot::{Answer, ListedGroup, Snapshot};

use super::translate;

/// Lists the cluster's groups if the group isn't there, its topics if one isn't.
pub(super) async fn names(cluster: &Cluster, snapshot: &mut Snapshot) {
    let Some(look) = snapshot.looks.last() else {
        return;
    };
    let no_group = matches!(look.group, Answer::Missing(_));
    let mut topics = look.topics.iter().chain(&look.outputs);
    let no_topic = topics.any(|of| matches!(of.partitions, Answer::Missing(_)));
    if no_group {
        snapshot.groups = groups(cluster).await;
    }
    if no_topic {
        let metadata = cluster.entry().metadata(Wanted::All).await;
        let names = |of: penstock_admin_protocol::Metadata| {
            of.topics.into_iter().map(|topic| topic.name).collect()
        };
        snapshot.topic_names = translate::answer(metadata.map(names));
    }
}

/// Each broker knows those that it coordinates.
async fn groups(cluster: &Cluster) -> Answer<Vec<ListedGroup>> {
    let mut groups: Vec<ListedGroup> = Vec::new();
    let mut failed: Option<Error> = None;
    for (_, broker) in cluster.brokers() {
        match broker.groups().await {
            Ok(listed) => groups.extend(listed.into_iter().map(translate::listed)),
            Err(error) => failed = Some(error),
        }
    }
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    match failed {
        Some(error) if groups.is_empty() => translate::answer(Err(error)),
        _ => Answer::Known(groups),
    }
}
