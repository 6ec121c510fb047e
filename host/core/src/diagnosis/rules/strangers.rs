//! Another application in the same group takes a share of the partitions.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::scene::{Scene, each};
use crate::diagnosis::snapshot::Member;
use crate::diagnosis::words::{list, member};

/// Members whose client ids have no word in common, so that they can hardly be of one application.
pub(super) fn rule(scene: &Scene<'_>) -> Vec<Finding> {
    if !scene.is_of_consumers() {
        return Vec::new();
    }
    let topics: BTreeSet<&str> = scene.places.iter().map(|place| place.topic).collect();
    let reads = |of: &&Member| {
        let wants = of.subscription.iter().flatten().map(String::as_str);
        let has = of.assignment.iter().map(|of| of.topic.as_str());
        of.pattern.is_some() || wants.chain(has).any(|topic| topics.contains(topic))
    };
    let families = families(scene.members().iter().filter(reads));
    if families.len() < 2 {
        return Vec::new();
    }
    let clients: Vec<&str> = families
        .iter()
        .map(|family| family[0].client.as_str())
        .collect();
    let cause = format!(
        "clients of {} applications seem to share the group: {}. Each partition goes to one \
         member, so each application sees only a part of the records, and each commits for both",
        families.len(),
        list(&clients, "and")
    );
    let name = &scene.snapshot.group;
    let mut finding = Finding::new(Code::DoctorStrangers, Stage::Assignment, name, cause);
    for of in families.iter().flatten().take(8) {
        finding = finding.evidence(
            of.client.clone(),
            format!("{}; has {}", member(of), has(of)),
        );
    }
    vec![
        finding
            .or(
                "it is one application, whose members have client ids of their own (client.id), or \
                 one that is being replaced by another on purpose",
            )
            .step("give each application a group.id of its own, and restart the one that is wrong")
            .step(
                "then set the offsets of the right one back to where the records that the other \
                 one took begin",
            ),
    ]
}

fn has(of: &Member) -> String {
    let partitions: Vec<String> = each(&of.assignment)
        .map(|(topic, number)| format!("{topic}[{number}]"))
        .take(6)
        .collect();
    match partitions.len() {
        0 => "nothing".to_owned(),
        _ => list(&partitions, "and"),
    }
}

/// Members by the words in their client ids: two that share one are of a family. An id without
/// words, as a random one, may be of any.
fn families<'m>(members: impl Iterator<Item = &'m Member>) -> Vec<Vec<&'m Member>> {
    let mut families: Vec<(BTreeSet<String>, Vec<&Member>)> = Vec::new();
    for member in members {
        let words = words(&member.client);
        if words.is_empty() {
            continue;
        }
        let (mut joined, others): (Vec<_>, Vec<_>) = families
            .into_iter()
            .partition(|(known, _)| !known.is_disjoint(&words));
        families = others;
        let mut family = (words, vec![member]);
        for (known, members) in joined.drain(..) {
            family.0.extend(known);
            family.1.splice(0..0, members);
        }
        families.push(family);
    }
    families.into_iter().map(|(_, members)| members).collect()
}

/// `purchase-worker-7f9c8d-x2` has `purchase` and `worker`; numbers and random parts say nothing.
fn words(client: &str) -> BTreeSet<String> {
    let parts = client.split(|c: char| !c.is_alphanumeric());
    let is_word = |part: &&str| part.len() >= 2 && part.chars().all(char::is_alphabetic);
    let is_hex = |part: &str| part.len() >= 6 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts
        .filter(is_word)
        .filter(|part| !is_hex(part))
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn numbers_and_random_parts_are_no_words() {
        let of = |client: &str| words(client).into_iter().collect::<Vec<_>>();
        assert_eq!(of("purchase-worker-7f9c8d-x2"), ["purchase", "worker"]);
        assert_eq!(of("penstock-h1:9644"), ["penstock"]);
        assert!(of("0f8b2c9e-aaaa-4bbb").is_empty() || of("deadbeef-12").is_empty());
        assert!(of("").is_empty());
    }
}
