//! A snapshot seen as the rules see it: each partition with its owner, position, log and movement.

use std::collections::{BTreeMap, BTreeSet};

use super::roll::{Roll, wanted};
use super::snapshot::{
    Ahead, Answer, Assigned, Batch, Committed, Group, GroupKind, Host, Log, Look, Member, Snapshot,
};
use crate::status::{ParkedStatus, PartitionStatus, Status, WaitStatus};

/// A snapshot, joined.
pub(super) struct Scene<'s> {
    pub snapshot: &'s Snapshot,
    pub first: &'s Look,
    pub last: &'s Look,
    /// The group as last seen.
    pub group: Option<&'s Group>,
    /// The group from the first look to the last.
    pub roll: Roll<'s>,
    /// The partitions in question, by topic and number.
    pub places: Vec<Place<'s>>,
}

/// A partition in question.
pub(super) struct Place<'s> {
    pub topic: &'s str,
    pub partition: i32,
    /// Who has it.
    pub owner: Option<&'s Member>,
    /// Since when, as far as was seen, in milliseconds since 1970.
    pub owner_since_ms: Option<i64>,
    /// Whether a member of the group wants its topic.
    pub subscribed: bool,
    /// What is committed; `None`: not known.
    pub committed: Option<Committed>,
    /// What was committed in the first look.
    pub before: Option<Committed>,
    pub log: Option<Log>,
    pub log_before: Option<Log>,
    pub leader: Option<i32>,
    /// What lies at its position.
    pub ahead: Option<&'s Ahead>,
    /// What the host says that has it.
    pub inside: Option<Inside<'s>>,
}

/// A partition, as the host of Penstock describes it that has it.
#[derive(Clone, Copy)]
pub(super) struct Inside<'s> {
    pub host: &'s Status,
    pub now: &'s PartitionStatus,
    /// The same stay in the first look.
    pub before: Option<&'s PartitionStatus>,
}

impl<'s> Scene<'s> {
    pub fn new(snapshot: &'s Snapshot) -> Option<Scene<'s>> {
        let (first, last) = (snapshot.looks.first()?, snapshot.looks.last()?);
        let group = last.group.known();
        let mut scene = Scene {
            snapshot,
            first,
            last,
            group,
            roll: Roll::new(snapshot),
            places: Vec::new(),
        };
        let scope = scene.scope();
        let (committed, committed_before) = (commits(last), commits(first));
        let logs_before = logs(first);
        for topic in last
            .topics
            .iter()
            .filter(|topic| scope.contains(topic.name.as_str()))
        {
            let subscribed = scene.is_subscribed(&topic.name);
            for of in topic.partitions.known().into_iter().flatten() {
                let key = (topic.name.as_str(), of.number);
                let owner = scene.roll.owner(&topic.name, of.number);
                let others = owner.is_some_and(|(of, _)| !scene.is_looked_at(&of.client));
                if others {
                    continue;
                }
                let mut place = Place {
                    topic: &topic.name,
                    partition: of.number,
                    owner: owner.map(|(of, _)| of),
                    owner_since_ms: owner.map(|(_, since)| since),
                    subscribed,
                    committed: committed_in(committed.as_ref(), key),
                    before: committed_in(committed_before.as_ref(), key),
                    log: of.log.known().copied(),
                    log_before: logs_before.get(&key).copied(),
                    leader: of.leader,
                    ahead: None,
                    inside: inside(first, last, key),
                };
                place.ahead = snapshot.ahead.iter().find(|it| {
                    (it.topic.as_str(), it.partition) == key && Some(it.from) == place.reads_at()
                });
                scene.places.push(place);
            }
        }
        Some(scene)
    }

    /// The topics in question: those named; else what members want or have; without members, what
    /// has commits, and what those wanted who were there before.
    fn scope(&self) -> BTreeSet<&'s str> {
        if !self.snapshot.topics.is_empty() {
            return self.snapshot.topics.iter().map(String::as_str).collect();
        }
        let scope: BTreeSet<&str> = self.group.into_iter().flat_map(wanted).collect();
        if !scope.is_empty() {
            return scope;
        }
        let commits = self.last.committed.known().into_iter().flatten();
        let committed = commits.map(|of| of.topic.as_str());
        committed.chain(self.roll.wanted()).collect()
    }

