//! What must hold on every cluster and in both group protocols.

use std::sync::atomic::Ordering;

use anyhow::{Result, ensure};
use penstock_core::codes::Code;
use penstock_core::config::{GroupProtocol, Start};
use penstock_kafka::MockKafka;
use penstock_tests::{Client, Outgoing, eventually, unique};

use super::{Fetched, PATIENCE, Setup, soon};

/// A cluster with a topic of its own for each scenario.
pub struct Ground<'a> {
    pub client: &'a Client,
    pub protocol: GroupProtocol,
    pub topic: String,
    pub group: String,
}

impl<'a> Ground<'a> {
    pub fn new(client: &'a Client, protocol: GroupProtocol, topic: &str) -> Ground<'a> {
        super::logged();
        Ground {
            client,
            protocol,
            topic: topic.to_owned(),
            group: unique("group"),
        }
    }

    fn setup(&self) -> Setup {
        Setup::new(
            self.client.bootstrap(),
            self.protocol,
            &self.group,
            &self.topic,
        )
    }

    /// Writes records `from..to` by turns into partitions 0 to 2.
    fn write(&self, from: i64, to: i64) -> Result<Vec<Fetched>> {
        let partition = |n: i64| i32::try_from(n % 3).expect("small");
        let records: Vec<_> = (from..to)
            .map(|n| {
                Outgoing::to(&self.topic)
                    .partition(partition(n))
                    .value(n.to_string())
            })
            .collect();
        let placed = self.client.produce(&records)?;
        ensure!(placed.len() == records.len());
        let mut written: Vec<_> = (from..to)
            .map(|n| (partition(n), n / 3, n.to_string()))
            .collect();
        written.sort();
        Ok(written)
    }

    fn committed(&self) -> Result<Vec<Option<i64>>> {
        Ok(self
            .client
            .committed(&self.group, &self.topic)?
            .into_values()
            .collect())
    }
}

/// Records that lay there before the group existed are read, and the group never shows `-`.
pub fn records_from_before_are_read(ground: &Ground<'_>) -> Result<()> {
    let written = ground.write(0, 9)?;
    let member = ground.setup().start("one");
    eventually("everything is fetched", PATIENCE, || {
        ensure!(
            member.engine.sorted() == written,
            "{:?}",
            member.engine.sorted()
        );
        Ok(())
    });
    eventually("it is committed on the timer", PATIENCE, || {
        ensure!(ground.committed()? == [Some(3), Some(3), Some(3)]);
        Ok(())
    });
    eventually("the log's ends are known", PATIENCE, || {
        ensure!(member.engine.watermarks(0) == Some((0, 3)));
        Ok(())
    });
    let state = member.source.state();
    ensure!(
        state.subscribed && state.member && state.assigned == 3,
        "{state:?}"
    );
    let report = member.source.stop(soon()).expect("in time");
    ensure!(
        report.drained && report.closed && report.commit_error.is_none(),
        "{report:?}"
    );
    ensure!(report.partitions.len() == 3);
    Ok(())
}

/// `latest` is committed before the first record: nothing that comes later can be passed over.
pub fn latest_is_committed_before_the_group_is_joined(ground: &Ground<'_>) -> Result<()> {
    ground.write(0, 6)?;
    let setup = ground.setup().from(Start::Latest);
    let member = setup.start("one");
    eventually("the start is committed", PATIENCE, || {
        ensure!(ground.committed()? == [Some(2), Some(2), Some(2)]);
        Ok(())
    });
    eventually("everything is assigned", PATIENCE, || {
        ensure!(member.engine.assigned() == [(0, 2), (1, 2), (2, 2)]);
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    // Written while nobody is there: a second start must not skip them.
    let later: Vec<_> = ground.write(6, 9)?;
    let again = setup.start("one");
    eventually("what was written meanwhile is read", PATIENCE, || {
        ensure!(
            again.engine.sorted() == later,
            "{:?}",
            again.engine.sorted()
        );
        Ok(())
    });
    again.source.stop(soon()).expect("in time");
    Ok(())
}

/// A partition without a commit while others have one is read from its first record.
pub fn a_missing_commit_is_read_from_the_earliest(ground: &Ground<'_>) -> Result<()> {
    let written = ground.write(0, 9)?;
    ground.client.commit(&ground.group, &ground.topic, 0, 2)?;
    let member = ground.setup().from(Start::Latest).start("one");
    let expected: Vec<_> = written
        .into_iter()
        .filter(|(partition, offset, _)| *partition != 0 || *offset >= 2)
        .collect();
    eventually("all but the committed is fetched", PATIENCE, || {
        ensure!(
            member.engine.sorted() == expected,
            "{:?}",
            member.engine.sorted()
        );
        Ok(())
    });
    ensure!(member.engine.holds(Code::CommitMissing));
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// A commit beyond the log is reported and read from the first record.
pub fn a_commit_beyond_the_log_is_decided(ground: &Ground<'_>) -> Result<()> {
    let written = ground.write(0, 9)?;
    for (partition, offset) in [(0, 1000), (1, 0), (2, 0)] {
        ground
            .client
            .commit(&ground.group, &ground.topic, partition, offset)?;
    }
    let member = ground.setup().start("one");
    eventually("everything is fetched", PATIENCE, || {
        ensure!(
            member.engine.sorted() == written,
            "{:?}",
            member.engine.sorted()
        );
        Ok(())
    });
    ensure!(member.engine.holds(Code::OffsetOutOfRange));
    eventually("the group is back inside the log", PATIENCE, || {
        ensure!(ground.committed()? == [Some(3), Some(3), Some(3)]);
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// Members come and go: each partition has one owner, and nothing is lost or, since everything
/// is committed when it is handed over, done twice.
pub fn partitions_move_between_members(ground: &Ground<'_>) -> Result<()> {
    let mut written = ground.write(0, 30)?;
    let setup = ground.setup();
    let one = setup.start("one");
    eventually("one has all", PATIENCE, || {
        ensure!(one.engine.live() == [0, 1, 2]);
        Ok(())
    });
    let two = setup.start("two");
    eventually("they share", PATIENCE, || {
        let (a, b) = (one.engine.live(), two.engine.live());
        ensure!(
            !a.is_empty() && !b.is_empty() && a.len() + b.len() == 3,
            "{a:?} {b:?}"
        );
        Ok(())
    });
    written.extend(ground.write(30, 60)?);
    let all = |engines: &[&super::Member]| {
        let mut all: Vec<_> = engines
            .iter()
            .flat_map(|member| member.engine.fetched())
            .collect();
        all.sort();
        all
    };
    written.sort();
    eventually("all is fetched once", PATIENCE, || {
        let all = all(&[&one, &two]);
        ensure!(all == written, "{} of {}", all.len(), written.len());
        Ok(())
    });
    let (engine, report) = (one.engine, one.source.stop(soon()).expect("in time"));
    ensure!(report.closed && report.commit_error.is_none(), "{report:?}");
    let left = std::time::Instant::now();
    eventually("two has all", PATIENCE, || {
        ensure!(two.engine.live() == [0, 1, 2]);
        Ok(())
    });
    // One left: nobody had to wait for its session of six seconds to expire.
    ensure!(
        left.elapsed() < std::time::Duration::from_secs(4),
        "{:?}",
        left.elapsed()
    );
    written.extend(ground.write(60, 90)?);
    written.sort();
    eventually("all is fetched once, still", PATIENCE, || {
        let mut all = engine.fetched();
        all.extend(two.engine.fetched());
        all.sort();
        ensure!(all == written, "{} of {}", all.len(), written.len());
        Ok(())
    });
    two.source.stop(soon()).expect("in time");
    ensure!(ground.committed()? == [Some(30), Some(30), Some(30)]);
    Ok(())
}

/// A partition that is full is fetched no further until there is room.
pub fn a_full_partition_is_paused(ground: &Ground<'_>) -> Result<()> {
    let first = ground.write(0, 3)?;
    let member = ground.setup().start("one");
    member.engine.full.store(true, Ordering::SeqCst);
    eventually("the first are fetched", PATIENCE, || {
        ensure!(member.engine.sorted() == first);
        Ok(())
    });
    let mut written = ground.write(3, 30)?;
    written.extend(first);
    written.sort();
    // The commit timer runs on the same thread: once it has committed, the thread has had every
    // chance to fetch more.
    eventually("it still commits", PATIENCE, || {
        ensure!(ground.committed()? == [Some(1), Some(1), Some(1)]);
        Ok(())
    });
    let held = member.engine.fetched().len();
    ensure!(held <= 6, "{held} records were fetched into a full engine");
    member.engine.full.store(false, Ordering::SeqCst);
    eventually("the rest follows", PATIENCE, || {
        ensure!(
            member.engine.sorted() == written,
            "{:?}",
            member.engine.sorted()
        );
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// Unfinished work is not committed, and the shutdown says that it was abandoned.
pub fn unfinished_work_is_not_committed(ground: &Ground<'_>) -> Result<()> {
    let written = ground.write(0, 9)?;
    let setup = ground.setup();
    let member = setup.start("one");
    member.engine.stuck.store(true, Ordering::SeqCst);
    eventually("everything is fetched", PATIENCE, || {
        ensure!(member.engine.sorted() == written);
        Ok(())
    });
    let report = member.source.stop(soon()).expect("in time");
    ensure!(!report.drained && report.closed, "{report:?}");
    ensure!(ground.committed()? == [Some(0), Some(0), Some(0)]);
    Ok(())
}

/// Records that were deleted before they were read are reported; the rest is read.
pub fn deleted_records_are_reported(ground: &Ground<'_>) -> Result<()> {
    ground.write(0, 9)?;
    for partition in 0..3 {
        ground
            .client
            .commit(&ground.group, &ground.topic, partition, 1)?;
    }
    ground.client.delete_records(&ground.topic, 0, 2)?;
    let member = ground.setup().start("one");
    eventually("each starts where it can", PATIENCE, || {
        ensure!(member.engine.assigned() == [(0, 2), (1, 1), (2, 1)]);
        Ok(())
    });
    eventually("what is left is fetched", PATIENCE, || {
        ensure!(member.engine.fetched().len() == 5);
        Ok(())
    });
    ensure!(member.engine.holds(Code::OffsetOutOfRange));
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// A time is resolved for each partition, to the end where no record is as young.
pub fn a_time_is_a_start(ground: &Ground<'_>) -> Result<()> {
    let hour = 3_600_000;
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?;
    let record = |partition, age: i64| {
        let record = Outgoing::to(&ground.topic).partition(partition).value("x");
        record.timestamp(now - age * hour)
    };
    ground.client.produce(&[
        record(0, 5),
        record(0, 3),
        record(0, 1),
        record(1, 5),
        record(2, 1),
    ])?;
    let member = ground
        .setup()
        .from(Start::Time(now - 2 * hour))
        .start("one");
    eventually("each starts at its own offset", PATIENCE, || {
        ensure!(member.engine.assigned() == [(0, 2), (1, 1), (2, 0)]);
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// A missing topic is reported, does not keep the others waiting, and is read once it is there.
pub fn a_topic_may_come_later(ground: &Ground<'_>) -> Result<()> {
    let written = ground.write(0, 9)?;
    let later = unique("later");
    let mut setup = ground.setup();
    setup
        .topics
        .insert(later.clone(), super::topic_from(Start::Earliest));
    setup
        .kafka
        .common
        .insert("topic.metadata.refresh.interval.ms".into(), "500".into());
    let member = setup.start("one");
    eventually("the topic that is there is read", PATIENCE, || {
        ensure!(
            member.engine.sorted() == written,
            "{:?}",
            member.engine.sorted()
        );
        Ok(())
    });
    ensure!(member.engine.holds(Code::TopicMissing));
    ground.client.create_topic(&later, 1, &[])?;
    ground
        .client
        .produce(&[Outgoing::to(&later).value("late")])?;
    eventually("the other is read too", PATIENCE, || {
        ensure!(member.engine.fetched().contains(&(0, 0, "late".into())));
        Ok(())
    });
    eventually("it is missing no more", PATIENCE, || {
        ensure!(!member.engine.holds(Code::TopicMissing));
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// More members than partitions: the one too many is a member all the same.
pub fn a_standby_is_a_member(ground: &Ground<'_>) -> Result<()> {
    let names = ["a", "b", "c", "d"];
    let members: Vec<_> = names
        .iter()
        .map(|name| ground.setup().start(name))
        .collect();
    eventually(
        "all are members, with three partitions between them",
        PATIENCE,
        || {
            let states: Vec<_> = members.iter().map(|member| member.source.state()).collect();
            ensure!(states.iter().all(|state| state.member), "{states:?}");
            let held: Vec<_> = states.iter().map(|state| state.assigned).collect();
            ensure!(
                held.iter().sum::<usize>() == 3 && held.contains(&0),
                "{held:?}"
            );
            Ok(())
        },
    );
    for member in members {
        member.source.stop(soon()).expect("in time");
    }
    Ok(())
}

/// Kafka away and back: said while it lasts, over when it is, and nothing is lost.
pub fn an_outage_is_a_condition_that_ends(ground: &Ground<'_>, mock: &MockKafka) -> Result<()> {
    let mut written = ground.write(0, 9)?;
    let member = ground.setup().start("one");
    eventually("everything is fetched", PATIENCE, || {
        ensure!(member.engine.sorted() == written);
        Ok(())
    });
    mock.down()?;
    eventually("it is said", PATIENCE, || {
        ensure!(member.engine.holds(Code::KafkaUnreachable));
        Ok(())
    });
    mock.up()?;
    written.extend(ground.write(9, 18)?);
    written.sort();
    eventually("what came later is fetched", PATIENCE, || {
        ensure!(member.engine.sorted() == written);
        Ok(())
    });
    eventually("it is over", PATIENCE, || {
        ensure!(!member.engine.holds(Code::KafkaUnreachable));
        Ok(())
    });
    mock.down()?;
    let begun = std::time::Instant::now();
    let deadline = begun + std::time::Duration::from_secs(2);
    let report = member.source.stop(deadline);
    ensure!(
        begun.elapsed() < std::time::Duration::from_millis(2500),
        "{:?}",
        begun.elapsed()
    );
    ensure!(report.is_some(), "the deadline passed without a report");
    Ok(())
}

/// Without Kafka the host waits, and says so, until it is stopped.
pub fn a_start_without_kafka_waits_and_can_be_stopped() -> Result<()> {
    super::logged();
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
    eventually("everything is fetched", PATIENCE, || {
        ensure!(member.engine.sorted() == written);
        Ok(())
    });
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
