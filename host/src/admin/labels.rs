//! By what the samples of `/metrics` are told apart.

use std::collections::BTreeSet;

use penstock_core::pauses::Scope;
use penstock_core::status::{PartitionStatus, Status};

/// Conditions and findings alike, each once.
pub(super) fn findings(status: &Status) -> BTreeSet<[(&'static str, String); 3]> {
    let labels = |code: &str, topic: &str, partition: String| {
        [
            ("code", code.to_owned()),
            ("topic", topic.to_owned()),
            ("partition", partition),
        ]
    };
    let conditions = status.conditions.iter().map(|of| {
        let partition = of
            .subject
            .strip_suffix(']')
            .and_then(|it| it.rsplit_once('['));
        let (topic, partition) = partition.unwrap_or((&of.subject, ""));
        labels(&of.code, topic, partition.to_owned())
    });
    let mut all: BTreeSet<_> = conditions.collect();
    for of in &status.findings {
        let topic = of.topic.as_deref().unwrap_or(&of.subject);
        match of.partitions.as_slice() {
            [] => all.extend([labels(&of.code, topic, String::new())]),
            some => all.extend(
                some.iter()
                    .map(|it| labels(&of.code, topic, it.to_string())),
            ),
        }
    }
    all
}

pub(super) fn pause_labels(what: &Scope) -> [(&'static str, String); 3] {
    let (topic, partition, handler) = match what {
        Scope::Topic(topic) => (topic.as_str(), String::new(), ""),
        Scope::Partition(topic, number) => (topic.as_str(), number.to_string(), ""),
        Scope::Handler(handler) => ("", String::new(), handler.as_str()),
    };
    [
        ("topic", topic.to_owned()),
        ("partition", partition),
        ("handler", handler.to_owned()),
    ]
}

pub(super) fn partition_labels(of: &PartitionStatus) -> [(&'static str, String); 2] {
    [
        ("topic", of.topic.clone()),
        ("partition", of.partition.to_string()),
    ]
}
