//! What a group's commits were before it was looked at: evidence, where it can be read.

use super::finding::Finding;
use super::scene::{Place, Scene};
use super::snapshot::{History, Mark, Snapshot, Track};
use super::words::{list, span, time};

/// What was read of the group's commits.
fn history<'s>(scene: &Scene<'s>) -> Option<&'s History> {
    scene.snapshot.history.known()
}

fn track<'s>(scene: &Scene<'s>, place: &Place<'_>) -> Option<&'s Track> {
    history(scene)?.track(place.topic, place.partition)
}

/// When the group last committed in one of these places, and how fast before.
pub(super) fn last_commit(finding: Finding, scene: &Scene<'_>, places: &[&Place<'_>]) -> Finding {
    let marks = places.iter().filter_map(|place| {
        let track = track(scene, place)?;
        Some((place, track.first?, track.last?))
    });
    let Some((place, first, last)) = marks.max_by_key(|(_, _, last)| last.at_ms) else {
        return finding;
    };
    let mut text = format!(
        "{} at {}, {}, {} before",
        place.name(),
        last.offset,
        time(last.at_ms),
        span((scene.last.at_ms - last.at_ms).max(0))
    );
    let (records, ms) = (last.offset - first.offset, last.at_ms - first.at_ms);
    if records > 0 && ms > 0 {
        let rate = records as f64 * 1000.0 / ms as f64;
        text += &format!("; {rate:.1}/s in the {} until then", span(ms));
    }
    finding.evidence("last commit", text)
}

/// A commit that was taken away.
pub(super) struct Gone<'s> {
    pub track: &'s Track,
    pub gone_ms: i64,
    /// It was too young to expire; if not, it may have been deleted all the same.
    pub was_deleted: bool,
}

/// That of a place without a commit.
pub(super) fn gone<'s>(scene: &Scene<'s>, place: &Place<'_>) -> Option<Gone<'s>> {
    let track = track(scene, place)?;
    let gone_ms = track.gone_ms.filter(|_| place.has_no_commit())?;
    Some(Gone {
        track,
        gone_ms,
        was_deleted: was_deleted(scene, track),
    })
}

/// Age proves that a commit did not expire, and never that it did: commits are kept for as long as
/// the group has members, and go with their topic or by hand at any age.
fn was_deleted(scene: &Scene<'_>, track: &Track) -> bool {
    let age_ms = track.gone_ms.zip(track.last).map(|(ms, of)| ms - of.at_ms);
    let kept_ms = history(scene).and_then(|of| of.retention_ms);
    age_ms.zip(kept_ms).is_some_and(|(age, kept)| age < kept)
}

/// Of a commit that is gone: `commit of 3, of …, expired or deleted at …`.
pub(super) fn how_it_went(scene: &Scene<'_>, track: &Track) -> Option<String> {
    let gone_ms = track.gone_ms?;
    let mut text = match track.last {
        Some(Mark { offset, at_ms }) => format!("commit of {offset}, of {}, ", time(at_ms)),
        None => "commit ".to_owned(),
    };
    text += &match (was_deleted(scene, track), history(scene)?.retention_ms) {
        (true, _) => format!("deleted at {}, with its topic or by hand", time(gone_ms)),
        (false, Some(ms)) => format!(
            "expired or deleted at {} (offsets.retention.minutes={})",
            time(gone_ms),
            ms / 60_000
        ),
        (false, None) => format!("expired or deleted at {}", time(gone_ms)),
    };
    Some(text)
}

/// What became of the commits of a group that isn't there any more.
pub(super) fn all_gone(mut finding: Finding, scene: &Scene<'_>) -> Finding {
    let tracks = history(scene).map(|of| of.tracks.as_slice());
    for track in tracks.unwrap_or_default().iter().take(4) {
        if let Some(text) = how_it_went(scene, track) {
            finding = finding.evidence(format!("{}[{}]", track.topic, track.partition), text);
        }
    }
    finding
}

/// A partition of which the only commit ever was its end, though records lie before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtTheEnd {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The broker that leads it.
    pub leader: i32,
}

/// Where it matters whether the records were there before the group was; `most` at most.
pub fn at_the_end(snapshot: &Snapshot, most: usize) -> Vec<AtTheEnd> {
    let Some(scene) = Scene::new(snapshot) else {
        return Vec::new();
    };
    let leaps = scene
        .places
        .iter()
        .filter(|place| leap(&scene, place).is_some());
    let leaps = leaps.filter_map(|place| {
        Some(AtTheEnd {
            topic: place.topic.to_owned(),
            partition: place.partition,
            leader: place.leader?,
        })
    });
    leaps.take(most).collect()
}

/// From the group's beginning to its first commit in a place, in milliseconds, if that was the end
/// and has stayed the only one, so that all that lies there was read at once, or nothing.
fn leap(scene: &Scene<'_>, place: &Place<'_>) -> Option<i64> {
    let history = history(scene).filter(|of| of.is_whole)?;
    let (track, log) = (track(scene, place)?, place.log?);
    let (first, last) = (track.first?, track.last?);
    let only = first.offset == last.offset && track.gone_ms.is_none();
    let leaps = only && first.offset == log.end && log.start < log.end;
    let joined = first.at_ms - history.began_ms?;
    (leaps && place.owner.is_some() && joined >= 0).then_some(joined)
}

/// Java's client at latest commits the end before it has read anything; so does one that has read
/// all in one go. No broker can tell them apart.
pub(super) fn began_at_the_end(scene: &Scene<'_>) -> Option<String> {
    let began_ms = history(scene)?.began_ms?;
    let old = |place: &&Place<'_>| {
        let latest = track(scene, place).and_then(|of| of.latest_record_ms);
        latest.is_some_and(|ms| ms < began_ms)
    };
    let places = scene.places.iter().filter(old);
    let leaps: Vec<(&Place<'_>, i64)> = places
        .filter_map(|place| Some((place, leap(scene, place)?)))
        .collect();
    let longest = leaps.iter().map(|(_, ms)| *ms).max()?;
    let names: Vec<String> = leaps
        .iter()
        .take(5)
        .map(|(place, _)| place.name())
        .collect();
    let records = leaps
        .iter()
        .filter_map(|(place, _)| Some(place.log?.end - place.log?.start));
    let records: i64 = records.sum();
    Some(format!(
        "all that the group ever committed of {} is the end, {} after it came to be, and up to \
         {records} records lie before: it read them at once, or it never did, as Java's client \
         commits the end with auto.offset.reset=latest and enable.auto.commit=true. Its own log \
         tells; `penstock offsets reset --to earliest` has them read",
        list(&names, "and"),
        span(longest)
    ))
}
