//! What the tools that talk to Kafka have in common: how long they wait, and how they fail.

use std::time::Duration;

use penstock_kafka::ToolError;

use super::tools::Cluster;
use super::{Exit, Failure};

/// How long Kafka may take to answer.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// An error of the client's, with what to do.
pub fn failure(error: ToolError, topic: &str, cluster: &Cluster) -> Failure {
    let (exit, hint) = match &error {
        ToolError::Unreachable { .. } => (
            Exit::KafkaUnreachable,
            "are the brokers running, and is the address right? A listener with encryption or a \
             login needs its settings: -c, or --kafka-config; `penstock doctor` tells which"
                .to_owned(),
        ),
        ToolError::TopicMissing { .. } => (Exit::Problem, missing(topic, cluster)),
        ToolError::PartitionMissing { .. } => {
            (Exit::Problem, "choose another, or leave it out".to_owned())
        }
        ToolError::Refused { .. } => (
            Exit::Problem,
            "credentials come from `[kafka.common]` of the configuration, or --kafka-config; \
             permissions from the cluster's administrators; `penstock doctor` tells which is missing"
                .to_owned(),
        ),
        ToolError::Client(_) => return Failure::new(Exit::Problem, error),
    };
    Failure::new(exit, error).hint(hint)
}

fn missing(topic: &str, cluster: &Cluster) -> String {
    let near = near(topic, cluster.topics.iter().map(String::as_str));
    // One that the configuration has is not misspelt.
    if near.is_empty() || cluster.topics.contains(topic) {
        return "create it first; of a configuration, `penstock check --broker --create` creates \
                what is missing"
            .to_owned();
    }
    let near: Vec<_> = near.iter().map(|name| format!("`{name}`")).collect();
    format!("did you mean {}?", near.join(" or "))
}

/// Names that may have been meant, the likeliest first, at most three.
fn near<'n>(topic: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut near: Vec<_> = names
        .map(|name| (strsim::jaro_winkler(topic, name), name))
        .filter(|(likeness, name)| *likeness > 0.85 && *name != topic)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().map(|(_, name)| name).take(3).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::tools::plain;
    use super::*;

    #[test]
    fn near_names_are_offered_the_likeliest_first() {
        let names = [
            "course-access-granted",
            "purchase-confirmed",
            "purchase-confirmed.dlq",
        ];
        assert_eq!(
            near("purchase-confirmd", names.into_iter()),
            ["purchase-confirmed", "purchase-confirmed.dlq"]
        );
        assert!(near("lesson", names.into_iter()).is_empty());
    }

    #[test]
    fn a_topic_that_the_configuration_has_is_not_misspelt() {
        let names = ["sign-ups", "sign-ups.dlq"].map(str::to_owned);
        let cluster = Cluster {
            kafka: plain("b:1", BTreeMap::new()),
            topics: names.into(),
        };
        assert!(missing("sign-ups", &cluster).starts_with("create it first"));
        assert!(missing("sign-up", &cluster).starts_with("did you mean `sign-ups`"));
    }
}
