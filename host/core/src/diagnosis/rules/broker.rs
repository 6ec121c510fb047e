//! Brokers that don't answer.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::scene::Scene;
use crate::diagnosis::snapshot::Answer;
use crate::diagnosis::words::{count, quoted};

/// A broker that leads a partition in question, or coordinates the group, can't be reached.
pub(super) fn unreachable(scene: &Scene<'_>) -> Vec<Finding> {
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut first = None;
    for broker in &scene.last.brokers {
        if let Answer::Failed(why) = &broker.reached {
            first.get_or_insert(&broker.address);
            seen.push((format!("broker {}", broker.id), why.clone()));
        }
    }
    if let Answer::Failed(why) = &scene.last.coordinator {
        seen.push(("coordinator".to_owned(), why.clone()));
    }
    if seen.is_empty() {
        return Vec::new();
    }
    let down = count(seen.len() as i64, "broker", "brokers");
    let cause = match first {
        Some(_) => format!(
            "{down} that the group depends on can't be reached from here, though the bootstrap \
             address answers: each client is sent to the address that the broker itself advertises"
        ),
        None => "the group has no coordinator that can be asked, so nobody can join or commit"
            .to_owned(),
    };
    let finding = Finding::new(
        Code::DoctorBrokerUnreachable,
        Stage::Broker,
        "the cluster",
        cause,
    );
    let finding = finding.all_evidence(seen);
    let finding = match first {
        Some(address) => {
            let (host, port) = address.rsplit_once(':').unwrap_or((address, "9092"));
            finding
                .command(
                    "see whether the address can be reached, from here and from where the \
                     consumer runs",
                    format!("nc -vz {} {}", quoted(host), quoted(port)),
                )
                .step(
                    "if the name or the address is of another network, correct \
                     advertised.listeners on the broker; else see whether the broker is up",
                )
        }
        None => finding.command(
            "see whether the partitions of __consumer_offsets have leaders",
            format!(
                "{} --describe --topic __consumer_offsets",
                scene.tool("kafka-topics.sh")
            ),
        ),
    };
    vec![finding]
}
