//! Members that are what is left of a host that was killed.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::patience::NEXT_COMMIT_MS;
use crate::diagnosis::scene::{Place, Scene, each};
use crate::diagnosis::snapshot::Member;
use crate::diagnosis::words::{member, wait};
use crate::status::Status;

use super::cures::{numbers, seen};
use super::progress::stands;

/// Partitions whose owner goes by the name of a host that answers and does not have them. A host that
/// is started again under its name joins as another member, and the group waits for the dead one.
pub(in crate::diagnosis) fn rule(scene: &Scene<'_>) -> Vec<Finding> {
    if !scene.is_of_consumers() || scene.watched_ms() < NEXT_COMMIT_MS {
        return Vec::new();
    }
    let topics = scene.by_topic().into_iter();
    topics
        .filter_map(|(topic, places)| {
            let places = places.into_iter();
            let mut held = places.filter_map(|place| Some((place, held(scene, place)?)));
            let (first, (owner, host)) = held.next()?;
            let same = held.filter(|(_, (other, _))| other.id == owner.id);
            let places = std::iter::once(first).chain(same.map(|(place, _)| place));
            let places: Vec<_> = places.collect();
            Some(left_over(scene, topic, owner, host, &places))
        })
        .collect()
}

/// The host that goes by the owner's `client.id`, and does not have the place.
pub(super) fn successor<'s>(scene: &Scene<'s>, place: &Place<'s>) -> Option<&'s Status> {
    let owner = place.owner.filter(|_| place.inside.is_none())?;
    let mut hosts = scene.hosts();
    let (_, status) = hosts.find(|(host, _)| host.client == owner.client)?;
    Some(status)
}

/// For whom a place is held, and the host that goes by that name. While the group shares its partitions
/// out, a host may be about to get what counts as its own; where two members go by its name, that is not
/// what is waited for.
fn held<'s>(scene: &Scene<'s>, place: &Place<'s>) -> Option<(&'s Member, &'s Status)> {
    let owner = place.owner?;
    let before = scene.first.group.known()?;
    let mut before = before.members.iter().filter(|of| of.id == owner.id);
    let had = before.any(|of| each(&of.assignment).any(|it| it == (place.topic, place.partition)));
    let decided = scene.is_settled() || namesake(scene, owner).is_some();
    let host = successor(scene, place)?;
    (had && decided && stands(place)).then_some((owner, host))
}

/// Another member of that name.
fn namesake<'s>(scene: &Scene<'s>, owner: &Member) -> Option<&'s Member> {
    let mut members = scene.members().iter();
    members.find(|of| of.client == owner.client && of.id != owner.id)
}

fn left_over(
    scene: &Scene<'_>,
    topic: &str,
    owner: &Member,
    host: &Status,
    places: &[&Place<'_>],
) -> Finding {
    let waiting = places.iter().filter_map(|place| place.waiting()).sum();
    let cause = format!(
        "{} in {} of {topic}; host {}, which goes by their owner's client.id, answers and does not \
         have them: the owner is what is left of a host that was killed, and the group keeps its \
         partitions for it until its session ends",
        wait(waiting),
        numbers(places),
        host.host,
    );
    let finding = Finding::new(Code::DoctorStandstill, Stage::Assignment, topic, cause)
        .evidence("owner", member(owner));
    let finding = seen(finding, places);
    let finding = match namesake(scene, owner) {
        Some(own) if own.host == owner.host => finding.evidence("the host's own", member(own)),
        Some(own) => finding.evidence("the host's own", member(own)).or(format!(
            "two hosts go by this name, and the one on {} does not answer: each needs a host.id \
             of its own",
            owner.host
        )),
        None => finding.or(
            "the owner is the host's own member, whose client was never given them: the host \
             notices that within two minutes, says PSK-K012, and ends to be started again",
        ),
    };
    finding
        .step(
            "wait: when the session ends (session.timeout.ms, 45 s by default; with protocol = \
             \"consumer\" the brokers' group.consumer.session.timeout.ms), the group shares the \
             partitions out anew",
        )
        .step(
            "so that it does not happen again, end hosts by SIGTERM and give them \
             host.shutdown-deadline for it; for those that may be killed all the same, a \
             group.instance.id in [kafka.consumer] gives a host its partitions back at once",
        )
}
