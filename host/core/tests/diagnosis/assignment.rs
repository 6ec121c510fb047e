//! Who has what: topics that aren't there, partitions without an owner, members without one.

use penstock_core::diagnosis::snapshot::{Answer, Look};

use crate::world::{Build, healthy, look, member, only, snapshot, still};

#[test]
fn a_subscription_to_a_topic_that_does_not_exist_is_found() {
    let look = look()
        .no_topic("ordres")
        .with(member("worker", "ordres", &[]));
    let mut seen = snapshot(&[look]);
    seen.topic_names = Answer::Known(vec!["orders".to_owned(), "other".to_owned()]);
    let diagnosis = only(&seen, "PSK-D004");
    let similar = diagnosis.findings[0]
        .evidence
        .iter()
        .find(|of| of.label == "similar topics");
    assert_eq!(similar.map(|of| of.value.as_str()), Some("orders"));
}

#[test]
fn of_a_topic_that_was_asked_about_and_is_not_there_only_that_is_said() {
    let look = look()
        .no_topic("ordres")
        .with(member("worker", "orders", &[0]));
    let mut seen = snapshot(&[look]);
    seen.topics = vec!["ordres".to_owned()];
    let diagnosis = only(&seen, "PSK-D004");
    assert_eq!(diagnosis.notes, [""; 0]);
}

#[test]
fn a_topic_that_is_gone_and_that_nobody_wants_is_no_fault() {
    let look = look()
        .no_topic("old")
        .topic("new", &[(0, 3, 3)])
        .commit("old", 0, 7)
        .commit("new", 0, 3)
        .with(member("worker", "new", &[0]));
    healthy(&snapshot(&[look]));
}

#[test]
fn a_topic_with_another_id_is_another_topic() {
    let before = look()
        .topic("t", &[(0, 0, 0)])
        .with(member("worker", "t", &[0]));
    let mut after = before.clone().after(3000);
    healthy(&snapshot(&[before.clone(), after.clone()]));
    after.topics[0].id = Some("second".to_owned());
    only(&snapshot(&[before, after]), "PSK-D003");
    // In one look, from what the member was assigned.
    let mut member = member("worker", "t", &[0]);
    member.assignment[0].topic_id = Some("older".to_owned());
    only(
        &snapshot(&[look().topic("t", &[(0, 0, 0)]).with(member)]),
        "PSK-D003",
    );
}

#[test]
fn a_partition_with_records_and_without_an_owner_is_found() {
    let logs = [(0, 5, 5), (0, 5, 5)];
    let look = look()
        .topic("t", &logs)
        .with(member("worker", "t", &[0]))
        .commit("t", 0, 5)
        .commit("t", 1, 2);
    only(&snapshot(std::slice::from_ref(&look)), "PSK-D011");
    healthy(&snapshot(&[look.clone().commit("t", 1, 5)]));
    healthy(&snapshot(&[look.state("CompletingRebalance")]));
}

#[test]
fn a_coordinator_that_has_lost_epochs_is_named() {
    let mut idle = member("worker", "t", &[]);
    idle.epoch = Some(43);
    let mut look = look().topic("t", &[(0, 5, 5)]).with(idle).commit("t", 0, 2);
    let cause_at = |look: &mut Look, epoch| {
        let Answer::Known(group) = &mut look.group else {
            unreachable!()
        };
        group.epoch = Some(epoch);
        let seen = snapshot(std::slice::from_ref(look));
        only(&seen, "PSK-D011").findings[0].cause.clone()
    };
    let behind = cause_at(&mut look, 38);
    assert!(
        behind.contains("the group is at 38, its members at 43"),
        "{behind}"
    );
    let even = cause_at(&mut look, 43);
    assert!(even.contains("its assignor leaves them out"), "{even}");
}

#[test]
fn a_topic_that_no_member_wants_is_said_if_it_was_asked_about() {
    let look = look()
        .topic("t", &[(0, 5, 5)])
        .topic("other", &[(0, 1, 1)])
        .with(member("worker", "other", &[0]))
        .commit("other", 0, 1);
    let mut seen = snapshot(&[look]);
    healthy(&seen);
    seen.topics = vec!["t".to_owned()];
    let diagnosis = only(&seen, "PSK-D011");
    assert!(
        diagnosis.findings[0]
            .cause
            .starts_with("no member of the group subscribes to t")
    );
}

#[test]
fn more_members_than_partitions_is_healthy() {
    let mut spare = member("worker-2", "t", &[]);
    spare.assignment.clear();
    let look = look()
        .topic("t", &[(0, 5, 5)])
        .with(member("worker-1", "t", &[0]))
        .with(spare)
        .commit("t", 0, 5);
    let notes = healthy(&still(look)).notes;
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("one member stands by (worker-2)")),
        "{notes:?}"
    );
}

#[test]
fn clients_without_a_word_in_common_are_strangers() {
    let two = |one: &str, other: &str| {
        let look = look()
            .topic("t", &[(0, 5, 5), (0, 5, 5)])
            .with(member(one, "t", &[0]))
            .with(member(other, "t", &[1]))
            .commit("t", 0, 5)
            .commit("t", 1, 5);
        still(look)
    };
    only(&two("purchase-worker", "audit-1"), "PSK-D005");
    only(&two("penstock-h1:9644", "kafkajs"), "PSK-D005");
    healthy(&two("purchase-worker-7f9c", "purchase-worker-82aa"));
    healthy(&two("purchase.worker", "worker_old"));
    healthy(&two("rdkafka", "rdkafka"));
    // A random id says nothing.
    healthy(&two(
        "purchase-worker",
        "0f8b2c9e-1234-4321-9999-0123456789ab",
    ));
}
