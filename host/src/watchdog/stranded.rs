//! Whether the host's own client still has what its group counts as this host's.
//!
//! A client may be a member in its group's eyes and yet never hand its partitions over, or believe
//! itself a member that no broker knows; a coordinator that was killed may come back with a group that
//! has members and shares nothing out (seen with Kafka 4.1.1 and KIP-848). Nobody reads then, and
//! nothing changes by itself. Joining anew is what is left: the host ends, to be started again.

use std::collections::BTreeSet;

use penstock_core::codes::Code;
use penstock_core::diagnosis::snapshot::{Answer, Assigned, Look};
use penstock_core::status::Status;

/// So many looks in a row the group counts partitions as this host's that it does not have: a minute,
/// longer than whatever a healthy client is busy with.
const LOOKS: u32 = 7;
/// So many while the group's epoch lies behind its members', which can't pass by itself and needs each
/// of them to join anew, perhaps more than once.
const LOOKS_BEHIND: u32 = 2;
/// So many it does not know this host: two minutes, since a group that settles takes in nobody.
const LOOKS_OUTSIDE: u32 = 13;

/// Asks the client how it stands in its group.
pub trait Membership: Send + Sync {
    /// `None` if it consumes nothing yet, or no more. Waits for the client's own thread.
    fn standing(&self) -> Option<Standing>;
}

/// How the client itself sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// It has not asked to join yet, or a rebalance or a reset is being carried out.
    pub is_busy: bool,
    /// Assignments and revocations so far.
    pub rebalances: u64,
    /// As which member it joined; `None` before that.
    pub member: Option<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Stranded {
    since: Option<(Why, u64)>,
    looks: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    /// The group counts these as this host's.
    NotHandedOver(BTreeSet<(String, i32)>),
    /// The group has settled, and nobody has anything of these topics.
    NotSharedOut(BTreeSet<String>),
    /// The same, since the coordinator has lost epochs.
    Behind,
    /// The group has no such member.
    Unknown(Option<String>),
    /// The client's own thread does not answer.
    Silent,
}

impl Stranded {
    /// Takes in what was seen; `standing` is an error if the client did not answer. The reason, once
    /// the client is to begin anew.
    pub(super) fn add(
        &mut self,
        look: &Look,
        status: &Status,
        standing: Result<Option<Standing>, ()>,
    ) -> Option<String> {
        let now = seen(look, status, standing);
        self.looks = match (&self.since, &now) {
            (Some(before), Some(now)) if before == now => self.looks + 1,
            (_, Some(_)) => 1,
            (_, None) => 0,
        };
        self.since = now;
        let (why, _) = self.since.as_ref()?;
        let needed = match why {
            Why::Unknown(_) => LOOKS_OUTSIDE,
            Why::Behind => LOOKS_BEHIND,
            Why::NotHandedOver(_) | Why::NotSharedOut(_) | Why::Silent => LOOKS,
        };
        (self.looks >= needed).then(|| text(why, &status.group))
    }
}

/// What is wrong in this look, and after how many rebalances.
fn seen(
    look: &Look,
    status: &Status,
    standing: Result<Option<Standing>, ()>,
) -> Option<(Why, u64)> {
    let Ok(standing) = standing else {
        return Some((Why::Silent, 0));
    };
    let standing = standing.filter(|of| !of.is_busy)?;
    let Answer::Known(group) = &look.group else {
        return None;
    };
    let known = |of: &&String| group.members.iter().any(|member| member.id == **of);
    let has = |code: Code| status.conditions.iter().any(|of| of.code == code.as_str());
    let Some(id) = standing.member.as_ref().filter(known) else {
        // It is known why it is not taken in, or has not even asked; these wait for somebody.
        let waits = [
            Code::GroupRefuses,
            Code::KafkaRefused,
            Code::KafkaUnreachable,
            Code::TopicMissing,
        ];
        let there = topics(look).next().is_some();
        let is_unknown = there && !waits.into_iter().any(has);
        return is_unknown.then_some((Why::Unknown(standing.member), standing.rebalances));
    };
    let shared_out = group.members.iter().flat_map(|member| &member.assignment);
    let shared_out = shared_out.filter(|of| !of.partitions.is_empty());
    let unread = not_shared_out(
        look,
        status,
        shared_out.map(|of| of.topic.as_str()).collect(),
    );
    if group.state == "Stable" && !unread.is_empty() {
        let why = match group.epochs_behind() {
            Some(_) => Why::Behind,
            None => Why::NotSharedOut(unread),
        };
        return Some((why, standing.rebalances));
    }
    let mut members = group.members.iter();
    let counted = members.find(|member| member.id == *id)?.assignment.iter();
    let counted = counted.flat_map(partitions);
    let held: BTreeSet<(String, i32)> = status
        .partitions
        .iter()
        .map(|of| (of.topic.clone(), of.partition))
        .collect();
    let missing: BTreeSet<_> = counted.filter(|of| !held.contains(of)).collect();
    (!missing.is_empty()).then_some((Why::NotHandedOver(missing), standing.rebalances))
}

/// The topics of the look that have partitions.
fn topics(look: &Look) -> impl Iterator<Item = &str> {
    let topics = look.topics.iter();
    let there = topics.filter(|of| matches!(&of.partitions, Answer::Known(all) if !all.is_empty()));
    there.map(|of| of.name.as_str())
}

/// Those that this host has asked for and that have partitions, if nobody has any of any of them.
fn not_shared_out(look: &Look, status: &Status, shared_out: BTreeSet<&str>) -> BTreeSet<String> {
    let asked_for = |topic: &&str| {
        let mut conditions = status.conditions.iter();
        !conditions.any(|of| of.code == Code::PluginCompiling.as_str() && of.subject == *topic)
    };
    let names: BTreeSet<String> = topics(look).filter(asked_for).map(str::to_owned).collect();
    if names.iter().any(|name| shared_out.contains(name.as_str())) {
        return BTreeSet::new();
    }
    names
}

fn partitions(of: &Assigned) -> impl Iterator<Item = (String, i32)> {
    let numbers = of.partitions.iter();
    numbers.map(|number| (of.topic.clone(), *number))
}

fn text(why: &Why, group: &str) -> String {
    let what = match why {
        Why::NotHandedOver(missing) => {
            let names = missing
                .iter()
                .map(|(topic, number)| format!("{topic}[{number}]"));
            format!(
                "the group {group} has counted {} as this host's for a minute, and its Kafka client has \
                 not handed them over",
                names.collect::<Vec<_>>().join(", ")
            )
        }
        Why::NotSharedOut(topics) => {
            let topics: Vec<_> = topics.iter().map(String::as_str).collect();
            format!(
                "the group {group} has members and has settled, and for a minute its coordinator has \
                 given nobody anything of {}",
                topics.join(", ")
            )
        }
        Why::Behind => format!(
            "the coordinator of the group {group} has lost epochs, and gives nobody anything until its \
             members have come and gone often enough (PSK-D011)"
        ),
        Why::Unknown(Some(id)) => format!(
            "the Kafka client has joined the group {group} as {id}, and the group has not known that \
             member for two minutes"
        ),
        Why::Unknown(None) => format!(
            "the Kafka client has been asked to join the group {group}, and has not for two minutes"
        ),
        Why::Silent => "the Kafka client has answered nothing for a minute".to_owned(),
    };
    format!(
        "{}: {what}. Nothing of it is read meanwhile, and nothing is lost; joining the group anew is \
         what may help",
        Code::AssignmentNeverCame
    )
}

#[cfg(test)]
mod tests;
