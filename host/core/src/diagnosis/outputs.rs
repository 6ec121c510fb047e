//! What reached the output topics of a group while it was watched.

use serde::{Deserialize, Serialize};

use super::scene::{Place, Scene};
use super::snapshot::{Answer, Committed, Log, Partition, Topic};
use super::words::count;

/// An output topic after the last look, and so after all commits that were seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Output {
    /// The topic.
    pub topic: Topic,
    /// The latest time that one of its records carries, in milliseconds since 1970; `None` inside:
    /// it holds none.
    pub last_ms: Answer<Option<i64>>,
}

/// What came of an output topic.
pub(super) struct Arrival<'s> {
    pub topic: &'s str,
    /// How many records were written to it since before the first look; `None`: not known.
    pub records: Option<i64>,
    /// As in [`Output`]; `None`: not known.
    pub last_ms: Option<Option<i64>>,
}

/// Each output topic that was named and is there.
pub(super) fn arrivals<'s>(scene: &Scene<'s>) -> Vec<Arrival<'s>> {
    let outputs = &scene.snapshot.outputs;
    let before = scene.first.outputs.iter();
    before
        .filter_map(|before| {
            let latest = outputs.iter().find(|of| of.topic.name == before.name);
            let looked = || scene.last.outputs.iter().find(|of| of.name == before.name);
            let now = latest.map(|of| &of.topic).or_else(looked)?;
            let is_there = !matches!(now.partitions, Answer::Missing(_));
            is_there.then(|| Arrival {
                topic: &before.name,
                records: written(before, now),
                last_ms: latest.and_then(|of| of.last_ms.known().copied()),
            })
        })
        .collect()
}

/// `None` also of a topic that was made again meanwhile.
fn written(before: &Topic, now: &Topic) -> Option<i64> {
    let log = |of: &Partition| of.log.known().copied();
    let old = before.partitions.known()?;
    let mut sum = 0;
    for of in now.partitions.known()? {
        let Log { start, end, .. } = log(of)?;
        let then = old.iter().find(|old| old.number == of.number);
        let then = then.map_or(Some(start), |old| Some(log(old)?.end))?;
        sum += end - then;
    }
    (sum >= 0 && before.id == now.id).then_some(sum)
}

/// Whether nothing at all has reached the output topics; what can't be seen may have.
pub(super) fn nothing_arrived(of: &[Arrival<'_>]) -> bool {
    !of.is_empty() && of.iter().all(|of| of.records == Some(0))
}

/// How many of the offsets that were committed meanwhile belong to records that were handled
/// meanwhile, too: a commit may come seconds after its records were. Those are what was written
/// while it was watched, and of a backlog that even the last commit lies within, all: what was
/// handled long before by a group that commits seldom reaches to the end of then.
pub(super) fn handled(place: &Place<'_>) -> Option<i64> {
    let (now, old_end) = place.position().zip(place.log_before.map(|log| log.end))?;
    let from = match (place.position_before(), &place.before) {
        (Some(then), _) if now < old_end => then,
        (Some(then), _) => then.max(old_end),
        (None, Some(Committed::Nothing)) => old_end,
        (None, _) => return None,
    };
    Some((now - from).max(0))
}

/// How many offsets were committed.
fn committed(place: &Place<'_>) -> Option<i64> {
    Some((place.position()? - place.position_before()?).max(0))
}

/// `12 records committed, 12 arrived in a, 0 arrived in b`; `None` where nothing moved.
pub(super) fn seen(scene: &Scene<'_>) -> Option<String> {
    let arrivals = arrivals(scene);
    let committed: i64 = scene.places.iter().filter_map(committed).sum();
    let moved = committed > 0 || arrivals.iter().any(|of| of.records > Some(0));
    if !scene.is_watched() || !moved {
        return None;
    }
    let each = arrivals.iter().map(|of| match of.records {
        Some(records) => format!("{records} arrived in {}", of.topic),
        None => format!("what arrived in {} is not known", of.topic),
    });
    let each: Vec<String> = each.collect();
    Some(format!(
        "{} committed, {}",
        count(committed, "record", "records"),
        each.join(", ")
    ))
}
