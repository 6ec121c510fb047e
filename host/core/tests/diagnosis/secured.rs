//! Brokers that let nobody in, and permissions that are missing.

use penstock_core::diagnosis::snapshot::{
    Access, Ahead, Answer, Barrier, BarrierKind, Hidden, Look, Snapshot,
};
use penstock_core::diagnosis::{Certainty, diagnose};

use crate::world::{Build, codes, look, member, only, snapshot, still};

/// A snapshot of a cluster that `User:app`, by SCRAM, is kept out of.
fn barred(kinds: &[BarrierKind]) -> Snapshot {
    let outside = Look {
        brokers: Vec::new(),
        coordinator: Answer::Unasked,
        group: Answer::Unasked,
        committed: Answer::Unasked,
        ..look()
    };
    let mut snapshot = snapshot(&[outside]);
    snapshot.access = Access {
        protocol: "SASL_SSL".to_owned(),
        mechanism: Some("SCRAM-SHA-512".to_owned()),
        principal: Some("User:app".to_owned()),
    };
    let entry = kinds.iter().enumerate().map(|(at, kind)| {
        let barrier = Barrier {
            kind: kind.clone(),
            text: "the broker's words".to_owned(),
        };
        (format!("b{at}:9093"), Answer::Barred(barrier))
    });
    snapshot.entry = entry.collect();
    snapshot
}

#[test]
fn each_barrier_is_its_own_finding_with_a_cure_and_nothing_else_is_claimed() {
    use BarrierKind as B;
    for (kind, code, words) in [
        (B::UnknownAuthority, "PSK-S001", "ssl.ca.location"),
        (B::OutOfDate, "PSK-S002", "-noout -subject -dates"),
        (B::OtherName(vec!["kafka-1".into()]), "PSK-S003", "kafka-1"),
        (B::NotEncrypted, "PSK-S004", "SASL_PLAINTEXT"),
        (B::Encrypted, "PSK-S004", "wants TLS"),
        (
            B::ClientCertificateMissing,
            "PSK-S005",
            "ssl.certificate.location",
        ),
        (B::ClientCertificateRefused, "PSK-S005", "User:app"),
        (B::Credentials, "PSK-S006", "--entity-name app"),
        (B::Unproved, "PSK-S006", "did not prove"),
        (B::Mechanism(vec!["PLAIN".into()]), "PSK-S007", "only PLAIN"),
        (
            B::LoginWanted(vec!["PLAIN".into()]),
            "PSK-S007",
            "none is configured",
        ),
        (B::NoLogin, "PSK-S007", "SSL"),
        (B::NoToken, "PSK-S008", "token.endpoint.url"),
        (B::Handshake, "PSK-S009", "openssl s_client"),
    ] {
        let diagnosis = only(&barred(std::slice::from_ref(&kind)), code);
        let finding = &diagnosis.findings[0];
        assert!(!finding.cure.is_empty(), "{kind:?}");
        let text = format!("{finding:?}");
        assert!(text.contains(words), "{kind:?}: {text}");
        assert!(text.contains("the broker's words"), "{kind:?}: {text}");
    }
}

#[test]
fn brokers_of_one_kind_are_one_finding() {
    use BarrierKind as B;
    let snapshot = barred(&[B::OutOfDate, B::Credentials, B::OutOfDate]);
    let diagnosis = diagnose(&snapshot);
    let mut seen: Vec<(&str, usize)> = diagnosis
        .findings
        .iter()
        .map(|of| (of.code.as_str(), of.evidence.len()))
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [("PSK-S002", 2), ("PSK-S006", 1)]);
}

#[test]
fn a_missing_permission_names_who_lacks_it() {
    let mut hidden = look().topic("t", &[(0, 9, 9)]);
    hidden.coordinator = Answer::Unauthorised("GROUP_AUTHORIZATION_FAILED".to_owned());
    hidden.group = hidden.group.known().map_or(Answer::Unasked, |_| {
        Answer::Unauthorised("GROUP_AUTHORIZATION_FAILED".to_owned())
    });
    hidden.committed = Answer::Unauthorised("GROUP_AUTHORIZATION_FAILED".to_owned());
    let mut snapshot = snapshot(&[hidden]);
    snapshot.access.principal = Some("User:app".to_owned());
    for (protocol, option) in [
        ("PLAINTEXT", ""),
        ("SASL_SSL", " --command-config ADMIN.properties"),
    ] {
        snapshot.access.protocol = protocol.to_owned();
        let diagnosis = only(&snapshot, "PSK-D013");
        let command = diagnosis.findings[0].cure[0].command.clone();
        let expected = format!(
            "kafka-acls.sh --bootstrap-server broker:9092{option} --add --allow-principal \
             User:app --operation Describe --group workers"
        );
        assert_eq!(command, Some(expected));
    }
}

