//! Brokers and groups: reached, permitted, there, settled.

use penstock_core::diagnosis::snapshot::{
    Answer, Group, GroupKind, ListedGroup, Look, Member, Snapshot,
};
use penstock_core::diagnosis::{Certainty, watch_ms};

use crate::world::{Build, healthy, look, member, only, snapshot, still, with_glimpses};

fn missing() -> Snapshot {
    let mut look = look();
    look.group = Answer::Missing("GROUP_ID_NOT_FOUND".to_owned());
    snapshot(&[look])
}

fn listed(id: &str, kind: GroupKind) -> ListedGroup {
    ListedGroup {
        id: id.to_owned(),
        kind: Some(kind),
        state: "Stable".to_owned(),
    }
}

fn set(look: &mut Look, change: impl FnOnce(&mut Group)) {
    if let Answer::Known(group) = &mut look.group {
        change(group);
    }
}

#[test]
fn a_group_that_is_not_there_is_missed_and_similar_ones_are_named() {
    let mut snapshot = missing();
    snapshot.groups = Answer::Known(vec![
        listed("worker", GroupKind::Classic),
        listed("unrelated", GroupKind::Classic),
    ]);
    let diagnosis = only(&snapshot, "PSK-D006");
    let similar = diagnosis.findings[0]
        .evidence
        .iter()
        .find(|of| of.label == "similar groups");
    assert_eq!(similar.map(|of| of.value.as_str()), Some("worker"));

    // It is there, and of a kind that is not examined.
    for (kind, words) in [
        (GroupKind::Share, "share group"),
        (GroupKind::Streams, "Kafka Streams"),
        (GroupKind::Connect, "Kafka Connect"),
    ] {
        snapshot.groups = Answer::Known(vec![listed("workers", kind)]);
        let notes = healthy(&snapshot).notes;
        assert!(notes[0].contains(words), "{notes:?}");
    }
}

fn deserted() -> Look {
    look()
        .state("Empty")
        .topic("t", &[(0, 9, 9)])
        .commit("t", 0, 4)
}

#[test]
fn records_that_wait_for_nobody_are_found() {
    let diagnosis = only(&still(deserted()), "PSK-D007");
    assert!(diagnosis.findings[0].cause.starts_with("5 records wait"));
    assert_eq!(watch_ms(&snapshot(&[deserted()])), 6000);
}

#[test]
fn a_group_that_was_left_without_a_commit_is_found_unless_nothing_waits() {
    // As KafkaJS leaves it, with a handler that hangs at the first record.
    let left = look().state("Empty");
    let diagnosis = only(&snapshot(std::slice::from_ref(&left)), "PSK-D007");
    assert!(diagnosis.findings[0].others[0].contains("--topic"));
    let mut asked = snapshot(&[left.topic("t", &[(0, 0, 0)])]);
    asked.topics = vec!["t".to_owned()];
    healthy(&asked);
    asked.looks = still(look().state("Empty").topic("t", &[(0, 3, 3)])).looks;
    only(&asked, "PSK-D007");
    // It left while it was watched, and what it wanted is known.
    let there = look()
        .topic("t", &[(0, 3, 3)])
        .with(member("worker", "t", &[0]));
    let gone = look().state("Empty").topic("t", &[(0, 3, 3)]).after(7000);
    let diagnosis = only(&snapshot(&[there, gone]), "PSK-D007");
    assert!(diagnosis.findings[0].cause.starts_with("3 records wait"));
}

#[test]
fn an_empty_group_may_have_nothing_to_do_or_do_it_otherwise() {
    let done = look()
        .state("Empty")
        .topic("t", &[(0, 9, 9)])
        .commit("t", 0, 9);
    let notes = healthy(&snapshot(std::slice::from_ref(&done))).notes;
    assert_eq!(notes, ["nobody is in the group, and nothing waits for it"]);
    assert_eq!(watch_ms(&snapshot(&[done])), 0);
    // Consumers that assign partitions to themselves commit, and are no members.
    let mut later = deserted().after(10_000);
    later.committed = look().commit("t", 0, 6).committed;
    healthy(&snapshot(&[deserted(), later]));
    // One look does not tell, and says so.
    let notes = healthy(&snapshot(&[deserted()])).notes;
    assert!(
        notes.iter().any(|note| note.contains("--watch-for")),
        "{notes:?}"
    );
}

#[test]
fn members_that_are_replaced_and_get_nothing_done_are_found() {
    let of = |id: &str| {
        let mut member = member("worker", "t", &[0]);
        member.id = id.to_owned();
        look()
            .topic("t", &[(0, 9, 9)])
            .with(member)
            .commit("t", 0, 4)
    };
    only(&snapshot(&[of("a"), of("b").after(7000)]), "PSK-D014");
    // A member was replaced, and the work goes on.
    let mut on = of("b").after(7000);
    on.committed = look().commit("t", 0, 6).committed;
    healthy(&snapshot(&[of("a"), on]));
    // The same member.
    healthy(&snapshot(&[of("a"), of("a").after(7000)]));
    let with_epoch = |epoch: i32| {
        let mut look = of("a").state("Assigning");
        set(&mut look, |group| group.epoch = Some(epoch));
        look
    };
    only(
        &snapshot(&[with_epoch(4), with_epoch(9).after(7000)]),
        "PSK-D014",
    );
    let notes = healthy(&snapshot(&[with_epoch(4), with_epoch(5).after(7000)])).notes;
    assert!(
        notes[0].starts_with("a rebalance is in progress"),
        "{notes:?}"
    );
}

