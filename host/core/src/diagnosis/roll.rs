//! Who was in the group, and had what, from the first look to the last.

use std::collections::{BTreeMap, BTreeSet};

use super::scene::{each, is_rebalancing};
use super::snapshot::{Group, Member, Snapshot};

type Owners<'s> = BTreeMap<(&'s str, i32), &'s Member>;

/// The group at one moment.
struct Sample<'s> {
    at_ms: i64,
    group: &'s Group,
    owners: Owners<'s>,
}

/// All that was seen of the group, in time.
pub(super) struct Roll<'s> {
    samples: Vec<Sample<'s>>,
    /// Whether the last look saw the group.
    is_current: bool,
}

impl<'s> Roll<'s> {
    pub fn new(snapshot: &'s Snapshot) -> Roll<'s> {
        let of = |look: &'s super::snapshot::Look| Some((look.at_ms, look.group.known()?));
        let first = snapshot.looks.first().and_then(of);
        let last = snapshot.looks.last().and_then(of);
        let between = snapshot.glimpses.iter().map(|of| (of.at_ms, &of.group));
        let all = first.into_iter().chain(between);
        let all = all.chain(last.filter(|_| snapshot.looks.len() > 1));
        let sample = |(at_ms, group)| Sample {
            at_ms,
            group,
            owners: owners(group),
        };
        Roll {
            samples: all.map(sample).collect(),
            is_current: last.is_some(),
        }
    }

    /// Who has a partition, and since when no other had it as far as was seen; while partitions are
    /// shared out, nobody works.
    pub fn owner(&self, topic: &str, partition: i32) -> Option<(&'s Member, i64)> {
        let (last, before) = self.samples.split_last().filter(|_| self.is_current)?;
        let owner = *last.owners.get(&(topic, partition))?;
        let same = |of: &&Sample<'_>| {
            let had = of.owners.get(&(topic, partition));
            !is_rebalancing(of.group) && had.is_some_and(|had| had.id == owner.id)
        };
        let since = before.iter().rev().take_while(same).last();
        Some((owner, since.map_or(last.at_ms, |of| of.at_ms)))
    }

    /// Who had a partition when the group was seen first.
    pub fn first_owner(&self, topic: &str, partition: i32) -> Option<&'s Member> {
        let first = self.samples.first()?;
        first.owners.get(&(topic, partition)).copied()
    }

    /// The members that came after the first look and were gone by the last.
    pub fn passed_through(&self) -> BTreeSet<&'s str> {
        let [first, between @ .., last] = self.samples.as_slice() else {
            return BTreeSet::new();
        };
        let mut passed: BTreeSet<&str> = between.iter().flat_map(|of| ids(of.group)).collect();
        passed.retain(|id| ids(first.group).chain(ids(last.group)).all(|of| of != *id));
        passed
    }

    /// Whether the same members were there all the time, and did not share out anything.
    pub fn is_calm(&self) -> bool {
        let settled = self.samples.iter().all(|of| !is_rebalancing(of.group));
        let same = |pair: &[Sample<'_>]| ids(pair[0].group).eq(ids(pair[1].group));
        settled && self.samples.windows(2).all(same)
    }

    /// Whether anybody was ever there.
    pub fn had_members(&self) -> bool {
        self.samples.iter().any(|of| !of.group.members.is_empty())
    }

    /// The topics that members wanted or had.
    pub fn wanted(&self) -> BTreeSet<&'s str> {
        let groups = self.samples.iter().map(|of| of.group);
        groups.flat_map(wanted).collect()
    }
}

/// By id, as the members of a group are.
fn ids(group: &Group) -> impl Iterator<Item = &str> {
    group.members.iter().map(|member| member.id.as_str())
}

/// What members want or have.
pub(super) fn wanted(group: &Group) -> impl Iterator<Item = &str> {
    let topics = group.members.iter().flat_map(|of| {
        let wants = of.subscription.iter().flatten();
        wants.chain(of.assignment.iter().map(|of| &of.topic))
    });
    topics.map(String::as_str)
}

fn owners(group: &Group) -> Owners<'_> {
    let mut owners = BTreeMap::new();
    for member in &group.members {
        for (topic, partition) in each(&member.assignment) {
            owners.insert((topic, partition), member);
        }
    }
    owners
}
