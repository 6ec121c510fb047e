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
mod tests {
    use penstock_core::diagnosis::snapshot::{Group, GroupKind, Member, Partition, Topic};

    use super::*;
    use crate::admin::fake;

    fn assigned(partitions: &[i32]) -> Vec<Assigned> {
        vec![Assigned {
            topic: "purchase-confirmed".to_owned(),
            topic_id: None,
            partitions: partitions.to_vec(),
        }]
    }

    /// The topic of the status, with partitions.
    fn with_topic(mut look: Look) -> Look {
        look.topics = vec![Topic {
            name: "purchase-confirmed".to_owned(),
            id: None,
            partitions: Answer::Known(vec![Partition {
                number: 0,
                leader: Some(1),
                log: Answer::Unasked,
            }]),
            settings: Answer::Unasked,
        }];
        look
    }

    /// A look at a group with one member, which has these.
    fn look(id: &str, partitions: &[i32]) -> Look {
        let member = Member {
            id: id.to_owned(),
            instance: None,
            client: "penstock-worker-1:9464".to_owned(),
            host: String::new(),
            epoch: None,
            subscription: None,
            pattern: None,
            assignment: assigned(partitions),
            target: None,
        };
        let mut look = Look::blind(0);
        look.group = Answer::Known(Group {
            kind: GroupKind::Classic,
            state: "Stable".to_owned(),
            assignor: String::new(),
            epoch: None,
            members: vec![member],
        });
        look
    }

    fn standing(rebalances: u64) -> Result<Option<Standing>, ()> {
        Ok(Some(Standing {
            is_busy: false,
            rebalances,
            member: Some("me".to_owned()),
        }))
    }

    /// After how many looks it is said, of so many.
    fn said_after(
        looks: u32,
        mut seen: impl FnMut(u32) -> (Look, Result<Option<Standing>, ()>),
    ) -> Option<(u32, String)> {
        let mut stranded = Stranded::default();
        (1..=looks).find_map(|number| {
            let (look, standing) = seen(number);
            let said = stranded.add(&look, &fake::status(), standing)?;
            Some((number, said))
        })
    }

    /// One of each partition that the status has, and one more.
    fn one_too_many() -> Vec<i32> {
        let held = fake::status().partitions;
        let mut numbers: Vec<i32> = held.iter().map(|of| of.partition).collect();
        numbers.push(77);
        numbers
    }

    #[test]
    fn partitions_that_never_come_are_said_after_a_minute() {
        let numbers = one_too_many();
        let (number, text) =
            said_after(20, |_| (look("me", &numbers), standing(3))).expect("it is said");
        assert_eq!(number, LOOKS);
        assert!(text.contains("PSK-K012"), "{text}");
        assert!(
            text.contains("purchase-confirmed[77] as this host's"),
            "{text}"
        );
        assert!(
            !text.contains("purchase-confirmed[0]"),
            "it is held: {text}"
        );
    }

    #[test]
    fn what_is_held_or_in_motion_is_not_said() {
        let numbers = one_too_many();
        let held = &numbers[..numbers.len() - 1];
        assert_eq!(said_after(20, |_| (look("me", held), standing(3))), None);
        let each_time = |number| (look("me", &numbers), standing(u64::from(number)));
        assert_eq!(said_after(20, each_time), None, "rebalances go on");
        let busy = Standing {
            is_busy: true,
            member: Some("me".to_owned()),
            ..Standing::default()
        };
        let is_busy = |_| (look("me", &numbers), Ok(Some(busy.clone())));
        assert_eq!(said_after(20, is_busy), None);
        assert_eq!(said_after(20, |_| (look("me", &numbers), Ok(None))), None);
        let unseen = |_| (Look::blind(0), standing(3));
        assert_eq!(said_after(20, unseen), None, "the group can't be seen");
    }

    #[test]
    fn a_look_that_finds_all_well_begins_the_count_anew() {
        let numbers = one_too_many();
        let seen = |number| {
            let well = number == LOOKS;
            let numbers = &numbers[..numbers.len() - usize::from(well)];
            (look("me", numbers), standing(3))
        };
        let said = said_after(30, seen).expect("it is said");
        assert_eq!(said.0, 2 * LOOKS);
    }

    #[test]
    fn a_member_that_nobody_knows_is_said_after_two() {
        let unknown = |_| (with_topic(look("another", &[0])), standing(3));
        let (number, text) = said_after(30, unknown).expect("it is said");
        assert_eq!(number, LOOKS_OUTSIDE);
        assert!(text.contains("has not known that member"), "{text}");
    }

    #[test]
    fn who_waits_for_somebody_is_left_waiting() {
        let nothing_there = |_| (look("another", &[0]), standing(3));
        assert_eq!(said_after(30, nothing_there), None, "no topic is there");
        let seen = |code: Code, subject: &str, id: &str| {
            let mut status = fake::status();
            let mut condition = status.conditions[0].clone();
            (condition.code, condition.subject) = (code.to_string(), subject.to_owned());
            status.conditions = vec![condition];
            super::seen(&with_topic(look(id, &[])), &status, standing(3)).map(|(why, _)| why)
        };
        for code in [Code::GroupRefuses, Code::KafkaRefused, Code::TopicMissing] {
            assert_eq!(seen(code, "t", "another"), None, "{code}");
        }
        let unknown = Why::Unknown(Some("me".to_owned()));
        assert_eq!(seen(Code::CommitFailed, "t", "another"), Some(unknown));
        let compiled = |topic| seen(Code::PluginCompiling, topic, "me");
        assert_eq!(compiled("purchase-confirmed"), None);
        let topic = BTreeSet::from(["purchase-confirmed".to_owned()]);
        assert_eq!(compiled("another"), Some(Why::NotSharedOut(topic)));
    }

    #[test]
    fn a_group_that_shares_nothing_out_is_said() {
        let nothing = |_| (with_topic(look("me", &[])), standing(0));
        let (number, text) = said_after(30, nothing).expect("it is said");
        assert_eq!(number, LOOKS);
        assert!(
            text.contains("given nobody anything of purchase-confirmed"),
            "{text}"
        );
        let has_another = |_| (with_topic(look("me", &[77])), standing(0));
        let (_, text) = said_after(30, has_another).expect("partition 77 is not held");
        assert!(text.contains("not handed them over"), "{text}");
        let behind = |_| {
            let mut look = with_topic(look("me", &[]));
            let Answer::Known(group) = &mut look.group else {
                unreachable!()
            };
            group.epoch = Some(38);
            group.members[0].epoch = Some(43);
            (look, standing(0))
        };
        let (number, text) = said_after(30, behind).expect("it is said");
        assert_eq!(number, LOOKS_BEHIND);
        assert!(text.contains("has lost epochs"), "{text}");
        let not_settled = |_| {
            let mut look = with_topic(look("me", &[]));
            let Answer::Known(group) = &mut look.group else {
                unreachable!()
            };
            group.state = "PreparingRebalance".to_owned();
            (look, standing(0))
        };
        assert_eq!(said_after(30, not_settled), None);
    }

    #[test]
    fn a_client_that_does_not_answer_is_said_too() {
        let silent = |_| (look("me", &[0]), Err(()));
        assert_eq!(said_after(30, silent).map(|said| said.0), Some(LOOKS));
    }
}