#[test]
fn members_that_come_and_go_between_two_looks_are_found() {
    let of = |id: Option<&str>| {
        let mut look = look().topic("t", &[(0, 9, 9)]).commit("t", 0, 4);
        match id {
            Some(id) => {
                let mut member = member("worker", "t", &[0]);
                member.id = id.to_owned();
                look = look.with(member);
            }
            None => look = look.state("Empty"),
        }
        look
    };
    // At both looks nobody was there, between them somebody was.
    let came = of(Some("b")).after(3000);
    let seen = with_glimpses(of(None), std::slice::from_ref(&came), of(None).after(7000));
    let diagnosis = only(&seen, "PSK-D014");
    let finding = &diagnosis.findings[0];
    assert!(finding.cause.starts_with("5 records wait"));
    let evidence = finding
        .evidence
        .iter()
        .find(|of| of.label == "came and went");
    assert_eq!(evidence.map(|of| of.value.as_str()), Some("b"));
    assert_eq!(watch_ms(&seen), 6000);
    // Without a commit, only who came says what the group reads.
    let mut first = of(None);
    first.committed = look().committed;
    first.topics.clear();
    let mut last = of(None).after(7000);
    last.committed = look().committed;
    assert_eq!(watch_ms(&snapshot(std::slice::from_ref(&first))), 6000);
    only(
        &with_glimpses(first, std::slice::from_ref(&came), last),
        "PSK-D014",
    );
    // Who came and stays may be the first of many, and has its time.
    let stays = of(Some("b")).after(7000);
    let seen = with_glimpses(of(None), std::slice::from_ref(&came), stays);
    healthy(&seen);
    assert_eq!(watch_ms(&seen), 3000 + 10_000);
    let stays = of(Some("b")).after(13_000);
    only(&with_glimpses(of(None), &[came], stays), "PSK-D008");
}

#[test]
fn a_member_that_has_just_come_is_given_time_for_its_first_commit() {
    let empty = look().state("Empty").topic("t", &[(0, 9, 9)]);
    let came = look().topic("t", &[(0, 9, 9)]);
    let came = came.with(member("worker", "t", &[0]));
    let between = [came.clone().after(5000)];
    healthy(&with_glimpses(
        empty.clone(),
        &between,
        came.clone().after(7000),
    ));
    only(
        &with_glimpses(empty, &between, came.after(11_000)),
        "PSK-D001",
    );
}

#[test]
fn a_rebalance_is_no_fault_until_it_takes_longer_than_any_may() {
    let look = look()
        .state("PreparingRebalance")
        .topic("t", &[(0, 9, 9)])
        .with(member("worker", "t", &[0]))
        .commit("t", 0, 4);
    let notes = healthy(&still(look.clone())).notes;
    assert!(
        notes[0].starts_with("a rebalance is in progress"),
        "{notes:?}"
    );
    assert_eq!(watch_ms(&still(look.clone())), 10_000);
    let look = look.with(Member {
        assignment: Vec::new(),
        ..member("worker-2", "t", &[])
    });
    let diagnosis = only(&snapshot(&[look.clone(), look.after(340_000)]), "PSK-D014");
    let finding = &diagnosis.findings[0];
    assert!(finding.cause.contains("for 5 min 40 s"), "{finding:?}");
    assert_eq!(finding.certainty, Certainty::Certain);
    // Who holds it up, and not who waits for that.
    let step = &finding.cure[0].text;
    assert!(step.contains("worker on 10.0.0.1"), "{step}");
    assert!(!step.contains("worker-2"), "{step}");
}

#[test]
fn a_broker_that_is_needed_and_one_that_is_not() {
    let caught_up = || {
        look()
            .topic("t", &[(0, 9, 9)])
            .with(member("worker", "t", &[0]))
            .commit("t", 0, 9)
    };
    let mut down = caught_up();
    down.brokers[0].reached = Answer::Failed("broker:9092 can't be reached".to_owned());
    let diagnosis = only(&snapshot(&[down]), "PSK-D012");
    let cure = &diagnosis.findings[0].cure[0];
    assert_eq!(cure.command.as_deref(), Some("nc -vz broker 9092"));
    let mut unasked = caught_up();
    unasked.brokers[0].reached = Answer::Unasked;
    healthy(&snapshot(&[unasked]));
}

#[test]
fn a_group_whose_coordinator_cannot_be_asked_is_not_guessed_about() {
    let mut lost = look().topic("t", &[(0, 9, 9)]);
    let why = "COORDINATOR_NOT_AVAILABLE";
    lost.coordinator = Answer::Failed(why.to_owned());
    lost.group = Answer::Failed(why.to_owned());
    lost.committed = Answer::Failed(why.to_owned());
    let diagnosis = only(&snapshot(&[lost]), "PSK-D012");
    let finding = &diagnosis.findings[0];
    assert!(
        finding.cause.contains("no coordinator"),
        "{}",
        finding.cause
    );
    let command = finding.cure[0].command.as_deref().unwrap_or_default();
    assert!(command.ends_with("--topic __consumer_offsets"), "{command}");
}

#[test]
fn what_may_not_be_seen_is_not_empty() {
    let mut hidden = look().topic("t", &[(0, 9, 9)]);
    hidden.group = Answer::Unauthorised("GROUP_AUTHORIZATION_FAILED".to_owned());
    hidden.committed = Answer::Unauthorised("GROUP_AUTHORIZATION_FAILED".to_owned());
    hidden.topics[0].partitions = Answer::Unauthorised("TOPIC_AUTHORIZATION_FAILED".to_owned());
    let diagnosis = only(&snapshot(&[hidden]), "PSK-D013");
    let command = diagnosis.findings[0].cure[0]
        .command
        .as_deref()
        .unwrap_or_default();
    assert!(
        command.ends_with("--operation Describe --group workers --topic t"),
        "{command}"
    );
}
