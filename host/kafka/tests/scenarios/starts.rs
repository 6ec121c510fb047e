//! Where reading begins.

use anyhow::{Result, ensure};
use penstock_core::codes::Code;
use penstock_core::config::Start;
use penstock_tests::{Outgoing, eventually, unique};

use super::Ground;
use crate::support::{PATIENCE, soon};

/// Records that lay there before the group existed are read, and the group never shows `-`.
pub fn records_from_before_are_read(ground: &Ground<'_>) -> Result<()> {
    let written = ground.write(0, 9)?;
    let member = ground.setup().start("one");
    member.fetches(&written);
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
    member.fetches(&written);
    ensure!(member.engine.holds(Code::OffsetOutOfRange));
    eventually("the group is back inside the log", PATIENCE, || {
        ensure!(ground.committed()? == [Some(3), Some(3), Some(3)]);
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
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
        .insert(later.clone(), crate::support::topic_from(Start::Earliest));
    setup
        .kafka
        .common
        .insert("topic.metadata.refresh.interval.ms".into(), "500".into());
    let member = setup.start("one");
    member.fetches(&written);
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

/// A partition that is added later is read from its first record, also where `latest` was meant
/// for the others.
pub fn a_new_partition_is_read_from_its_first_record(ground: &Ground<'_>) -> Result<()> {
    let mut setup = ground.setup().from(Start::Latest);
    let refresh = ("topic.metadata.refresh.interval.ms".into(), "500".into());
    setup.kafka.common.extend([refresh]);
    let member = setup.start("one");
    eventually("everything is assigned", PATIENCE, || {
        ensure!(member.engine.assigned().len() == 3);
        Ok(())
    });
    ground.client.grow_topic(&ground.topic, 4)?;
    let record = Outgoing::to(&ground.topic).partition(3).value("new");
    ground.client.produce(&[record.clone(), record])?;
    eventually("the new partition's records are fetched", PATIENCE, || {
        let new = |offset| (3, offset, "new".to_owned());
        ensure!(
            member.engine.sorted() == [new(0), new(1)],
            "{:?}",
            member.engine.sorted()
        );
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    Ok(())
}
