//! The Kafka side against Kafka: the scenarios on the mock cluster, and on a real broker in both
//! group protocols.

mod scenarios;
#[allow(dead_code, reason = "the sink's tests use the rest")]
mod support;

use anyhow::Result;
use penstock_core::config::GroupProtocol;
use penstock_kafka::MockKafka;
use penstock_tests::{Broker, Client, unique};
use scenarios::Ground;

const TOPIC: &str = "orders";

fn on_mock(scenario: fn(&Ground<'_>) -> Result<()>) -> Result<()> {
    let mock = MockKafka::start(&[(TOPIC, 3)])?;
    let client = Client::new(&mock.bootstrap())?;
    scenario(&Ground::new(&client, GroupProtocol::Classic, TOPIC))
}

fn on_steered_mock(scenario: fn(&Ground<'_>, &MockKafka) -> Result<()>) -> Result<()> {
    let mock = MockKafka::start(&[(TOPIC, 3)])?;
    let client = Client::new(&mock.bootstrap())?;
    let ground = Ground::new(&client, GroupProtocol::Classic, TOPIC);
    scenario(&ground, &mock)
}

fn on_broker(scenario: fn(&Ground<'_>) -> Result<()>, protocol: GroupProtocol) -> Result<()> {
    let client = Broker::shared().client();
    let topic = unique(TOPIC);
    client.create_topic(&topic, 3, &[])?;
    scenario(&Ground::new(client, protocol, &topic))
}

#[test]
fn a_start_without_kafka_waits_and_can_be_stopped() -> Result<()> {
    scenarios::a_start_without_kafka_waits_and_can_be_stopped()
}

macro_rules! scenarios {
    (mock: $($mock:ident,)+; steered: $($steered:ident,)+; broker: $($name:ident,)+;) => {
        mod mock {
            use super::*;
            $(#[test] fn $mock() -> Result<()> { on_mock(scenarios::$mock) })+
            $(#[test] fn $steered() -> Result<()> { on_steered_mock(scenarios::$steered) })+
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
    // The mock cluster takes almost a session for each rebalance, and has no other group protocol.
    mock:
        records_from_before_are_read,
        latest_is_committed_before_the_group_is_joined,
        a_commit_beyond_the_log_is_decided,
        a_partition_is_put_back_and_read_again,
        a_stuck_partition_is_put_forward,
        an_order_for_another_member_is_refused,
        a_full_partition_is_paused,;
    steered:
        a_lost_assignment_is_not_committed,
        an_outage_is_a_condition_that_ends,
        a_member_that_has_no_connection_finds_the_brokers_again,
        a_member_that_has_no_connection_commits_as_it_stops,
        a_refused_commit_is_a_condition_that_ends,
        a_commit_whose_answer_is_lost_is_taken_back,
        a_commit_that_can_not_be_taken_back_is_told_as_unknown,
        a_commit_that_is_late_and_then_done_is_done,;
    broker:
        records_from_before_are_read,
        latest_is_committed_before_the_group_is_joined,
        a_missing_commit_is_read_from_the_earliest,
        a_commit_beyond_the_log_is_decided,
        a_new_partition_is_read_from_its_first_record,
        deleted_records_are_reported,
        a_time_is_a_start,
        a_topic_may_come_later,
        a_topic_that_is_read_later_disturbs_nobody,
        a_host_may_wait_for_its_first_topic,
        a_standby_is_a_member,
        partitions_move_between_members,
        a_partition_is_put_back_and_read_again,
        a_stuck_partition_is_put_forward,
        an_order_for_another_member_is_refused,
        a_reset_and_a_rebalance_at_once_agree,
        a_full_partition_is_paused,
        unfinished_work_is_not_committed,;
}
