//! The settings of the host's clients: what the configuration passes through, what the host owns.

use std::collections::BTreeMap;
use std::time::Duration;

use penstock_core::config::{Admin, Delivery, GroupProtocol, Host, Kafka, Transaction};
use rdkafka::ClientConfig;

/// A response's own bytes beside the records in it, and room for a dead letter's headers.
const HEADROOM_BYTES: u64 = 64 * 1024;
/// librdkafka's default, and its highest value, for the two limits that depend on each other.
const RECEIVE_MAX_BYTES: u64 = 100_000_000;
const MESSAGE_MAX_BYTES: u64 = 1_000_000_000;

/// So long a group waits, in a rebalance, for a member that was killed while it joined; 5 min by default.
/// The poll thread waits for no handler and answers within seconds, so none that lives needs as long.
/// The client's default session is 45 s, and this may not be less.
const POLL_INTERVAL_MS: u32 = 60_000;

/// The `client.id` by which one host, and the operator, find the others through the group.
pub fn client_id(host: &Host, admin: &Admin) -> String {
    format!("penstock-{}:{}", host.id, admin.listen.port())
}

/// The settings of the consumer of a group.
pub fn consumer_config(kafka: &Kafka, client_id: &str) -> ClientConfig {
    let mut config = base_config();
    // At its default of a second, a fast loop waits most of the time.
    config.set("fetch.queue.backoff.ms", "1");
    config.set("queued.max.messages.kbytes", "16384");
    config.set("max.poll.interval.ms", POLL_INTERVAL_MS.to_string());
    pass(&mut config, &kafka.common);
    pass(&mut config, &kafka.consumer);
    config.set("group.id", &kafka.group);
    config.set("enable.auto.commit", "false");
    config.set("enable.auto.offset.store", "false");
    config.set("auto.offset.reset", "error");
    config.set("isolation.level", "read_committed");
    config.set("enable.partition.eof", "false");
    config.set("allow.auto.create.topics", "false");
    match kafka.protocol {
        GroupProtocol::Classic => {
            config.set("partition.assignment.strategy", "cooperative-sticky");
        }
        GroupProtocol::Consumer => {
            config.set("group.protocol", "consumer");
        }
    }
    let session = number("session.timeout.ms", [&kafka.consumer, &kafka.common]);
    if let Some(session) = session.filter(|session| *session > POLL_INTERVAL_MS.into())
        && !is_given("max.poll.interval.ms", kafka)
    {
        // The client takes no session that is longer.
        config.set("max.poll.interval.ms", session.to_string());
    }
    own_base(&mut config, kafka, client_id);
    config
}

/// Whether the configuration has it for consumers.
pub fn is_given(key: &str, kafka: &Kafka) -> bool {
    kafka.consumer.contains_key(key) || kafka.common.contains_key(key)
}

/// The settings of a consumer without a group, for tools that only look.
pub fn reader_config(kafka: &Kafka, client_id: &str) -> ClientConfig {
    let mut config = consumer_config(kafka, client_id);
    for key in [
        "partition.assignment.strategy",
        "group.protocol",
        "group.instance.id",
        "group.remote.assignor",
    ] {
        config.remove(key);
    }
    // librdkafka has no high-level consumer without a group; nothing is ever joined or committed.
    config.set("group.id", "penstock-reader");
    config.set("enable.partition.eof", "true");
    config
}

/// The settings of the producer of outputs and dead letters.
pub fn producer_config(kafka: &Kafka, client_id: &str) -> ClientConfig {
    let mut config = base_config();
    // A missing topic is reported after this long, 30 s by default.
    config.set("topic.metadata.propagation.max.ms", "5000");
    // The engine's outbox bounds what is in flight; the client's own limits only must not bite.
    config.set("queue.buffering.max.messages", "0");
    config.set("queue.buffering.max.kbytes", "2097151");
    config.set("message.timeout.ms", "0");
    pass(&mut config, &kafka.common);
    pass(&mut config, &kafka.producer);
    config.set("enable.idempotence", "true");
    config.set("acks", "all");
    config.set("partitioner", "murmur2_random");
    config.set("allow.auto.create.topics", "false");
    config.set("message.max.bytes", message_max_bytes(kafka).to_string());
    own_base(&mut config, kafka, client_id);
    config
}

/// The settings of the host's own producer: exactly once, it has transactions.
pub fn sink_config(kafka: &Kafka, client_id: &str) -> ClientConfig {
    let mut config = producer_config(kafka, client_id);
    if let Delivery::ExactlyOnce(transaction) = &kafka.delivery {
        in_transactions(&mut config, transaction);
    }
    config
}

fn in_transactions(config: &mut ClientConfig, transaction: &Transaction) {
    let millis = |time: Duration| time.as_millis().to_string();
    config.set("transactional.id", &transaction.id);
    config.set("transaction.timeout.ms", millis(transaction.timeout));
    // What a topic does not take holds the whole transaction up; it is to be given up, and taken back
    // by this host, before the brokers do that and shut this host out.
    config.set("message.timeout.ms", millis(transaction.timeout / 2));
}

