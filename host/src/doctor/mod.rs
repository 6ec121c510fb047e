//! Fills a snapshot of a group by asking the brokers; reads only, joins nothing, commits nothing.

mod ahead;
mod look;
mod missing;
mod settings;
mod transactions;
mod translate;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use penstock_admin_protocol::{Cluster, Error};
use penstock_core::diagnosis::snapshot::{FORMAT, Snapshot};
use penstock_core::diagnosis::watch_ms;

/// How long a broker may take for one answer, the connection included.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// Between two looks, once the first span of watching is over.
const PAUSE: Duration = Duration::from_secs(1);

/// What is to be looked at.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Brokers, `host:port,…`.
    pub bootstrap: String,
    /// The group.
    pub group: String,
    /// Topics; none: all that the group has to do with.
    pub topics: Vec<String>,
    /// For how long, at least, where movement matters; zero: one look.
    pub watch_for: Duration,
}

/// Looks at the group, and again where only that can tell a fault from a pause. `watching` is told
/// when it begins to wait, and how long that may take.
///
/// # Errors
/// No broker answers: what came of each address.
pub async fn examine(ask: &Ask, watching: impl Fn(Duration)) -> Result<Snapshot, Vec<Error>> {
    let cluster = Cluster::find(&ask.bootstrap, ANSWER_TIME_MAX).await?;
    let mut snapshot = Snapshot {
        format: FORMAT,
        made_by: format!("penstock {}", env!("CARGO_PKG_VERSION")),
        bootstrap: ask.bootstrap.clone(),
        group: ask.group.clone(),
        topics: ask.topics.clone(),
        looks: vec![look::look(&cluster, ask, None).await],
        groups: Default::default(),
        topic_names: Default::default(),
        open_transactions: Vec::new(),
        ahead: Vec::new(),
    };
    ahead::look(&cluster, &mut snapshot).await;
    watch(&cluster, ask, &mut snapshot, watching).await;
    ahead::look(&cluster, &mut snapshot).await;
    transactions::look(&cluster, &mut snapshot).await;
    settings::look(&cluster, &mut snapshot).await;
    missing::names(&cluster, &mut snapshot).await;
    Ok(snapshot)
}

/// Keeps the first look and the latest.
async fn watch(cluster: &Cluster, ask: &Ask, of: &mut Snapshot, watching: impl Fn(Duration)) {
    let mut pause = ask.watch_for;
    while !ask.watch_for.is_zero() {
        let needed = watch_ms(of);
        let wanted = Duration::from_millis(u64::try_from(needed).unwrap_or(0)).max(ask.watch_for);
        let watched = watched(of);
        if needed == 0 || watched >= wanted {
            return;
        }
        if of.looks.len() == 1 {
            watching(wanted);
        }
        tokio::time::sleep(pause.min(wanted - watched)).await;
        pause = PAUSE;
        of.looks.truncate(1);
        let next = look::look(cluster, ask, of.looks.first()).await;
        of.looks.push(next);
    }
}

fn watched(of: &Snapshot) -> Duration {
    let times = of.looks.first().zip(of.looks.last());
    let ms = times.map_or(0, |(first, last)| last.at_ms - first.at_ms);
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
