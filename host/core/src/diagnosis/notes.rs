//! What looks like a fault and is none, and what could not be told.

use super::outputs::{arrivals, nothing_arrived};
use super::past::began_at_the_end;
use super::patience::{TRANSACTION_MS, watch_ms};
use super::rules::left_over::is_left_over;
use super::rules::permissions::allow;
use super::rules::progress::flow;
use super::rules::transactions::{age_ms, transaction};
use super::scene::{Place, Scene};
use super::snapshot::{Answer, GroupKind};
use super::words::{list, span, wait};

/// All of them.
pub(super) fn notes(scene: &Scene<'_>) -> Vec<String> {
    let all = [
        kind(scene),
        idle(scene),
        standby(scene),
        rebalance(scene),
        unreadable_lag(scene),
        open_transaction(scene),
        catching_up(scene),
        unwatched(scene),
        outputs_at_rest(scene),
        began_at_the_end(scene),
        paused(scene),
        parked(scene),
    ];
    let mut notes: Vec<String> = all.into_iter().flatten().collect();
    notes.extend(unasked_hosts(scene));
    // A host that was killed and started again is in its group twice for a while.
    notes.dedup();
    notes.extend(hidden(scene));
    notes
}

/// What may not be seen, and what would let it be seen.
fn hidden(scene: &Scene<'_>) -> Option<String> {
    let hidden = &scene.snapshot.hidden;
    if hidden.is_empty() {
        return None;
    }
    let each: Vec<String> = hidden
        .iter()
        .map(|of| format!("{} ({})", of.what, of.needs))
        .collect();
    let acls: Vec<String> = hidden.iter().map(|of| allow(scene, &of.acl)).collect();
    Some(format!(
        "not visible to this user: {}; with `{}` it is",
        list(&each, "and"),
        acls.join("; ")
    ))
}

/// Groups that are only named.
fn kind(scene: &Scene<'_>) -> Option<String> {
    let listed = scene.snapshot.groups.known().into_iter().flatten();
    let listed = listed
        .filter(|of| of.id == scene.snapshot.group)
        .find_map(|of| of.kind);
    let what = match scene.group.map(|group| group.kind).or(listed)? {
        GroupKind::Share => "a share group (KIP-932): it has no committed offsets as consumers do",
        GroupKind::Streams => "a group of Kafka Streams by its own protocol (KIP-1071)",
        GroupKind::Connect => {
            "a group of Kafka Connect's workers: its connectors consume in groups \
                               of their own, connect-NAME"
        }
        GroupKind::Other => "no group of consumers, but another use of the group protocol",
        GroupKind::Classic | GroupKind::Consumer => return None,
    };
    Some(format!(
        "{} is {what}; it is named here and not examined",
        scene.snapshot.group
    ))
}

/// Hosts of Penstock of which only the outside is known.
fn unasked_hosts(scene: &Scene<'_>) -> impl Iterator<Item = String> {
    let hosts = scene.last.hosts.iter();
    hosts.filter_map(|host| {
        let why = host.status.why()?;
        Some(format!(
            "the host {} could not be asked what it does ({why}), so its inside is not seen",
            host.client
        ))
    })
}

fn idle(scene: &Scene<'_>) -> Option<String> {
    let group = scene.group.filter(|_| scene.is_of_consumers())?;
    let lag: i64 = scene
        .places
        .iter()
        .map(Place::waiting)
        .sum::<Option<i64>>()?;
    if lag > 0 {
        return None;
    }
    Some(match (group.members.len(), scene.places.len()) {
        (0, 0) => return None,
        // What its members have beside the topics that were asked about is not looked at.
        (_, 0) if !scene.snapshot.topics.is_empty() => return None,
        (0, _) => "nobody is in the group, and nothing waits for it".to_owned(),
        (_, 0) => "its members have no partitions, and want no topic that exists".to_owned(),
        _ => "nothing waits: the group is idle because nothing is written".to_owned(),
    })
}

fn standby(scene: &Scene<'_>) -> Option<String> {
    let all_owned = !scene.places.is_empty() && scene.places.iter().all(|it| it.owner.is_some());
    if !scene.is_settled() || !all_owned {
        return None;
    }
    let idle = scene.members().iter().filter(|of| of.assignment.is_empty());
    let idle: Vec<&str> = idle.map(|of| of.client.as_str()).collect();
    if idle.is_empty() {
        return None;
    }
    let shown: Vec<&str> = idle.iter().copied().take(5).collect();
    Some(format!(
        "{} by ({}), since there are no more partitions to have: that is healthy",
        if idle.len() == 1 {
            "one member stands".to_owned()
        } else {
            format!("{} members stand", idle.len())
        },
        list(&shown, "and")
    ))
}