    /// One of Kafka's own tools, at this cluster.
    pub fn tool(&self, name: &str) -> String {
        self.snapshot.access.tool(name, &self.snapshot.bootstrap)
    }

    /// Where a command of Penstock's own finds this cluster.
    pub fn entrance(&self) -> String {
        self.snapshot.access.entrance(&self.snapshot.bootstrap)
    }

    /// Whether what the client has is in question.
    fn is_looked_at(&self, client: &str) -> bool {
        let only = self.snapshot.client.as_deref();
        only.is_none_or(|only| only == client)
    }

    /// The hosts of Penstock that were asked and answered.
    pub fn hosts(&self) -> impl Iterator<Item = (&'s Host, &'s Status)> {
        let hosts = self.last.hosts.iter();
        hosts.filter_map(|host| Some((host, host.status.known()?)))
    }

    /// Whether each owner of a partition is a host that has told what it does.
    pub fn is_seen_inside(&self) -> bool {
        let mut owned = self.places.iter().filter(|place| place.owner.is_some());
        let any = !self.last.hosts.is_empty();
        any && owned.all(|place| place.inside.is_some())
    }

    pub fn members(&self) -> &'s [Member] {
        self.group
            .map(|group| group.members.as_slice())
            .unwrap_or_default()
    }

    /// Whether members consume topics, as opposed to share groups and workers of Kafka Connect.
    pub fn is_of_consumers(&self) -> bool {
        let kind = self.group.map(|group| group.kind);
        matches!(
            kind,
            Some(GroupKind::Classic | GroupKind::Consumer | GroupKind::Streams)
        )
    }

    /// Whether the group has members and they have settled on who has what.
    pub fn is_settled(&self) -> bool {
        self.group.is_some_and(|group| group.state == "Stable")
    }

    /// Whether members are about to share out the partitions anew.
    pub fn is_rebalancing(&self) -> bool {
        self.group.is_some_and(is_rebalancing)
    }

    /// Whether any member wants a topic; a pattern may match anything.
    pub fn is_subscribed(&self, topic: &str) -> bool {
        self.members().iter().any(|of| {
            of.pattern.is_some()
                || of.subscription.iter().flatten().any(|name| name == topic)
                || of.assignment.iter().any(|of| of.topic == topic)
        })
    }

    /// Whether more waits at a place than what was written to it since the first look: a reader that
    /// keeps up has no more before it than came since its last commit.
    pub fn is_left_behind(&self, place: &Place<'_>) -> bool {
        let (waiting, written) = (place.waiting().unwrap_or(0), place.written().unwrap_or(0));
        self.is_watched() && written > 0 && waiting > written
    }

    /// The places of each topic.
    pub fn by_topic(&self) -> BTreeMap<&'s str, Vec<&Place<'s>>> {
        let mut topics: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for place in &self.places {
            topics.entry(place.topic).or_default().push(place);
        }
        topics
    }

    /// How long the same member has had a place, as far as was seen, in milliseconds.
    pub fn held_ms(&self, place: &Place<'_>) -> i64 {
        place
            .owner_since_ms
            .map_or(0, |since| self.last.at_ms - since)
    }

    /// From the first look to the last, in milliseconds.
    pub fn watched_ms(&self) -> i64 {
        self.last.at_ms - self.first.at_ms
    }

    pub fn is_watched(&self) -> bool {
        self.snapshot.looks.len() > 1
    }
}

pub(super) fn is_rebalancing(group: &Group) -> bool {
    matches!(
        group.state.as_str(),
        "PreparingRebalance" | "CompletingRebalance" | "Assigning" | "Reconciling"
    )
}

impl<'s> Place<'s> {
    /// For what reason and until when its host rests there, if that is on purpose.
    pub fn paused(&self) -> Option<&WaitStatus> {
        let waits = self.inside.as_ref()?.now.waits.as_ref();
        waits.filter(|of| of.kind == "paused")
    }

    /// What waits there for a retry while the others go on: commits stand still meanwhile.
    pub fn parked(&self) -> Option<&ParkedStatus> {
        self.inside.as_ref()?.now.parked.as_ref()
    }

    /// `topic[0]`
    pub fn name(&self) -> String {
        format!("{}[{}]", self.topic, self.partition)
    }

    /// The committed offset.
    pub fn position(&self) -> Option<i64> {
        match self.committed {
            Some(Committed::At(offset)) => Some(offset),
            _ => None,
        }
    }

