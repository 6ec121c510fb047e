//! What reached the output topics of a group while it was watched.

use serde::{Deserialize, Serialize};

use super::scene::{Place, Scene};
use super::snapshot::{Answer, Log, Partition, Topic};
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

/// Each output topic that was named.
pub(super) fn arrivals<'s>(scene: &Scene<'s>) -> Vec<Arrival<'s>> {
    let outputs = &scene.snapshot.outputs;
    let latest = |name: &str| outputs.iter().find(|of| of.topic.name == name);
    let before = scene.first.outputs.iter();
    before
        .map(|before| {
            let latest = latest(&before.name);
            let looked = || scene.last.outputs.iter().find(|of| of.name == before.name);
            let now = latest.map(|of| &of.topic).or_else(looked);
            Arrival {
                topic: &before.name,
                records: now.and_then(|now| written(before, now)),
                last_ms: latest.and_then(|of| of.last_ms.known().copied()),
            }
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

/// Whether nothing at all has reached the output topics, as far as that is known of any.
pub(super) fn nothing_arrived(of: &[Arrival<'_>]) -> bool {
    let mut known = of.iter().filter_map(|of| of.records).peekable();
    known.peek().is_some() && known.all(|records| records == 0)
}

/// How many of the offsets that were committed meanwhile belong to records that were handled
/// meanwhile, too: a commit may come seconds after its records were. Those are what was written
/// while it was watched, and all of a backlog that was never worked off.
pub(super) fn handled(place: &Place<'_>) -> Option<i64> {
    let (now, then) = place.position().zip(place.position_before())?;
    let from = match place.waiting()? {
        0 => then.max(place.log_before?.end),
        _ => then,
    };
    Some((now - from).max(0))
}

/// `12 records handled, 12 arrived in a and 0 in b`; `None` where nothing moved.
pub(super) fn seen(scene: &Scene<'_>) -> Option<String> {
    let arrivals = arrivals(scene);
    let handled: i64 = scene.places.iter().filter_map(handled).sum();
    let moved = handled > 0 || arrivals.iter().any(|of| of.records > Some(0));
    if !scene.is_watched() || !moved {
        return None;
    }
    let each = arrivals.iter().map(|of| match of.records {
        Some(records) => format!("{records} arrived in {}", of.topic),
        None => format!("what arrived in {} is not known", of.topic),
    });
    let each: Vec<String> = each.collect();
    Some(format!(
        "{} handled, {}",
        count(handled, "record", "records"),
        each.join(", ")
    ))
}