/// As large as whatever may be received, so that every input can become a dead letter; the
/// broker's own limit decides for the rest.
fn message_max_bytes(kafka: &Kafka) -> u64 {
    let received = number(
        "receive.message.max.bytes",
        [&kafka.consumer, &kafka.common],
    )
    .unwrap_or(RECEIVE_MAX_BYTES);
    let wanted = number("message.max.bytes", [&kafka.producer, &kafka.common]).unwrap_or(0);
    wanted.max(received + HEADROOM_BYTES).min(MESSAGE_MAX_BYTES)
}

/// What the first of the maps that has it gives a key; `None` as well if that is no number, which the
/// client will refuse.
fn number(key: &str, maps: [&BTreeMap<String, String>; 2]) -> Option<u64> {
    maps.iter().find_map(|map| map.get(key))?.parse().ok()
}

/// Defaults of the host's that the configuration may change.
fn base_config() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("socket.keepalive.enable", "true");
    // So that a broker that is back is found soon; 10 s by default.
    config.set("reconnect.backoff.max.ms", "2000");
    // So that a new topic and a new partition are found soon; 5 min by default.
    config.set("topic.metadata.refresh.interval.ms", "10000");
    config
}

fn own_base(config: &mut ClientConfig, kafka: &Kafka, client_id: &str) {
    config.set("bootstrap.servers", &kafka.bootstrap);
    config.set("client.id", client_id);
    config.set("log.queue", "false");
}

fn pass(config: &mut ClientConfig, settings: &BTreeMap<String, String>) {
    for (key, value) in settings {
        config.set(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kafka(protocol: GroupProtocol, consumer: &[(&str, &str)]) -> Kafka {
        let pairs = consumer.iter();
        Kafka {
            bootstrap: "localhost:1".into(),
            group: "g".into(),
            protocol,
            delivery: Delivery::AtLeastOnce,
            commit_interval: Duration::from_secs(5),
            common: BTreeMap::new(),
            consumer: pairs.map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            producer: BTreeMap::new(),
        }
    }

    #[test]
    fn what_the_host_owns_wins_over_the_configuration() {
        let kafka = kafka(
            GroupProtocol::Classic,
            &[
                ("enable.auto.commit", "true"),
                ("fetch.queue.backoff.ms", "7"),
            ],
        );
        let config = consumer_config(&kafka, "me");
        assert_eq!(config.get("enable.auto.commit"), Some("false"));
        assert_eq!(config.get("fetch.queue.backoff.ms"), Some("7"));
        assert_eq!(config.get("client.id"), Some("me"));
    }

    #[test]
    fn a_group_waits_for_the_dead_no_longer_than_a_session_needs() {
        let interval = |settings: &[(&str, &str)]| {
            let config = consumer_config(&kafka(GroupProtocol::Classic, settings), "me");
            config.get("max.poll.interval.ms").map(str::to_owned)
        };
        assert_eq!(interval(&[]).as_deref(), Some("60000"));
        let long = ("session.timeout.ms", "90000");
        assert_eq!(interval(&[long]).as_deref(), Some("90000"));
        let given = ("max.poll.interval.ms", "300000");
        assert_eq!(interval(&[long, given]).as_deref(), Some("300000"));
    }

    #[test]
    fn each_protocol_has_its_own_keys() {
        let classic = consumer_config(&kafka(GroupProtocol::Classic, &[]), "me");
        assert_eq!(classic.get("group.protocol"), None);
        let kip848 = consumer_config(&kafka(GroupProtocol::Consumer, &[]), "me");
        assert_eq!(kip848.get("partition.assignment.strategy"), None);
        assert_eq!(kip848.get("group.protocol"), Some("consumer"));
    }

    #[test]
    fn exactly_once_messages_are_given_up_before_their_transaction_is() {
        let mut kafka = kafka(GroupProtocol::Classic, &[]);
        let at_least = sink_config(&kafka, "me");
        assert_eq!(at_least.get("transactional.id"), None);
        assert_eq!(at_least.get("message.timeout.ms"), Some("0"));
        kafka.delivery = Delivery::ExactlyOnce(Transaction {
            id: "g-me".into(),
            timeout: Duration::from_secs(30),
            bytes: 1,
        });
        let once = sink_config(&kafka, "me");
        assert_eq!(once.get("transactional.id"), Some("g-me"));
        assert_eq!(once.get("transaction.timeout.ms"), Some("30000"));
        assert_eq!(once.get("message.timeout.ms"), Some("15000"));
        let tool = producer_config(&kafka, "me");
        assert_eq!(
            tool.get("transactional.id"),
            None,
            "it would fence the host"
        );
    }

    #[test]
    fn every_input_that_can_be_received_can_be_sent() {
        let with = |bytes| {
            kafka(
                GroupProtocol::Classic,
                &[("receive.message.max.bytes", bytes)],
            )
        };
        let limit = |kafka: &Kafka| {
            let config = producer_config(kafka, "me");
            config
                .get("message.max.bytes")
                .and_then(|v| v.parse::<u64>().ok())
        };
        assert_eq!(
            limit(&with("200000000")),
            Some(200_000_000 + HEADROOM_BYTES)
        );
        assert_eq!(limit(&with("2000000000")), Some(MESSAGE_MAX_BYTES));
    }
}