    pub fn position_before(&self) -> Option<i64> {
        match self.before {
            Some(Committed::At(offset)) => Some(offset),
            _ => None,
        }
    }

    pub fn has_no_commit(&self) -> bool {
        self.committed == Some(Committed::Nothing)
    }

    /// Where a reader goes on that is to miss nothing; `None`: not known.
    pub fn reads_at(&self) -> Option<i64> {
        let log = self.log?;
        match self.committed {
            Some(Committed::At(offset)) => Some(offset.max(log.start)),
            Some(Committed::Nothing) => Some(log.start),
            _ => None,
        }
    }

    /// How many offsets a reader of committed records has before it; `None`: not known.
    pub fn waiting(&self) -> Option<i64> {
        Some((self.log?.last_stable - self.reads_at()?).max(0))
    }

    /// Whether there is something to be read: not only markers of transactions, or what was
    /// compacted away.
    pub fn is_readable(&self) -> bool {
        self.waiting().is_some_and(|offsets| offsets > 0)
            && !matches!(
                self.ahead,
                Some(Ahead {
                    batch: Answer::Known(None),
                    ..
                })
            )
    }

    /// What it has to read next, where that was looked at.
    pub fn next_batch(&self) -> Option<&'s Batch> {
        self.ahead?.batch.known()?.as_ref()
    }

    /// Whether its commit changed from the first look to the last.
    pub fn has_moved(&self) -> bool {
        self.committed.is_some() && self.before.is_some() && self.committed != self.before
    }

    /// How many records were written to it meanwhile.
    pub fn written(&self) -> Option<i64> {
        Some(self.log?.end - self.log_before?.end)
    }

    /// `committed 3, log 0 to 9, 6 waiting, client on host (id)`
    pub fn evidence(&self) -> (String, String) {
        let committed = match &self.committed {
            Some(Committed::At(offset)) => offset.to_string(),
            Some(Committed::Nothing) => "-".to_owned(),
            Some(Committed::Unstable) => "in a transaction".to_owned(),
            Some(Committed::Refused(_)) | None => "unknown".to_owned(),
        };
        let mut text = format!("committed {committed}");
        if let Some(log) = self.log {
            text += &format!(", log {} to {}", log.start, log.end);
        }
        if let Some(waiting) = self.waiting() {
            text += &format!(", {waiting} waiting");
        }
        match self.owner {
            Some(owner) => text += &format!(", owner {} on {}", owner.client, owner.host),
            None => text += ", no owner",
        }
        (self.name(), text)
    }
}

fn inside<'s>(first: &'s Look, last: &'s Look, (topic, number): (&str, i32)) -> Option<Inside<'s>> {
    let of = |look: &'s Look| {
        look.hosts.iter().find_map(|host| {
            let status = host.status.known()?;
            let mut partitions = status.partitions.iter();
            let found = partitions.find(|of| of.topic == topic && of.partition == number)?;
            Some((status, found))
        })
    };
    let (host, now) = of(last)?;
    let before = of(first).filter(|(before, of)| before.host == host.host && of.epoch == now.epoch);
    Some(Inside {
        host,
        now,
        before: before.map(|(_, of)| of),
    })
}

pub(super) fn each(assigned: &[Assigned]) -> impl Iterator<Item = (&str, i32)> {
    let topics = assigned.iter();
    topics.flat_map(|of| {
        of.partitions
            .iter()
            .map(|number| (of.topic.as_str(), *number))
    })
}

type Commits<'s> = BTreeMap<(&'s str, i32), &'s Committed>;

fn commits(look: &Look) -> Option<Commits<'_>> {
    let commits = look.committed.known()?.iter();
    Some(
        commits
            .map(|of| ((of.topic.as_str(), of.partition), &of.offset))
            .collect(),
    )
}

fn committed_in(commits: Option<&Commits<'_>>, key: (&str, i32)) -> Option<Committed> {
    let commits = commits?;
    Some(
        commits
            .get(&key)
            .map_or(Committed::Nothing, |of| (*of).clone()),
    )
}

fn logs(look: &Look) -> BTreeMap<(&str, i32), Log> {
    let mut logs = BTreeMap::new();
    for topic in &look.topics {
        for of in topic.partitions.known().into_iter().flatten() {
            if let Some(log) = of.log.known() {
                logs.insert((topic.name.as_str(), of.number), *log);
            }
        }
    }
    logs
}
