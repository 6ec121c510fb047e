//! Kafka away.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use penstock_core::codes::Code;
use penstock_core::config::GroupProtocol;
use penstock_kafka::MockKafka;
use penstock_tests::eventually;

use super::Ground;
use crate::support::forgetful::{ALONE, Forgetful};
use crate::support::{Fetched, Member, PATIENCE, Setup, soon};

/// Kafka away and back: said while it lasts, over when it is, and nothing is lost.
pub fn an_outage_is_a_condition_that_ends(ground: &Ground<'_>, mock: &MockKafka) -> Result<()> {
    let mut written = ground.write(0, 9)?;
    let member = ground.setup().start("one");
    member.fetches(&written);
    mock.down()?;
    eventually("it is said", PATIENCE, || {
        ensure!(member.engine.holds(Code::KafkaUnreachable));
        Ok(())
    });
    mock.up()?;
    written.extend(ground.write(9, 18)?);
    written.sort();
    member.fetches(&written);
    eventually("it is over", PATIENCE, || {
        ensure!(!member.engine.holds(Code::KafkaUnreachable));
        Ok(())
    });
    mock.down()?;
    let begun = Instant::now();
    let deadline = begun + Duration::from_secs(2);
    let report = member.source.stop(deadline);
    ensure!(
        begun.elapsed() < Duration::from_millis(2500),
        "{:?}",
        begun.elapsed()
    );
    ensure!(report.is_some(), "the deadline passed without a report");
    Ok(())
}

/// A client that is told of no broker loses every connection, and may make none anew: the member
/// finds its brokers again, and remains one.
pub fn a_member_that_has_no_connection_finds_the_brokers_again(
    ground: &Ground<'_>,
    mock: &MockKafka,
) -> Result<()> {
    let mut written = ground.write(0, 9)?;
    let member = without_connection(ground, mock, &written, ground.setup())?;
    written.extend(ground.write(9, 18)?);
    written.sort();
    member.fetches(&written);
    let state = member.source.state();
    ensure!(state.member && state.lost == 0, "{state:?}");
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// The same when it is asked to stop just then: what is finished is committed.
pub fn a_member_that_has_no_connection_commits_as_it_stops(
    ground: &Ground<'_>,
    mock: &MockKafka,
) -> Result<()> {
    let written = ground.write(0, 9)?;
    let mut setup = ground.setup();
    setup.kafka.commit_interval = Duration::from_secs(60);
    let member = without_connection(ground, mock, &written, setup)?;
    let report = member.source.stop(Instant::now() + PATIENCE);
    let report = report.context("the deadline passed without a report")?;
    ensure!(report.commit_error.is_none() && report.closed, "{report:?}");
    ensure!(ground.committed()? == [Some(3); 3]);
    Ok(())
}

/// A member that has fetched all, and has just lost its connections.
fn without_connection(
    ground: &Ground<'_>,
    mock: &MockKafka,
    written: &[Fetched],
    mut setup: Setup,
) -> Result<Member> {
    let way = Forgetful::to(&mock.bootstrap(), &ground.topic)?;
    mock.advertise(way.port());
    let heartbeats = ("heartbeat.interval.ms", "200");
    // Once it is over, the member is outside, and looks for brokers anyway.
    let session = ("session.timeout.ms", "60000");
    for (key, value) in ALONE.into_iter().chain([heartbeats, session]) {
        setup.kafka.consumer.insert(key.into(), value.into());
    }
    let member = setup.start("one");
    member.fetches(written);
    way.forget(true);
    mock.move_coordinators()?;
    eventually("it has no connection", PATIENCE, || {
        ensure!(way.connections() == 0, "{}", way.connections());
        Ok(())
    });
    way.forget(false);
    Ok(member)
}

/// Without Kafka the host waits, and says so, until it is stopped.
pub fn a_start_without_kafka_waits_and_can_be_stopped() -> Result<()> {
    crate::support::logged();
    let member = Setup::new("127.0.0.1:1", GroupProtocol::Classic, "g", "t").start("one");
    eventually("it is said", PATIENCE, || {
        ensure!(member.engine.holds(Code::KafkaUnreachable));
        Ok(())
    });
    ensure!(!member.source.state().subscribed);
    let report = member.source.stop(soon()).expect("in time");
    ensure!(report.partitions.is_empty(), "{report:?}");
    Ok(())
}

/// A session that expires while Kafka is away: the work is given up without a commit, said, and
/// done again.
pub fn a_lost_assignment_is_not_committed(ground: &Ground<'_>, mock: &MockKafka) -> Result<()> {
    let written = ground.write(0, 9)?;
    let mut setup = ground.setup();
    setup
        .kafka
        .consumer
        .insert("session.timeout.ms".into(), "1500".into());
    let member = setup.start("one");
    member.engine.stuck.store(true, Ordering::SeqCst);
    member.fetches(&written);
    mock.down()?;
    eventually("it is said", PATIENCE, || {
        ensure!(member.engine.holds(Code::AssignmentLost));
        Ok(())
    });
    ensure!(member.engine.live().is_empty());
    let state = member.source.state();
    ensure!(
        state.lost == 1 && state.assigned == 0 && !state.member,
        "{state:?}"
    );
    member.engine.stuck.store(false, Ordering::SeqCst);
    mock.up()?;
    eventually("everything is fetched again", PATIENCE, || {
        ensure!(member.engine.fetched().len() == 2 * written.len());
        Ok(())
    });
    let again = [(0, 0), (0, 0), (1, 0), (1, 0), (2, 0), (2, 0)];
    ensure!(member.engine.assigned() == again);
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// Commits that are refused: said while it lasts, over with the first that is taken.
pub fn a_refused_commit_is_a_condition_that_ends(
    ground: &Ground<'_>,
    mock: &MockKafka,
) -> Result<()> {
    ground.write(0, 9)?;
    let member = ground.setup().start("one");
    eventually("everything is committed", PATIENCE, || {
        ensure!(ground.committed()? == [Some(3); 3]);
        Ok(())
    });
    // One at each interval, so that it can be seen.
    for _ in 0..10 {
        mock.refuse_a_commit()?;
    }
    ground.write(9, 18)?;
    eventually("it is said", PATIENCE, || {
        ensure!(member.engine.holds(Code::CommitFailed));
        Ok(())
    });
    eventually("the rest is committed", PATIENCE, || {
        ensure!(ground.committed()? == [Some(6); 3]);
        Ok(())
    });
    eventually("it is over", PATIENCE, || {
        ensure!(!member.engine.holds(Code::CommitFailed));
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    Ok(())
}
