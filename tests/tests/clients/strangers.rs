//! Who shares a group, and groups of other kinds.

use anyhow::{Result, ensure};
use penstock_tests::{Broker, BrokerOptions, eventually};
use serde_json::json;

use crate::support::{Case, Named, SOON};

#[test]
fn another_application_in_the_group_is_named() -> Result<()> {
    let case = Case::new("strangers", 2)?;
    let _one = case.kafkajs(&json!({"clientId": "purchase-worker-1"}))?;
    let _other = case.kafkajs(&json!({"clientId": "audit-7"}))?;
    case.settled(2);
    let row = Named {
        row: "17",
        how: "KafkaJS, two applications with one `groupId`",
    };
    let parts = ["audit-7", "purchase-worker-1"];
    row.first(&case.doctor().examine()?, "PSK-D005", &parts);
    Ok(())
}

#[test]
fn a_member_without_a_partition_stands_by() -> Result<()> {
    let case = Case::new("standby", 1)?;
    case.send(0, 3)?;
    let _one = case.java(&["client.id=worker-1"])?;
    let _other = case.java(&["client.id=worker-2"])?;
    case.settled(2);
    case.caught_up();
    let row = Named {
        row: "16",
        how: "Java, two members and one partition",
    };
    row.healthy(
        &case.doctor().examine()?,
        &["one member stands by (worker-"],
    );
    Ok(())
}

#[test]
fn who_is_refused_for_its_assignor_is_no_member_and_the_group_is_well() -> Result<()> {
    let case = Case::new("assignors", 1)?;
    case.send(0, 3)?;
    let package = "org.apache.kafka.clients.consumer";
    let sticky = format!("partition.assignment.strategy={package}.CooperativeStickyAssignor");
    let range = format!("partition.assignment.strategy={package}.RangeAssignor");
    let _one = case.java(&[&sticky])?;
    case.caught_up();
    let mut other = case.java(&[&range])?;
    other.wait_for_log("InconsistentGroupProtocolException", SOON)?;
    let row = Named {
        row: "18",
        how: "Java, a member that knows none of the group's assignors: refused, its own log says so",
    };
    row.healthy(&case.doctor().examine()?, &["nothing waits"]);
    Ok(())
}

#[test]
fn a_share_group_is_named_and_not_examined() -> Result<()> {
    let case = Case::new("share", 1)?;
    case.send(0, 3)?;
    let args = [case.client.bootstrap(), &case.group, &case.topic];
    let _worker = case.java_program("ShareWorker", &args)?;
    let row = Named {
        row: "share group",
        how: "Java, `KafkaShareConsumer` (KIP-932)",
    };
    let seen = eventually("it has joined", SOON, || {
        let seen = case.doctor().examine()?;
        ensure!(seen.exit == Some(0), "{:?}", seen.codes());
        Ok(seen)
    });
    row.healthy(&seen, &["a share group (KIP-932)"]);
    Ok(())
}

#[test]
fn a_group_by_the_protocol_of_streams_is_named_and_not_examined() -> Result<()> {
    let settings = [
        (
            "group.coordinator.rebalance.protocols",
            "classic,consumer,streams",
        ),
        ("unstable.api.versions.enable", "true"),
        ("unstable.feature.versions.enable", "true"),
    ];
    let broker = Broker::start(BrokerOptions {
        heap_mib: 256,
        settings: settings
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        ..BrokerOptions::default()
    })?;
    let case = Case::on(&broker, "streams", 1)?;
    // So that there is a coordinator.
    case.client.commit("another", &case.topic, 0, 0)?;
    let args = [case.client.bootstrap(), &case.group, &case.topic];
    let mut member = case.java_program("StreamsMember", &args)?;
    member.wait_for_log("joined", SOON)?;
    let row = Named {
        row: "Streams group",
        how: "Java, a member by Streams' own protocol (KIP-1071)",
    };
    let parts = ["a group of Kafka Streams by its own protocol (KIP-1071)"];
    row.healthy(&case.doctor().examine()?, &parts);
    Ok(())
}

#[test]
fn a_group_of_kafka_connect_is_named_and_not_examined() -> Result<()> {
    let case = Case::without_topic("connect")?;
    let args = [case.client.bootstrap(), &case.group];
    let mut member = case.kafkajs_program("connect-member.js", &args)?;
    member.wait_for_log("joined", SOON)?;
    let row = Named {
        row: "Connect group",
        how: "a member whose protocol type is `connect`",
    };
    row.healthy(
        &case.doctor().examine()?,
        &["a group of Kafka Connect's workers"],
    );
    Ok(())
}
