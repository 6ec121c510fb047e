//! The Kafka side against Kafka: the scenarios on the mock cluster, and on a real broker in both
//! group protocols.

mod support;

use anyhow::Result;
use penstock_core::config::GroupProtocol;
use penstock_kafka::MockKafka;
use penstock_tests::{Broker, Client, unique};
use support::scenarios::{self, Ground};

const TOPIC: &str = "orders";

fn on_mock(scenario: fn(&Ground<'_>) -> Result<()>) -> Result<()> {
    let mock = MockKafka::start(&[(TOPIC, 3)])?;
    let client = Client::new(&mock.bootstrap())?;
    scenario(&Ground::new(&client, GroupProtocol::Classic, TOPIC))
}

fn on_broker(scenario: fn(&Ground<'_>) -> Result<()>, protocol: GroupProtocol) -> Result<()> {
    let client = Broker::shared().client();
    let topic = unique(TOPIC);
    client.create_topic(&topic, 3, &[])?;
    scenario(&Ground::new(client, protocol, &topic))
}

macro_rules! scenarios {
    ($($name:ident,)+) => {
        mod mock {
            use super::*;
            $(#[test] fn $name() -> Result<()> { on_mock(scenarios::$name) })+
        }
        mod classic {
            use super::*;
            $(#[test] fn $name() -> Result<()> {
                on_broker(scenarios::$name, GroupProtocol::Classic)
            })+
        }
        mod kip848 {
            use super::*;
            $(#[test] fn $name() -> Result<()> {
                on_broker(scenarios::$name, GroupProtocol::Consumer)
            })+
        }
    };
}

scenarios! {
    records_from_before_are_read,
    latest_is_committed_before_the_group_is_joined,
    a_missing_commit_is_read_from_the_earliest,
    a_commit_beyond_the_log_is_decided,
    partitions_move_between_members,
    a_full_partition_is_paused,
    unfinished_work_is_not_committed,
}
