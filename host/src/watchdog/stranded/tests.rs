//! What is said, and after how many looks.

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
