//! What must hold on every cluster and in both group protocols.

use std::sync::atomic::Ordering;

use anyhow::{Result, ensure};
use penstock_core::codes::Code;
use penstock_core::config::{GroupProtocol, Start};
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
