//! What the brokers wrote down of the group's commits, if that may be read.

use std::time::Duration;

use penstock_admin_protocol::{Broker, Cluster, Error, Place, Wanted};
use penstock_core::diagnosis::at_the_end;
use penstock_core::diagnosis::snapshot::{Answer, History, Snapshot};
use penstock_core::offsets::history::Recording;
use penstock_core::offsets::journal::{TOPIC, partition_of};

/// So many records from the end: commits of all the groups that share the partition.
const RECORDS_MAX: i64 = 50_000;
/// A diagnosis is not worth waiting longer for what only adds to it.
const TIME_MAX: Duration = Duration::from_secs(1);
/// Each is a request.
const POSITIONS_MAX: usize = 20;
const RETENTION: &str = "offsets.retention.minutes";

/// Reads. What can't be read is not known, and is no fault.
pub(super) async fn look(cluster: &Cluster, snapshot: &mut Snapshot) {
    let reading = tokio::time::timeout(TIME_MAX, read(cluster, &snapshot.group));
    let Ok(Ok(Some(mut history))) = reading.await else {
        return;
    };
    if history.tracks.iter().any(|of| of.gone_ms.is_some()) {
        history.retention_ms = retention_ms(cluster, snapshot).await;
    }
    snapshot.history = Answer::Known(history);
    latest_records(cluster, snapshot).await;
}

async fn read(cluster: &Cluster, group: &str) -> Result<Option<History>, Error> {
    let names = [TOPIC.to_owned()];
    let metadata = cluster.entry().metadata(Wanted::Topics(&names)).await?;
    let found = metadata
        .topics
        .first()
        .and_then(|of| of.partitions.as_ref().ok());
    let Some(partitions) = found else {
        return Ok(None);
    };
    let partition = partition_of(group, i32::try_from(partitions.len()).unwrap_or(0));
    let leader = partitions.iter().find(|of| of.partition == partition);
    let leader = leader.and_then(|of| cluster.broker(of.leader?));
    let Some(leader) = leader else {
        return Ok(None);
    };
    let start = offset(leader, Place::Start, partition).await?;
    let end = offset(leader, Place::LastStable, partition).await?;
    let mut next = start.max(end - RECORDS_MAX);
    let mut is_whole = next == 0;
    let mut recording = Recording::new(group);
    while next < end {
        let chunk = leader.records(TOPIC, partition, next).await?;
        for of in &chunk.records {
            let key = of.key.as_deref().unwrap_or_default();
            recording.note(key, of.value.as_deref(), of.time_ms);
        }
        is_whole &= chunk.is_whole;
        if chunk.next == next {
            is_whole = false;
            break;
        }
        next = chunk.next;
    }
    Ok(Some(recording.end(is_whole)))
}

async fn offset(leader: &Broker, place: Place, partition: i32) -> Result<i64, Error> {
    let key = (TOPIC.to_owned(), partition);
    let mut found = leader.offsets(place, std::slice::from_ref(&key)).await?;
    match found.remove(&key) {
        Some(offset) => Ok(offset?),
        None => Ok(0),
    }
}

/// For how long the coordinator keeps commits of a group that nobody is in.
async fn retention_ms(cluster: &Cluster, snapshot: &Snapshot) -> Option<i64> {
    let coordinator = *snapshot.looks.last()?.coordinator.known()?;
    let broker = cluster.broker(coordinator)?;
    let settings = broker.own_settings(coordinator, &[RETENTION]).await.ok()?;
    let minutes: i64 = settings.get(RETENTION)?.parse().ok()?;
    minutes.checked_mul(60_000)
}

/// When the last record came, where it matters whether the group was there before.
async fn latest_records(cluster: &Cluster, snapshot: &mut Snapshot) {
    for of in at_the_end(snapshot, POSITIONS_MAX) {
        let key = (of.topic, of.partition);
        let Some(broker) = cluster.broker(of.leader) else {
            continue;
        };
        let Ok(mut times) = broker.latest_times(std::slice::from_ref(&key)).await else {
            continue;
        };
        let latest = times.remove(&key).and_then(Result::ok).flatten();
        let Answer::Known(history) = &mut snapshot.history else {
            return;
        };
        let mut tracks = history.tracks.iter_mut();
        if let Some(track) = tracks.find(|it| it.topic == key.0 && it.partition == key.1) {
            track.latest_record_ms = latest;
        }
    }
}
