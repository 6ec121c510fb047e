//! What lies at positions that don't move.

use penstock_admin_protocol::{Ahead as Found, Broker, Cluster};
use penstock_core::diagnosis::snapshot::{Ahead, Answer, Batch, Snapshot};
use penstock_core::diagnosis::{Unclear, unclear};

use super::translate;

/// Each is a request or more.
const POSITIONS_MAX: usize = 20;

/// Looks at the positions before which offsets lie that may be no records.
pub(super) async fn look(cluster: &Cluster, snapshot: &mut Snapshot) {
    for of in unclear(snapshot, POSITIONS_MAX) {
        let Some(broker) = cluster.broker(of.leader) else {
            continue;
        };
        let batch = batch_at(broker, &of.topic, of.partition, of.from, of.until).await;
        let Unclear {
            topic,
            partition,
            from,
            ..
        } = of;
        let is_same = |it: &Ahead| it.topic == topic && it.partition == partition;
        snapshot.ahead.retain(|it| !is_same(it));
        snapshot.ahead.push(Ahead {
            topic,
            partition,
            from,
            batch,
        });
    }
}

/// The first batch with records for a reader, from `from` to before `until`.
pub(crate) async fn batch_at(
    leader: &Broker,
    topic: &str,
    partition: i32,
    from: i64,
    until: i64,
) -> Answer<Option<Batch>> {
    match leader.ahead(topic, partition, from, until).await {
        Ok(Found::Batch(batch)) => Answer::Known(Some(translated(&batch))),
        Ok(Found::Nothing) => Answer::Known(None),
        Ok(Found::TooFar) => Answer::Failed("there is too much to look through".to_owned()),
        Err(error) => translate::answer(Err(error)),
    }
}

fn translated(of: &penstock_admin_protocol::Batch) -> Batch {
    let codec = match of.codec {
        0 => "not compressed".to_owned(),
        1 => "gzip".to_owned(),
        2 => "snappy".to_owned(),
        3 => "lz4".to_owned(),
        4 => "zstd".to_owned(),
        other => format!("codec {other}"),
    };
    Batch {
        first: of.first,
        last: of.last,
        records: of.records,
        bytes: of.bytes,
        codec,
        time_ms: of.time_ms,
        is_sound: of.is_sound,
    }
}
