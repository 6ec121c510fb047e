//! `server.properties` of the test broker: one node, small, and quick to notice a dead member.

use std::collections::BTreeMap;
use std::path::Path;

/// A listener of a broker beside the plain one that the tests themselves use.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Its name, in capitals.
    pub name: String,
    /// `SSL`, `SASL_SSL` or `SASL_PLAINTEXT`
    pub protocol: String,
    /// On the loopback address.
    pub port: u16,
    /// Where clients are told that it is, if that is elsewhere.
    pub advertised_port: Option<u16>,
    /// Its settings, without the prefix that names it.
    pub settings: Vec<(String, String)>,
}

/// The text of `server.properties`; `extra` wins over the settings here.
pub(crate) fn server_properties(
    port: u16,
    controller_port: u16,
    data: &Path,
    listeners: &[Listener],
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
    let mut addresses = format!("PLAINTEXT://127.0.0.1:{port}");
    let mut protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned();
    let mut own = BTreeMap::new();
    let mut advertised = addresses.clone();
    for of in listeners {
        addresses += &format!(",{}://127.0.0.1:{}", of.name, of.port);
        let port = of.advertised_port.unwrap_or(of.port);
        advertised += &format!(",{}://127.0.0.1:{port}", of.name);
        protocols += &format!(",{}:{}", of.name, of.protocol);
        for (key, value) in &of.settings {
            let name = of.name.to_lowercase();
            own.insert(format!("listener.name.{name}.{key}"), value.clone());
        }
    }
    let controller = format!("CONTROLLER://127.0.0.1:{controller_port}");
    settings.insert("listeners", format!("{addresses},{controller}"));
    settings.insert("advertised.listeners", advertised);
    settings.insert("listener.security.protocol.map", protocols);
    settings.insert("inter.broker.listener.name", "PLAINTEXT".to_owned());
    settings.extend(own.iter().map(|(key, value)| (key.as_str(), value.clone())));
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
        let text = server_properties(1, 2, Path::new("d"), &[], &extra);
        assert_eq!(text.matches("num.io.threads").count(), 1);
        assert!(text.contains("num.io.threads=8\n"));
    }

    #[test]
    fn a_listener_has_settings_of_its_own() {
        let listener = Listener {
            name: "MUTUAL".to_owned(),
            protocol: "SSL".to_owned(),
            port: 3,
            advertised_port: None,
            settings: vec![("ssl.client.auth".to_owned(), "required".to_owned())],
        };
        let text = server_properties(1, 2, Path::new("d"), &[listener], &[]);
        for line in [
            "advertised.listeners=PLAINTEXT://127.0.0.1:1,MUTUAL://127.0.0.1:3\n",
            "listener.name.mutual.ssl.client.auth=required\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(text.contains(",MUTUAL:SSL\n"), "{text}");
    }
}
