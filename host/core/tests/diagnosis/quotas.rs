//! What members are held to, as evidence of what does not get on.

use penstock_core::diagnosis::snapshot::{Answer, Look, Quota, Snapshot, Whose};
use penstock_core::diagnosis::{Finding, diagnose, quotas_may_matter};

use crate::world::{Build, look, member, only, snapshot, still};

fn quota(user: Whose, client: Whose, key: &str, limit: f64) -> Quota {
    Quota {
        user,
        client,
        limits: [(key.to_owned(), limit)].into(),
    }
}

fn named(name: &str) -> Whose {
    Whose::Named(name.to_owned())
}

/// Partition 0 of `t` at `at` in a log that ends at `end`.
fn at(at: i64, end: i64) -> Look {
    look()
        .topic("t", &[(0, end, end)])
        .with(member("worker", "t", &[0]))
        .commit("t", 0, at)
}

/// What is said of quotas: of the evidence, and among the causes.
fn said(mut seen: Snapshot, quotas: &[Quota]) -> (Vec<String>, Vec<String>) {
    seen.quotas = Answer::Known(quotas.to_vec());
    let Finding {
        evidence, others, ..
    } = only(&seen, "PSK-D008").findings.remove(0);
    let evidence = evidence.into_iter().filter(|of| of.label.contains("quota"));
    let others = others.into_iter().filter(|of| of.contains("throttled"));
    (evidence.map(|of| of.value).collect(), others.collect())
}

#[test]
fn a_quota_of_the_owner_is_among_the_causes() {
    let seen = still(at(4, 9));
    assert!(quotas_may_matter(&diagnose(&seen).findings));
    let key = "consumer_byte_rate";
    let (evidence, others) = said(seen, &[quota(Whose::Any, named("worker"), key, 1000.0)]);
    assert_eq!(
        evidence,
        ["at most 1000 bytes a second from each broker for client.id worker (consumer_byte_rate)"]
    );
    let lift =
        "--alter --delete-config consumer_byte_rate --entity-type clients --entity-name worker";
    assert!(others.len() == 1 && others[0].contains(lift), "{others:?}");
}

#[test]
fn the_quota_is_the_one_that_kafka_takes() {
    let (bytes, time) = ("consumer_byte_rate", "request_percentage");
    let quotas = [
        quota(Whose::Any, Whose::Default, bytes, 1.0),
        quota(named("app"), named("worker"), bytes, 2.0),
        quota(Whose::Default, Whose::Any, bytes, 3.0),
        quota(Whose::Any, named("worker"), bytes, 4.0),
        quota(Whose::Any, Whose::Default, time, 5.0),
    ];
    let (evidence, _) = said(still(at(4, 9)), &quotas);
    assert_eq!(evidence.len(), 2, "{evidence:?}");
    assert!(evidence[0].contains("3 bytes"), "{evidence:?}");
    assert!(evidence[1].contains("5 % of a thread"), "{evidence:?}");
}

#[test]
fn a_quota_of_somebody_else_is_not_spoken_of() {
    let quotas = [
        quota(Whose::Any, named("other"), "consumer_byte_rate", 1.0),
        quota(Whose::Any, named("worker"), "producer_byte_rate", 1.0),
    ];
    let (evidence, others) = said(still(at(4, 9)), &quotas);
    assert!(evidence.is_empty() && others.is_empty());
    // Nothing is wrong: none has to be asked for.
    assert!(!quotas_may_matter(&diagnose(&still(at(9, 9))).findings));
}

#[test]
fn a_group_that_is_too_slow_may_be_slowed_by_a_quota() {
    let mut seen = snapshot(&[at(0, 1000), at(10, 1200).after(10_000)]);
    let default = quota(Whose::Any, Whose::Default, "consumer_byte_rate", 100.0);
    seen.quotas = Answer::Known(vec![default]);
    let finding = &only(&seen, "PSK-D009").findings[0];
    let evidence = finding
        .evidence
        .iter()
        .find(|of| of.label == "quota of worker");
    assert!(evidence.is_some_and(|of| of.value.contains("100 bytes")));
    let commands = finding
        .cure
        .iter()
        .filter_map(|step| step.command.as_deref());
    assert!(
        commands
            .into_iter()
            .any(|it| it.ends_with("--entity-type clients --entity-default"))
    );
}
