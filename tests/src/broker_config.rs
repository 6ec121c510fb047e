//! `server.properties` of the test broker: one node, small, and quick to notice a dead member.

use std::collections::BTreeMap;
use std::path::Path;

/// The text of `server.properties`; `extra` wins over the settings here.
pub(crate) fn server_properties(
    port: u16,
    controller_port: u16,
    data: &Path,
    extra: &[(String, String)],
) -> String {
    let data = data.display().to_string();
    let mut settings: BTreeMap<&str, String> = [
        ("process.roles", "broker,controller"),
        ("node.id", "1"),
        ("controller.listener.names", "CONTROLLER"),
        ("log.dirs", &data),
        // Tests create what they need: a misspelt name must not become a topic.
        ("auto.create.topics.enable", "false"),
        ("offsets.topic.replication.factor", "1"),
        ("offsets.topic.num.partitions", "2"),
        ("transaction.state.log.replication.factor", "1"),
        ("transaction.state.log.min.isr", "1"),
        ("transaction.state.log.num.partitions", "2"),
        ("share.coordinator.state.topic.replication.factor", "1"),
        ("share.coordinator.state.topic.min.isr", "1"),
        ("share.coordinator.state.topic.num.partitions", "1"),
        // Sessions of one second, in both group protocols.
        ("group.initial.rebalance.delay.ms", "0"),
        ("group.min.session.timeout.ms", "500"),
        ("group.consumer.min.session.timeout.ms", "500"),
        ("group.consumer.session.timeout.ms", "2000"),
        ("group.consumer.min.heartbeat.interval.ms", "100"),
        ("group.consumer.heartbeat.interval.ms", "500"),
        // After a SIGKILL the broker registers again only when its old session is over.
        ("broker.session.timeout.ms", "3000"),
        ("broker.heartbeat.interval.ms", "500"),
        // Two cores are shared with what is tested.
        ("num.network.threads", "2"),
        ("num.io.threads", "4"),
        ("background.threads", "2"),
        ("log.cleaner.dedupe.buffer.size", "4194304"),
    ]
    .map(|(key, value)| (key, value.to_owned()))
    .into();
    settings.insert(
        "controller.quorum.voters",
        format!("1@127.0.0.1:{controller_port}"),
    );
    settings.insert(
        "listeners",
        format!("PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}"),
    );
    settings.insert(
        "advertised.listeners",
        format!("PLAINTEXT://127.0.0.1:{port}"),
    );
    for (key, value) in extra {
        settings.insert(key, value.clone());
    }
    settings
        .iter()
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_asks_for_wins() {
        let extra = [("num.io.threads".to_owned(), "8".to_owned())];
        let text = server_properties(1, 2, Path::new("d"), &extra);
        assert_eq!(text.matches("num.io.threads").count(), 1);
        assert!(text.contains("num.io.threads=8\n"));
    }
}
