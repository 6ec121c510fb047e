//! What clients are held to, where that may be why they don't get on.

use penstock_admin_protocol::{Cluster, Quota as Found};
use penstock_core::diagnosis::snapshot::{Answer, Hidden, Quota, Snapshot, Whose};
use penstock_core::diagnosis::{diagnose, quotas_may_matter};

use super::translate;

/// Asks for the quotas of users and clients.
pub(super) async fn look(cluster: &Cluster, snapshot: &mut Snapshot) {
    if !quotas_may_matter(&diagnose(snapshot).findings) {
        return;
    }
    let found = cluster.entry().quotas().await;
    let found = found.map(|all| all.into_iter().filter_map(translated).collect());
    snapshot.quotas = translate::answer(found);
    if matches!(snapshot.quotas, Answer::Unauthorised(_)) {
        snapshot.hidden.push(Hidden::quotas());
    }
}

/// Those of addresses only limit how often somebody connects.
fn translated(of: Found) -> Option<Quota> {
    if of.of.contains_key("ip") {
        return None;
    }
    let whose = |kind: &str| match of.of.get(kind) {
        None => Whose::Any,
        Some(None) => Whose::Default,
        Some(Some(name)) => Whose::Named(name.clone()),
    };
    Some(Quota {
        user: whose("user"),
        client: whose("client-id"),
        limits: of.limits,
    })
}