fn rebalance(scene: &Scene<'_>) -> Option<String> {
    let group = scene.group.filter(|_| scene.is_rebalancing())?;
    // It is known whom the others wait for.
    if scene.places.iter().any(|place| is_left_over(scene, place)) {
        return None;
    }
    Some(format!(
        "a rebalance is in progress ({}): its members share out the partitions, which may take as \
         long as the slowest needs to finish what it has; look again in a moment",
        group.state
    ))
}

/// On purpose, and for a time: healthy.
fn paused(scene: &Scene<'_>) -> Option<String> {
    let places = scene.places.iter();
    let mut paused = places.filter_map(|place| Some((place.name(), place.paused()?)));
    let (name, first) = paused.next()?;
    let others = match paused.count() {
        0 => String::new(),
        1 => " (and one more partition)".to_owned(),
        many => format!(" (and {many} more partitions)"),
    };
    Some(format!(
        "{name}{others} is paused on purpose: {}; `penstock resume` ends that sooner",
        first.text
    ))
}

/// Commits stand still, and all but some keys goes on.
fn parked(scene: &Scene<'_>) -> Option<String> {
    let places = scene.places.iter();
    let parked = places.filter_map(|place| Some((place.name(), place.parked()?)));
    let all: Vec<_> = parked.collect();
    let (name, longest) = all.iter().max_by_key(|(_, of)| of.for_ms)?;
    let others = match all.len() - 1 {
        0 => String::new(),
        1 => " (and one more partition has some)".to_owned(),
        many => format!(" (and {many} more partitions have some)"),
    };
    let at = longest.offset.map(|at| format!(", record {at}"));
    let handler = longest.handler.as_deref().map(|of| format!(" by {of}"));
    let code = longest.code.as_deref().map(|of| format!(" ({of})"));
    let longest_for = span(i64::try_from(longest.for_ms).unwrap_or(i64::MAX));
    Some(format!(
        "{name}: {}{others}, the longest for {longest_for}{}{}{}. The other keys go on; the committed \
         offset stays before that record, with what is finished beyond it beside it",
        longest.count(),
        at.unwrap_or_default(),
        handler.unwrap_or_default(),
        code.unwrap_or_default()
    ))
}

fn unreadable_lag(scene: &Scene<'_>) -> Option<String> {
    let places: Vec<String> = scene
        .places
        .iter()
        .filter(|place| place.waiting().is_some_and(|lag| lag > 0) && !place.is_readable())
        .map(|place| format!("{} ({})", place.name(), place.waiting().unwrap_or(0)))
        .take(5)
        .collect();
    if places.is_empty() {
        return None;
    }
    Some(format!(
        "the lag of {} is no record to read: markers of transactions, aborted ones, or what was \
         compacted away",
        list(&places, "and")
    ))
}

fn open_transaction(scene: &Scene<'_>) -> Option<String> {
    let young = scene.places.iter().find_map(|place| {
        let open = transaction(scene, place)?;
        let age = age_ms(scene, open);
        (age < TRANSACTION_MS).then(|| (place.name(), age))
    });
    let (name, age) = young?;
    Some(format!(
        "a transaction is open in {name}, for {} so far: that is usual",
        span(age)
    ))
}

/// Not said of a group whose lag is what came since its last commit.
fn catching_up(scene: &Scene<'_>) -> Option<String> {
    let places: Vec<&Place<'_>> = scene.places.iter().collect();
    let (written, done, waiting) = flow(&places)?;
    let gained = done - written;
    if !scene.is_watched() || done <= 0 || waiting == 0 {
        return None;
    }
    let rate = done as f64 * 1000.0 / scene.watched_ms() as f64;
    let text = format!("{}, and {rate:.1}/s are processed", wait(waiting));
    if gained <= 0 {
        return Some(text);
    }
    let left = span(waiting.saturating_mul(scene.watched_ms()) / gained);
    Some(format!("{text}: caught up in about {left}"))
}

fn unwatched(scene: &Scene<'_>) -> Option<String> {
    let needed = watch_ms(scene.snapshot);
    let unknown = matches!(scene.last.group, Answer::Known(_)) && needed > scene.watched_ms();
    let (what, whether) = match scene.places.iter().any(Place::is_readable) {
        true => ("records wait, and ", "they move"),
        false => ("", "outputs follow what is committed"),
    };
    unknown.then(|| {
        format!(
            "{what}{} of watching do not tell whether {whether}: watch for {} or more (--watch-for)",
            span(scene.watched_ms()),
            span(needed)
        )
    })
}

/// Outputs of a group that had nothing to do.
fn outputs_at_rest(scene: &Scene<'_>) -> Option<String> {
    let arrivals = arrivals(scene);
    let rests = scene.is_watched() && nothing_arrived(&arrivals);
    if !rests || scene.places.iter().any(Place::has_moved) {
        return None;
    }
    let names: Vec<&str> = arrivals.iter().map(|of| of.topic).collect();
    Some(format!(
        "nothing was committed within {}, so that nothing had to arrive in {}",
        span(scene.watched_ms()),
        list(&names, "and")
    ))
}
