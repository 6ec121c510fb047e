//! The way of a record from the broker to the commit, stage by stage, as far as it can be seen.

use std::collections::BTreeSet;

use super::finding::{Finding, Stage, StageReport, StageState};
use super::outputs;
use super::scene::{Place, Scene};
use super::snapshot::{Answer, GroupKind};
use super::words::{count, span, times};
use crate::ledger::Ledger;

/// Each stage: failed where something is found, else what was seen of it.
pub(super) fn stages(scene: &Scene<'_>, findings: &[Finding]) -> Vec<StageReport> {
    let report = |stage: Stage| {
        let found = findings.iter().find(|finding| finding.stage == stage);
        let seen = seen(scene, stage);
        let (state, text) = match (found, seen) {
            (Some(finding), seen) => {
                let words = seen.unwrap_or_else(|| finding.subject.clone());
                (StageState::Failed, format!("{words}: {}", finding.code))
            }
            (None, Some(text)) if is_open(scene, stage) => (StageState::NotVisible, text),
            (None, Some(text)) => (StageState::Passed, text),
            (None, None) => (StageState::NotVisible, "not visible from here".to_owned()),
        };
        StageReport { stage, state, text }
    };
    Stage::ALL.into_iter().map(report).collect()
}

/// What is seen of a stage; `None` if nothing can be.
fn seen(scene: &Scene<'_>, stage: Stage) -> Option<String> {
    match stage {
        Stage::Broker => brokers(scene),
        Stage::Group => group(scene),
        Stage::Assignment => assignment(scene),
        Stage::Position => position(scene),
        Stage::Fetch => fetch(scene),
        Stage::Commit => commit(scene),
        Stage::Outcome if !scene.is_seen_inside() => outputs::seen(scene),
        // What happens inside of a client, only the client knows.
        Stage::Queue | Stage::Handler if !scene.is_seen_inside() => None,
        Stage::Queue => Some(queue(scene)),
        Stage::Handler => Some(handler(scene)),
        Stage::Outcome => Some(outcome(scene)),
    }
}

fn brokers(scene: &Scene<'_>) -> Option<String> {
    let brokers = &scene.last.brokers;
    let reached = brokers
        .iter()
        .filter(|of| of.reached.known().is_some())
        .count();
    let asked = brokers
        .iter()
        .filter(|of| of.reached != Answer::Unasked)
        .count();
    if asked == 0 {
        return None;
    }
    let all = count(asked as i64, "broker", "brokers");
    Some(if reached == asked {
        format!("{all} answered")
    } else {
        format!("{reached} of {all} answered")
    })
}

fn group(scene: &Scene<'_>) -> Option<String> {
    let group = match &scene.last.group {
        Answer::Known(group) => group,
        Answer::Missing(_) => return Some("no such group".to_owned()),
        _ => return None,
    };
    let kind = match group.kind {
        GroupKind::Classic => "classic",
        GroupKind::Consumer => "consumer (KIP-848)",
        GroupKind::Share => "share (KIP-932)",
        GroupKind::Streams => "streams",
        GroupKind::Connect => "of Kafka Connect",
        GroupKind::Other => "of an unknown kind",
    };
    let members = count(group.members.len() as i64, "member", "members");
    Some(format!("{kind}, {}, {members}", group.state))
}

fn assignment(scene: &Scene<'_>) -> Option<String> {
    if scene.members().is_empty() || scene.places.is_empty() {
        return None;
    }
    let owned = scene
        .places
        .iter()
        .filter(|place| place.owner.is_some())
        .count();
    let owners: BTreeSet<&str> = scene
        .places
        .iter()
        .filter_map(|place| Some(place.owner?.id.as_str()))
        .collect();
    let topics = count(scene.by_topic().len() as i64, "topic", "topics");
    let all = count(scene.places.len() as i64, "partition", "partitions");
    let members = count(owners.len() as i64, "member", "members");
    Some(if owned == scene.places.len() {
        format!("{all} of {topics}, all owned, by {members}")
    } else {
        format!("{owned} of {all} of {topics} owned, by {members}")
    })
}

fn position(scene: &Scene<'_>) -> Option<String> {
    if scene.last.committed.known().is_none() || scene.places.is_empty() {
        return None;
    }
    let within = scene.places.iter().filter(|place| is_within(place));
    let all = count(scene.places.len() as i64, "partition", "partitions");
    let within = within.count();
    Some(if within == scene.places.len() {
        format!("{all} committed, all within their logs")
    } else {
        format!("{within} of {all} committed within their logs")
    })
}

