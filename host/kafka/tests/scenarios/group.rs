//! Members, back-pressure, the end.

use std::sync::atomic::Ordering;

use anyhow::{Result, ensure};
use penstock_tests::eventually;

use super::Ground;
use crate::support::{PATIENCE, soon};

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
    let all = |engines: &[&crate::support::Member]| {
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
    member.fetches(&written);
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// Unfinished work is not committed, and the shutdown says that it was abandoned.
pub fn unfinished_work_is_not_committed(ground: &Ground<'_>) -> Result<()> {
    let written = ground.write(0, 9)?;
    let setup = ground.setup();
    let member = setup.start("one");
    member.engine.stuck.store(true, Ordering::SeqCst);
    member.fetches(&written);
    let report = member.source.stop(soon()).expect("in time");
    ensure!(!report.drained && report.closed, "{report:?}");
    ensure!(ground.committed()? == [Some(0), Some(0), Some(0)]);
    Ok(())
}
