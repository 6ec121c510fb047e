//! Members that are what an earlier life of a host has left in its group.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::patience::NEXT_COMMIT_MS;
use crate::diagnosis::scene::{Place, Scene};
use crate::diagnosis::snapshot::{GroupKind, Member};
use crate::diagnosis::words::{list, member, wait};
use crate::status::Status;

use super::cures::{numbers, seen};
use super::progress::stands;

/// Partitions whose owner goes by the name of a host that answers and is another member. A host that
/// is started again under its name joins anew, and its group waits for the dead one.
pub(super) fn rule(scene: &Scene<'_>) -> Vec<Finding> {
    let topics = scene.by_topic().into_iter();
    topics
        .filter_map(|(topic, mut places)| {
            places.retain(|place| is_left_over(scene, place));
            (!places.is_empty()).then(|| left_over(scene, topic, &places))
        })
        .collect()
}

/// Whether a place stands still since its owner is such a member, for longer than one that lives may
/// take.
pub(in crate::diagnosis) fn is_left_over(scene: &Scene<'_>, place: &Place<'_>) -> bool {
    let watched = scene.is_of_consumers() && scene.watched_ms() >= NEXT_COMMIT_MS;
    watched && stands(place) && successor(scene, place).is_some() && has_lasted(scene, place)
}

/// The host that goes by the owner's `client.id`, and is another member or none.
pub(super) fn successor<'s>(scene: &Scene<'s>, place: &Place<'s>) -> Option<&'s Status> {
    let owner = place.owner.filter(|_| place.inside.is_none())?;
    let mut hosts = scene.hosts();
    let (_, status) = hosts.find(|(host, _)| host.client == owner.client)?;
    (status.member.as_ref() != Some(&owner.id)).then_some(status)
}

/// It was the owner's in the first look already, or for as long; the group may be sharing out meanwhile.
fn has_lasted(scene: &Scene<'_>, place: &Place<'_>) -> bool {
    let before = scene.roll.first_owner(place.topic, place.partition);
    let same = before.zip(place.owner);
    same.is_some_and(|(before, now)| before.id == now.id) || scene.held_ms(place) >= NEXT_COMMIT_MS
}

fn left_over(scene: &Scene<'_>, topic: &str, places: &[&Place<'_>]) -> Finding {
    let owners: Vec<&Member> = places.iter().filter_map(|place| place.owner).collect();
    let waiting = places.iter().filter_map(|place| place.waiting()).sum();
    let hosts = places.iter().filter_map(|place| successor(scene, place));
    let hosts: BTreeSet<&str> = hosts.map(|of| of.host.as_str()).collect();
    let hosts: Vec<&str> = hosts.into_iter().collect();
    let are_static = owners.iter().any(|of| of.instance.is_some());
    let left = match are_static {
        true => {
            "the static member that it was before it was started anew, and has not come back as"
        }
        false => "what is left of one that was killed",
    };
    let cause = format!(
        "{} in {} of {topic}, which the group keeps for a member by the name of host {}; the host \
         answers, and is not that member: most likely it is {left}. It ends with its session",
        wait(waiting),
        numbers(places),
        list(&hosts, "and"),
    );
    let mut finding = Finding::new(Code::DoctorStandstill, Stage::Assignment, topic, cause);
    let named: BTreeSet<String> = owners.iter().map(|of| member(of)).collect();
    for owner in named {
        finding = finding.evidence("owner", owner);
    }
    let finding = seen(finding, places).or(
        "two hosts go by one name, and the other one has the partitions: each needs a host.id of \
         its own",
    );
    let is_classic = scene
        .group
        .is_some_and(|group| group.kind == GroupKind::Classic);
    let until = match is_classic {
        true => "session.timeout.ms, 45 s by default",
        false => "the brokers' group.consumer.session.timeout.ms, 45 s by default",
    };
    let finding = finding.step(format!(
        "wait: when the session ends ({until}), the group shares the partitions out anew{}",
        match are_static {
            true =>
                "; the host has them before that, once it joins: its plugins are compiled first",
            false => "",
        }
    ));
    if are_static {
        return finding;
    }
    let killed = match is_classic {
        true => {
            "; one that may be killed all the same has its partitions back at once with a \
             group.instance.id in [kafka.consumer]"
        }
        false => "",
    };
    finding.step(format!(
        "so that it does not happen again, end hosts by SIGTERM, and give them \
         host.shutdown-deadline for it{killed}"
    ))
}