fn is_within(place: &Place<'_>) -> bool {
    let position = place.position().zip(place.log);
    position.is_some_and(|(at, log)| (log.start..=log.end).contains(&at))
}

/// Whether what is seen of a stage may yet turn out to be a fault.
fn is_open(scene: &Scene<'_>, stage: Stage) -> bool {
    let lost = |place: &Place<'_>| !is_within(place) && place.is_readable();
    stage == Stage::Position && scene.places.iter().any(lost)
}

/// What a group has committed it has read.
fn fetch(scene: &Scene<'_>) -> Option<String> {
    if scene.places.is_empty() || scene.members().is_empty() {
        return None;
    }
    let lag: i64 = scene
        .places
        .iter()
        .map(|place| place.waiting())
        .sum::<Option<i64>>()?;
    if scene.places.iter().all(|place| !place.is_readable()) {
        return Some(if lag == 0 {
            "nothing waits to be read".to_owned()
        } else {
            "nothing readable waits: markers of transactions, or compacted away".to_owned()
        });
    }
    let moved = scene.places.iter().any(|place| place.has_moved());
    moved.then(|| format!("records are read; {} wait", lag))
}

/// What hosts have fetched and not finished.
fn queue(scene: &Scene<'_>) -> String {
    let inside = scene.places.iter().filter_map(|place| place.inside);
    let (records, bytes) = inside.fold((0, 0), |(records, bytes), of| {
        (records + of.now.unfinished, bytes + of.now.buffered_bytes)
    });
    format!("{records} fetched and not finished, {bytes} bytes")
}

fn handler(scene: &Scene<'_>) -> String {
    let handlers = scene.hosts().flat_map(|(_, status)| &status.handlers);
    let (calls, time_us) = handlers.fold((0, 0.0), |(calls, time_us), of| {
        (
            calls + of.calls,
            time_us + of.mean_call_us * of.calls as f64,
        )
    });
    let inside = scene.places.iter().filter_map(|place| place.inside);
    let oldest = inside.filter_map(|of| of.now.oldest_open_ms).max();
    let open = match oldest {
        Some(ms) => format!("the oldest open one is {} old", span(ms as i64)),
        None => "none is open".to_owned(),
    };
    match calls {
        0 => "not called yet".to_owned(),
        _ => {
            let mean = time_us / calls as f64;
            let called = times(calls);
            format!("called {called}, {mean:.1} µs on average; {open}")
        }
    }
}

fn outcome(scene: &Scene<'_>) -> String {
    let mut sum = Ledger::default();
    for (_, status) in scene.hosts() {
        for of in &status.handlers {
            sum += of.ledger;
        }
    }
    let balance = if sum.balances() {
        "which balances"
    } else {
        "WHICH DOES NOT BALANCE"
    };
    format!(
        "{} begun = {} emitted + {} skipped + {} dead letters + {} handed back + {} open, {balance}",
        sum.begun, sum.emitted, sum.skipped, sum.dead_lettered, sum.handed_back, sum.open
    )
}

fn commit(scene: &Scene<'_>) -> Option<String> {
    let readable: Vec<_> = scene
        .places
        .iter()
        .filter(|place| place.is_readable())
        .collect();
    if scene.places.is_empty() || scene.places.iter().any(|place| place.waiting().is_none()) {
        return None;
    }
    let moved = scene
        .places
        .iter()
        .filter(|place| place.has_moved())
        .count();
    if moved > 0 {
        let partitions = count(moved as i64, "partition", "partitions");
        return Some(format!(
            "commits moved in {partitions} within {}",
            span(scene.watched_ms())
        ));
    }
    if !readable.is_empty() && readable.iter().all(|place| place.parked().is_some()) {
        let partitions = count(readable.len() as i64, "partition", "partitions");
        return Some(format!(
            "commits stay at what is parked in {partitions}, and the rest goes on"
        ));
    }
    if !readable.is_empty() {
        return None;
    }
    let all_committed = scene.places.iter().all(|place| place.position().is_some());
    Some(if all_committed {
        "caught up".to_owned()
    } else {
        "nothing to commit".to_owned()
    })
}
