//! What is left of a killed host, while the one that was started after it waits.

use penstock_core::diagnosis::Certainty;
use penstock_core::diagnosis::snapshot::{Answer, Group, GroupKind, Look};
use penstock_core::status::HostState;

use crate::inside::{CLIENT, at_4_of_9, of_host, partition, status};
use crate::world::{self, Build, healthy, member, only, snapshot};

/// A member has partition 0 of `t`; the host that answers by its name is `own`, and has nothing.
fn of(own: Option<&str>, ms: i64) -> Look {
    let mut new = status(partition());
    new.partitions.clear();
    new.state = HostState::Starting;
    new.member = own.map(str::to_owned);
    of_host(at_4_of_9().after(ms), new)
}

/// The host has joined, too.
fn joined(ms: i64) -> Look {
    let mut own = member(CLIENT, "t", &[]);
    own.id = "new".to_owned();
    of(Some("new"), ms).with(own)
}

fn group(look: &mut Look) -> &mut Group {
    match &mut look.group {
        Answer::Known(group) => group,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_is_told_from_a_host_that_hangs() {
    for look in [joined, |ms| of(None, ms)] {
        // So long any client may be busy.
        healthy(&snapshot(&[look(0), look(9_000)]));
        let finding = &only(&snapshot(&[look(0), look(10_000)]), "PSK-D008").findings[0];
        let cause = &finding.cause;
        for part in [
            "5 records wait in partition 0 of t",
            "left of one that was killed",
        ] {
            assert!(cause.contains(part), "no {part:?} in {cause}");
        }
        assert!(!cause.contains("handler"), "{cause}");
        assert_eq!(finding.certainty, Certainty::Candidate);
        assert!(finding.others[0].contains("host.id"), "{finding:#?}");
    }
    // Another host that answers says nothing of it.
    let mut other = joined(10_000);
    other.hosts[0].client = "penstock-h2:9644".to_owned();
    let finding = &only(&snapshot(&[joined(0), other]), "PSK-D008").findings[0];
    assert!(finding.cause.contains("handler hangs"), "{}", finding.cause);
}

#[test]
fn what_the_host_itself_is_to_have_is_not_what_is_left_of_one() {
    // It looks its positions up, say, and does not show the partition before it has them.
    let own = format!("{CLIENT}-id");
    let finding = &only(
        &snapshot(&[of(Some(&own), 0), of(Some(&own), 10_000)]),
        "PSK-D008",
    );
    let cause = &finding.findings[0].cause;
    assert!(!cause.contains("killed"), "{cause}");
    let shares = |ms| of(Some(&own), ms).state("Reconciling");
    healthy(&snapshot(&[shares(0), shares(10_000)]));
}

#[test]
fn the_group_may_be_sharing_out_meanwhile() {
    for state in ["PreparingRebalance", "Reconciling"] {
        let at = |ms| joined(ms).state(state);
        let notes = only(&snapshot(&[at(0), at(10_000)]), "PSK-D008").notes;
        let mut notes = notes.iter();
        assert!(notes.all(|note| !note.contains("a rebalance is in progress")));
    }
    // It came to have the partition only just now.
    let mut first = joined(0).state("Reconciling");
    group(&mut first).members[0].assignment.clear();
    healthy(&snapshot(&[first, joined(10_000).state("Reconciling")]));
}

#[test]
fn what_two_lives_have_left_is_one_finding() {
    let both = |ms| {
        let mut look = joined(ms).with(member(CLIENT, "t", &[1])).commit("t", 1, 2);
        group(&mut look).members[2].id = "an earlier one".to_owned();
        look.topics = world::look().topic("t", &[(0, 9, 9), (0, 5, 5)]).topics;
        look
    };
    let finding = &only(&snapshot(&[both(0), both(10_000)]), "PSK-D008").findings[0];
    let cause = &finding.cause;
    assert!(
        cause.contains("8 records wait in partitions 0 and 1"),
        "{cause}"
    );
    let owners = finding.evidence.iter().filter(|of| of.label == "owner");
    assert_eq!(owners.count(), 2);
}

#[test]
fn an_instance_id_is_named_where_it_helps() {
    let cure = |change: fn(&mut Group)| {
        let at = |ms| {
            let mut look = joined(ms);
            change(group(&mut look));
            look
        };
        let finding = only(&snapshot(&[at(0), at(10_000)]), "PSK-D008")
            .findings
            .remove(0);
        let steps: Vec<_> = finding.cure.into_iter().map(|of| of.text).collect();
        (finding.cause, steps.join("\n"))
    };
    assert!(cure(|_| ()).1.contains("group.instance.id"));
    // A killed one is not let in again before its session ends.
    let (_, steps) = cure(|group| group.kind = GroupKind::Consumer);
    assert!(
        !steps.contains("group.instance.id") && steps.contains("SIGTERM"),
        "{steps}"
    );
    // It does not leave by a SIGTERM.
    let (cause, steps) = cure(|group| group.members[0].instance = Some("a".to_owned()));
    assert!(
        cause.contains("static member") && !cause.contains("killed"),
        "{cause}"
    );
    assert!(!steps.contains("SIGTERM"), "{steps}");
}
