//! Fills a snapshot of a group by asking the brokers; reads only, joins nothing, commits nothing.

pub(crate) mod ahead;
pub(crate) mod coordinator;
mod history;
mod hosts;
mod look;
mod missing;
mod observer;
mod outputs;
mod outside;
mod quotas;
mod settings;
mod transactions;
pub(crate) mod translate;

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use penstock_admin_protocol::{Cluster, Error};
use penstock_core::config::Secret;
use penstock_core::diagnosis::snapshot::{Glimpse, Look, Snapshot};
use penstock_core::diagnosis::watch_ms;

pub use observer::Observer;

use crate::security::Entrance;

/// How long a broker may take for one answer, the connection included.
pub(crate) const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// Between two looks, once the first span of watching is over.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two glimpses of the group alone: who joins and leaves at once is seen by them only.
const GLIMPSE: Duration = Duration::from_millis(250);
/// More changes say nothing more.
const GLIMPSES_MAX: usize = 50;

/// What is to be looked at.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Brokers, `host:port,…`.
    pub bootstrap: String,
    /// How to connect to them, and as whom.
    pub entrance: Entrance,
    /// The group.
    pub group: String,
    /// Topics; none: all that the group has to do with.
    pub topics: Vec<String>,
    /// Topics that the group is to write to.
    pub outputs: Vec<String>,
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
/// No broker is there: what came of each address. One that is there and lets nobody in is seen.
pub async fn examine(ask: &Ask, watching: impl Fn(Duration)) -> Result<Snapshot, Vec<Error>> {
    let mut observer = Observer::new(ask.clone(), None);
    let first = match observer.look(BTreeSet::new()).await {
        Ok(first) => first,
        Err(errors) => return outside::seen(observer.snapshot(Vec::new()), errors),
    };
    let mut snapshot = observer.snapshot(vec![first]);
    observer.look_ahead(&mut snapshot).await;
    watch(&mut observer, &mut snapshot, watching).await?;
    let mut complete = observer.complete(snapshot.looks).await;
    observer.look_around(&mut complete).await;
    complete.glimpses = snapshot.glimpses;
    Ok(complete)
}

/// One look at a group, for those who show or mend it.
pub(crate) async fn look_once(cluster: &Cluster, ask: &Ask) -> Look {
    look::look(cluster, ask, BTreeSet::new()).await
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
        glimpses(observer, of, pause.min(wanted - watched)).await;
        pause = PAUSE;
        let next = observer.look(known_topics(of)).await?;
        if let Some(group) = next.group.known().cloned() {
            let at_ms = next.at_ms;
            keep(of, Glimpse { at_ms, group });
        }
        of.looks.truncate(1);
        of.looks.push(next);
    }
    Ok(())
}

/// Waits so long, and keeps how the group was whenever it had changed.
async fn glimpses(observer: &Observer, of: &mut Snapshot, time: Duration) {
    let until = Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        tokio::time::sleep(left.min(GLIMPSE)).await;
        if left <= GLIMPSE {
            return;
        }
        let coordinator = of.looks.last().and_then(|look| look.coordinator.known());
        let Some(coordinator) = coordinator.copied() else {
            continue;
        };
        if let Some(seen) = observer.glimpse(coordinator).await {
            keep(of, seen);
        }
    }
}

/// Keeps a glimpse if it shows a change.
fn keep(of: &mut Snapshot, seen: Glimpse) {
    let before = of.glimpses.last().map(|of| &of.group);
    let before = before.or_else(|| of.looks.first()?.group.known());
    if before != Some(&seen.group) && of.glimpses.len() < GLIMPSES_MAX {
        of.glimpses.push(seen);
    }
}

/// What the group had to do with, as far as was seen.
fn known_topics(of: &Snapshot) -> BTreeSet<String> {
    let looks = of.looks.iter().flat_map(|look| &look.topics);
    let looks = looks.map(|topic| topic.name.clone());
    let groups = of.glimpses.iter().map(|of| &of.group);
    looks.chain(groups.flat_map(look::wanted)).collect()
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
