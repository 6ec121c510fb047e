//! Fills a snapshot of a group by asking the brokers; reads only, joins nothing, commits nothing.

mod ahead;
mod hosts;
mod look;
mod missing;
mod observer;
mod settings;
mod transactions;
mod translate;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use penstock_admin_protocol::{Cluster, Error};
use penstock_core::config::Secret;
use penstock_core::diagnosis::snapshot::{Look, Snapshot};
use penstock_core::diagnosis::watch_ms;

pub use observer::Observer;

/// How long a broker may take for one answer, the connection included.
pub(crate) const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
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
    /// How members that are hosts of Penstock are asked what they do; `None`: they aren't.
    pub hosts: Option<HostAccess>,
}

/// What a host of Penstock is asked with.
#[derive(Debug, Clone)]
pub struct HostAccess {
    /// `admin.token`
    pub token: Option<Secret>,
}

/// Looks at the group, and again where only that can tell a fault from a pause. `watching` is told
/// when it begins to wait, and how long that may take.
///
/// # Errors
/// No broker answers: what came of each address.
pub async fn examine(ask: &Ask, watching: impl Fn(Duration)) -> Result<Snapshot, Vec<Error>> {
    let mut observer = Observer::new(ask.clone(), None);
    let first = observer.look(None).await?;
    let mut snapshot = observer.snapshot(vec![first]);
    observer.look_ahead(&mut snapshot).await;
    watch(&mut observer, &mut snapshot, watching).await?;
    Ok(observer.complete(snapshot.looks).await)
}

/// One look at a group, for those who show or mend it.
pub(crate) async fn look_once(cluster: &Cluster, ask: &Ask) -> Look {
    look::look(cluster, ask, None).await
}

/// Keeps the first look and the latest.
async fn watch(
    observer: &mut Observer,
    of: &mut Snapshot,
    watching: impl Fn(Duration),
) -> Result<(), Vec<Error>> {
    let least = observer.ask.watch_for;
    let mut pause = least;
    while !least.is_zero() {
        let needed = watch_ms(of);
        let wanted = Duration::from_millis(u64::try_from(needed).unwrap_or(0)).max(least);
        let watched = watched(of);
        if needed == 0 || watched >= wanted {
            break;
        }
        if of.looks.len() == 1 {
            watching(wanted);
        }
        tokio::time::sleep(pause.min(wanted - watched)).await;
        pause = PAUSE;
        of.looks.truncate(1);
        let next = observer.look(of.looks.first()).await?;
        of.looks.push(next);
    }
    Ok(())
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
