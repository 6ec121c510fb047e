//! What is left of a killed host, while the one that was started after it waits.

use penstock_core::diagnosis::Certainty;
use penstock_core::diagnosis::snapshot::{Answer, Look};
use penstock_core::status::HostState;

use crate::inside::{CLIENT, at_4_of_9, of_host, partition, status};
use crate::world::{Build, healthy, member, only, snapshot};

/// A member has partition 0 of `t`; the host that answers by its name has nothing.
fn alone(ms: i64) -> Look {
    let mut new = status(partition());
    new.partitions.clear();
    new.state = HostState::Standby;
    of_host(at_4_of_9().after(ms), new)
}

/// The host has joined, too.
fn joined(ms: i64) -> Look {
    let mut own = member(CLIENT, "t", &[]);
    own.id = "new".to_owned();
    alone(ms).with(own)
}

#[test]
fn it_is_told_from_a_host_that_hangs() {
    // So long any client may be busy.
    healthy(&snapshot(&[joined(0), joined(9_000)]));
    let diagnosis = only(&snapshot(&[joined(0), joined(10_000)]), "PSK-D008");
    let finding = &diagnosis.findings[0];
    let cause = &finding.cause;
    for part in [
        "5 records wait in partition 0 of t",
        "left of a host that was killed",
    ] {
        assert!(cause.contains(part), "no {part:?} in {cause}");
    }
    assert!(!cause.contains("handler"), "{cause}");
    assert_eq!(finding.certainty, Certainty::Certain);
    let mut evidence = finding.evidence.iter();
    let own = evidence.find(|of| of.label == "the host's own");
    assert!(
        own.is_some_and(|of| of.value.contains("(new)")),
        "{finding:#?}"
    );

    // Another host that answers says nothing of it.
    let mut other = joined(10_000);
    other.hosts[0].client = "penstock-h2:9644".to_owned();
    let finding = &only(&snapshot(&[joined(0), other]), "PSK-D008").findings[0];
    assert!(finding.cause.contains("handler hangs"), "{}", finding.cause);
}

#[test]
fn the_group_may_be_sharing_out_meanwhile() {
    for state in ["PreparingRebalance", "Reconciling"] {
        let at = |look: fn(i64) -> Look, ms| look(ms).state(state);
        let seen = snapshot(&[at(joined, 0), at(joined, 10_000)]);
        let notes = only(&seen, "PSK-D008").notes;
        let waits = notes
            .iter()
            .any(|note| note.contains("a rebalance is in progress"));
        assert!(!waits, "{notes:?}");
        // The host's own, which it may be about to get.
        healthy(&snapshot(&[at(alone, 0), at(alone, 10_000)]));
    }
    // It came to have the partition only just now.
    let mut first = joined(0).state("Reconciling");
    if let Answer::Known(group) = &mut first.group {
        group.members[0].assignment.clear();
    }
    healthy(&snapshot(&[first, joined(10_000).state("Reconciling")]));
}

#[test]
fn what_else_it_may_be_is_said() {
    // One member of that name: the host has not joined yet, or was never given what it owns.
    let finding = &only(&snapshot(&[alone(0), alone(10_000)]), "PSK-D008").findings[0];
    assert!(finding.cause.contains("killed"), "{}", finding.cause);
    assert_eq!(finding.certainty, Certainty::Candidate);
    assert!(finding.others[0].contains("PSK-K012"), "{finding:#?}");

    // They connect from two machines.
    let elsewhere = |ms| {
        let mut look = joined(ms);
        if let Answer::Known(group) = &mut look.group {
            group.members[1].host = "10.0.0.2".to_owned();
        }
        look
    };
    let finding = &only(&snapshot(&[elsewhere(0), elsewhere(10_000)]), "PSK-D008").findings[0];
    assert_eq!(finding.certainty, Certainty::Candidate);
    assert!(finding.others[0].contains("10.0.0.1"), "{finding:#?}");
}