/// The settings of whoever runs a command, where the listener has encryption or a login.
#[test]
fn every_command_gets_in_where_the_doctor_did() {
    let stuck = still(
        look()
            .topic("t", &[(0, 9, 9)])
            .no_topic("u")
            .with(member("a", "t", &[0]))
            .with(member("b", "u", &[]))
            .commit("t", 0, 3),
    );
    let outside = snapshot(&[look()
        .topic("t", &[(4, 9, 9)])
        .with(member("a", "t", &[0]))
        .commit("t", 0, 3)]);
    let commands = |of: &Snapshot, protocol: &str| {
        let mut of = of.clone();
        of.access.protocol = protocol.to_owned();
        let findings = diagnose(&of).findings.into_iter();
        let steps = findings.flat_map(|finding| finding.cure);
        steps.filter_map(|step| step.command).collect::<Vec<_>>()
    };
    let all = |protocol: &str| [commands(&stuck, protocol), commands(&outside, protocol)].concat();
    let tools = all("SASL_SSL");
    for kind in ["penstock peek", "penstock offsets", "kafka-topics.sh"] {
        let any = tools.iter().any(|tool| tool.starts_with(kind));
        assert!(any, "no {kind} in {tools:#?}");
    }
    for tool in &tools {
        let own = tool.starts_with("penstock");
        let settings = match own {
            true => "--bootstrap broker:9092 --kafka-config-file CLIENT.properties",
            false => "--bootstrap-server broker:9092 --command-config ADMIN.properties",
        };
        assert!(tool.contains(settings), "no {settings} in {tool}");
    }
    let plain = all("PLAINTEXT").join("\n");
    assert!(!plain.contains(".properties"), "{plain}");
}

#[test]
fn what_lies_ahead_and_may_not_be_seen_makes_a_finding_less_sure() {
    let stuck = look()
        .topic("t", &[(0, 9, 9)])
        .with(member("a", "t", &[0]))
        .commit("t", 0, 3);
    let mut snapshot = still(stuck);
    assert_eq!(codes(&snapshot), ["PSK-D008"]);
    snapshot.ahead = vec![Ahead {
        topic: "t".to_owned(),
        partition: 0,
        from: 3,
        batch: Answer::Unauthorised("TOPIC_AUTHORIZATION_FAILED".to_owned()),
    }];
    let diagnosis = only(&snapshot, "PSK-D008");
    let finding = &diagnosis.findings[0];
    assert_eq!(finding.certainty, Certainty::Candidate);
    let others = finding.others.join("\n");
    assert!(others.contains("needs Read on topic t"), "{others}");
}

#[test]
fn what_is_hidden_is_a_note_and_no_finding() {
    let mut snapshot = snapshot(&[look()
        .topic("t", &[(0, 9, 9)])
        .with(member("a", "t", &[0]))
        .commit("t", 0, 9)]);
    snapshot.access.principal = Some("User:app".to_owned());
    snapshot.access.protocol = "SASL_SSL".to_owned();
    snapshot.hidden = vec![Hidden::producers("t")];
    let diagnosis = diagnose(&snapshot);
    assert!(diagnosis.findings.is_empty());
    let notes = diagnosis.notes.join("\n");
    let command = "--command-config ADMIN.properties --add --allow-principal User:app \
                   --operation Read --topic t";
    assert!(
        notes.contains("not visible") && notes.contains(command),
        "{notes}"
    );
}

#[test]
fn what_holds_records_back_unseen_is_a_fault_only_once_it_has_lasted() {
    let held = look()
        .topic("t", &[(0, 5, 9)])
        .with(member("a", "t", &[0]))
        .commit("t", 0, 5);
    let seen = |ms: i64| {
        let mut snapshot = snapshot(&[held.clone(), held.clone().after(ms)]);
        snapshot.hidden = vec![Hidden::producers("t")];
        codes(&snapshot)
    };
    assert!(seen(9_000).is_empty());
    assert_eq!(seen(10_000), ["PSK-D010"]);
}
