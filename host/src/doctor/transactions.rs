//! Who holds back the last records of a partition.

use std::collections::BTreeMap;

use penstock_admin_protocol::{Broker, Cluster, Error, ListedTransaction, Refusal};
use penstock_core::diagnosis::snapshot::{
    Answer, Hidden, Log, OpenTransaction, Snapshot, Transaction,
};

use super::translate;

/// A transactional id that nobody has: who may see it may see any.
const NO_TRANSACTION: &str = "penstock-doctor-asks-whether-it-may";

/// Looks for the open transactions of partitions whose end is not stable.
pub(super) async fn look(cluster: &Cluster, snapshot: &mut Snapshot) {
    let mut open = Vec::new();
    let mut hidden = Vec::new();
    for (leader, partitions) in unstable(snapshot) {
        let Some(broker) = cluster.broker(leader) else {
            continue;
        };
        // Not known is no fault of its own: the finding then has less to show.
        let Ok(producers) = broker.producers(&partitions).await else {
            continue;
        };
        for ((topic, partition), producers) in producers {
            if producers.as_ref().is_err_and(Refusal::is_unauthorised) {
                hide(&mut hidden, &topic);
            }
            for of in producers.into_iter().flatten() {
                if let Some(from) = of.open_from {
                    open.push(OpenTransaction {
                        topic: topic.clone(),
                        partition,
                        from,
                        producer: of.id,
                        epoch: of.epoch,
                        coordinator_epoch: of.coordinator_epoch,
                        last_write_ms: of.last_write_ms,
                        known_as: Answer::Unasked,
                    });
                }
            }
        }
    }
    snapshot.hidden.extend(hidden);
    if open.is_empty() {
        return;
    }
    let known = known(cluster, &open).await;
    if matches!(known, Err(Answer::Unauthorised(_))) {
        snapshot.hidden.push(Hidden::transactions());
    }
    for of in &mut open {
        of.known_as = match &known {
            Ok(known) => known.get(&of.producer).cloned().unwrap_or_else(|| {
                Answer::Missing("no coordinator knows a transaction of this producer".to_owned())
            }),
            Err(failed) => failed.clone(),
        };
    }
    snapshot.open_transactions = open;
}

/// Once for each topic.
fn hide(hidden: &mut Vec<Hidden>, topic: &str) {
    let of = Hidden::producers(topic);
    if !hidden.contains(&of) {
        hidden.push(of);
    }
}

fn unstable(snapshot: &Snapshot) -> BTreeMap<i32, Vec<(String, i32)>> {
    let mut led: BTreeMap<i32, Vec<(String, i32)>> = BTreeMap::new();
    for topic in snapshot
        .looks
        .last()
        .into_iter()
        .flat_map(|look| &look.topics)
    {
        for of in topic.partitions.known().into_iter().flatten() {
            let held = |log: &Log| log.last_stable < log.end;
            if let (Some(leader), true) = (of.leader, of.log.known().is_some_and(held)) {
                led.entry(leader)
                    .or_default()
                    .push((topic.name.clone(), of.number));
            }
        }
    }
    led
}

type Known = BTreeMap<i64, Answer<Transaction>>;

/// The transactions of these producers; each broker knows those that it coordinates. `Err` if one
/// of them can't be asked, for it may be the one that knows.
async fn known(cluster: &Cluster, open: &[OpenTransaction]) -> Result<Known, Answer<Transaction>> {
    let mut producers: Vec<i64> = open.iter().map(|of| of.producer).collect();
    producers.sort_unstable();
    producers.dedup();
    let mut known = Known::new();
    for (_, broker) in cluster.brokers() {
        match broker.transactions(&producers).await {
            Ok(listed) => {
                for of in listed.iter().filter(|of| is_open(of)) {
                    known.insert(of.producer, described(broker, of).await);
                }
            }
            Err(error) => return Err(translate::answer(Err(error))),
        }
    }
    if known.len() < producers.len() {
        all_visible(cluster).await?;
    }
    Ok(known)
}

/// Brokers leave out of a list what may not be seen, without a word: a transaction that is not
/// listed is unknown only to who may see all of them.
async fn all_visible(cluster: &Cluster) -> Result<(), Answer<Transaction>> {
    match cluster.entry().transaction(NO_TRANSACTION).await {
        Err(Error::Refused(refusal)) if refusal.is_unauthorised() => Err(Answer::Unauthorised(
            format!("{refusal}: it needs Describe on all transactional ids"),
        )),
        _ => Ok(()),
    }
}

/// A coordinator remembers transactions that are over; one of those holds nothing back.
fn is_open(of: &ListedTransaction) -> bool {
    !matches!(
        of.state.as_str(),
        "Empty" | "CompleteCommit" | "CompleteAbort" | "Dead"
    )
}

async fn described(coordinator: &Broker, of: &ListedTransaction) -> Answer<Transaction> {
    let described = coordinator.transaction(&of.id).await;
    translate::answer(described.map(|of| Transaction {
        id: of.id,
        state: of.state,
        timeout_ms: of.timeout_ms,
        started_ms: of.started_ms,
    }))
}
