//! The settings that the host keeps for itself, with the reason, and the bounds that its own
//! settings put on others.

use super::super::GroupProtocol;

/// Why a setting is not the user's, if it isn't. `meaning` is the name behind all aliases.
pub(super) fn reason(meaning: &str, protocol: Option<GroupProtocol>) -> Option<&'static str> {
    Some(match meaning {
        "metadata.broker.list" => "set `kafka.bootstrap` instead",
        "group.id" => "set `kafka.group` instead",
        "group.protocol" => "set `kafka.protocol` instead",
        "client.id" => {
            "it is made of `host.id` and the admin port, by which hosts of a group find each other"
        }
        "enable.auto.commit" | "auto.commit.enable" | "enable.auto.offset.store" => {
            "offsets are committed only when their records are finished; an automatic commit would step over failures"
        }
        "auto.commit.interval.ms" => "set `kafka.commit-interval` instead",
        "auto.offset.reset" => {
            "an offset outside the log is decided and reported by the host; where a new group begins is said by the topic's `start`"
        }
        "offset.store.method" | "offset.store.path" | "offset.store.sync.interval.ms" => {
            "offsets are kept in Kafka, where the group's next owner finds them"
        }
        "request.required.acks" => {
            "a record is finished when all in-sync replicas have its outputs; less would lose them"
        }
        "enable.idempotence" => "it is always on: without it a retry puts outputs out of order",
        "enable.gapless.guarantee" => {
            "it ends the producer at the first output that is refused, instead of dead-lettering it"
        }
        "transactional.id" | "transaction.timeout.ms" => {
            "transactions belong to the delivery guarantee: see `kafka.delivery` and `kafka.transaction`"
        }
        "isolation.level" => {
            "only committed records are read: an aborted one would be processed though it never was"
        }
        "partition.assignment.strategy" => {
            "it is cooperative-sticky, by which a rebalance stops no partition that stays; with `protocol = \"consumer\"` the broker assigns"
        }
        "partitioner" | "sticky.partitioning.linger.ms" => {
            "it is murmur2_random, which places keys where Java and KafkaJS clients do"
        }
        "message.timeout.ms" => {
            "outputs are sent until they are acknowledged: a time-out would drop them in a long outage"
        }
        "delivery.report.only.error" | "produce.offset.report" => {
            "the host counts on a report of every output"
        }
        "enable.partition.eof" | "statistics.interval.ms" | "enabled_events" | "log.queue" => {
            "the host reads these events itself, to know where each partition stands"
        }
        "allow.auto.create.topics" => {
            "a topic made by accident has the broker's defaults; a missing one is reported and waited for"
        }
        "consume.callback.max.messages" => "the host takes records without that callback",
        "internal.termination.signal" => "signals are the host's: SIGTERM drains and leaves",
        "plugin.library.paths" | "interceptors" | "ssl.engine.location" | "ssl.engine.id" => {
            "it would load native code into the host, beside the sandbox"
        }
        "session.timeout.ms" | "heartbeat.interval.ms" | "group.protocol.type"
            if protocol == Some(GroupProtocol::Consumer) =>
        {
            "with `protocol = \"consumer\"` the broker decides it for the group"
        }
        "group.remote.assignor" if protocol == Some(GroupProtocol::Classic) => {
            "it has a meaning only with `protocol = \"consumer\"`"
        }
        _ => return None,
    })
}

/// What a value must be instead, and why, where the host's own settings bound it.
pub(super) fn bound(meaning: &str, value: &str) -> Option<(&'static str, &'static str)> {
    let number = || value.parse::<f64>().unwrap_or(0.0);
    let (holds, expected, reason) = match meaning {
        "max.in.flight.requests.per.connection" => (
            number() <= 5.0,
            "at most 5",
            "more would put outputs out of order: idempotence holds for 5 requests",
        ),
        "message.send.max.retries" => (
            number() >= 1.0,
            "at least 1",
            "the producer is idempotent, and an output is sent until it is acknowledged",
        ),
        "queuing.strategy" => (
            value.eq_ignore_ascii_case("fifo"),
            "`fifo`",
            "the order of outputs is kept",
        ),
        "queue.buffering.backpressure.threshold" => (
            number() <= 1.0,
            "1",
            "the producer is idempotent and allows no other",
        ),
        "sasl.mechanisms" => (
            ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"].contains(&value),
            "`PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`",
            "these are the mechanisms in this build; Kerberos (GSSAPI) is not",
        ),
        _ => return None,
    };
    (!holds).then_some((expected, reason))
}

#[cfg(test)]
mod tests {
    use super::super::properties;
    use super::*;

    #[test]
    fn the_rules_of_delivery_can_not_be_configured_away() {
        for name in [
            "enable.auto.commit",
            "auto.commit.enable",
            "enable.auto.offset.store",
            "auto.offset.reset",
            "acks",
            "request.required.acks",
            "enable.idempotence",
            "transactional.id",
            "isolation.level",
            "group.id",
            "bootstrap.servers",
            "metadata.broker.list",
            "client.id",
            "partition.assignment.strategy",
            "group.protocol",
            "partitioner",
            "message.timeout.ms",
            "delivery.timeout.ms",
            "enable.partition.eof",
            "statistics.interval.ms",
        ] {
            let property = properties::find(name).unwrap_or_else(|| panic!("{name}"));
            assert!(reason(property.meaning, None).is_some(), "{name}");
        }
    }

    #[test]
    fn kip_848_leaves_the_session_to_the_broker() {
        for name in [
            "session.timeout.ms",
            "heartbeat.interval.ms",
            "group.protocol.type",
        ] {
            assert!(reason(name, Some(GroupProtocol::Consumer)).is_some());
            assert!(reason(name, Some(GroupProtocol::Classic)).is_none());
        }
        assert!(reason("group.instance.id", Some(GroupProtocol::Consumer)).is_none());
    }
}
