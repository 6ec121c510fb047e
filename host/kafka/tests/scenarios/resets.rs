//! Partitions are put elsewhere while the member runs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_core::record::NextOffset;
use penstock_kafka::{MockKafka, Move, ResetOutcome};
use penstock_tests::eventually;

use super::Ground;
use crate::support::{Fetched, Member, PATIENCE, soon};

const WAIT: Duration = Duration::from_secs(15);

fn order(ground: &Ground<'_>, epoch: u32, partition: i32, to: i64) -> Vec<Move> {
    vec![Move {
        topic: ground.topic.clone(),
        partition,
        epoch,
        to: NextOffset(to),
    }]
}

/// Nine records, three a partition, all committed.
fn caught_up(ground: &Ground<'_>) -> Result<Member> {
    let written = ground.write(0, 9)?;
    let member = ground.setup().start("one");
    member.fetches(&written);
    eventually("everything is committed", PATIENCE, || {
        ensure!(ground.committed()? == [Some(3); 3]);
        Ok(())
    });
    Ok(member)
}

fn again(member: &Member, partition: i32) -> Vec<i64> {
    let fetched = member.engine.fetched();
    let its = fetched.iter().filter(|of| of.0 == partition);
    its.map(|of| of.1).collect()
}

/// The partition is read from its new place, committed there, and no other is read again.
pub fn a_partition_is_put_back_and_read_again(ground: &Ground<'_>) -> Result<()> {
    let member = caught_up(ground)?;
    let orders = member.source.orders();
    let epoch = member.engine.epoch(1).expect("it is held");
    let asked = orders.reset(order(ground, epoch, 1, 1), true, WAIT);
    ensure!(asked == Some(ResetOutcome::Possible), "{asked:?}");
    ensure!(member.engine.epoch(1) == Some(epoch));
    let done = orders.reset(order(ground, epoch, 1, 1), false, WAIT);
    ensure!(
        done == Some(ResetOutcome::Done { handed_back: 0 }),
        "{done:?}"
    );
    eventually("it is read again", PATIENCE, || {
        ensure!(again(&member, 1) == [0, 1, 2, 1, 2]);
        Ok(())
    });
    ensure!(again(&member, 0) == [0, 1, 2] && again(&member, 2) == [0, 1, 2]);
    eventually("and committed", PATIENCE, || {
        ensure!(ground.committed()? == [Some(3); 3]);
        Ok(())
    });
    // A later order of the same stay is void.
    let late = orders.reset(order(ground, epoch, 1, 0), false, WAIT);
    ensure!(matches!(late, Some(ResetOutcome::Refused(_))), "{late:?}");
    ground.write(9, 18)?;
    eventually("what comes later is read once", PATIENCE, || {
        ensure!(again(&member, 1) == [0, 1, 2, 1, 2, 3, 4, 5]);
        Ok(())
    });
    let report = member.source.stop(soon()).expect("in time");
    ensure!(report.commit_error.is_none(), "{report:?}");
    Ok(())
}

/// Work that does not end is handed back after a while; the commit is what was asked for.
pub fn a_stuck_partition_is_put_forward(ground: &Ground<'_>) -> Result<()> {
    let member = caught_up(ground)?;
    member.engine.stuck.store(true, Ordering::SeqCst);
    ground.write(9, 18)?;
    eventually("everything is fetched", PATIENCE, || {
        ensure!(again(&member, 2).len() == 6);
        Ok(())
    });
    let epoch = member.engine.epoch(2).expect("it is held");
    let orders = member.source.orders();
    let done = orders.reset(order(ground, epoch, 2, 5), false, WAIT);
    ensure!(
        done == Some(ResetOutcome::Done { handed_back: 0 }),
        "{done:?}"
    );
    ensure!(ground.committed()? == [Some(3), Some(3), Some(5)]);
    eventually("it is read from there", PATIENCE, || {
        ensure!(again(&member, 2) == [0, 1, 2, 3, 4, 5, 5]);
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// What another member has, or nobody, is refused, and nothing is touched.
pub fn an_order_for_another_member_is_refused(ground: &Ground<'_>) -> Result<()> {
    let member = caught_up(ground)?;
    let epoch = member.engine.epoch(0).expect("it is held");
    let mut both = order(ground, epoch, 0, 0);
    both.extend(order(ground, epoch, 7, 0));
    let orders = member.source.orders();
    for moves in [both, Vec::new(), order(ground, epoch, 0, -1)] {
        let refused = orders.reset(moves, false, WAIT);
        ensure!(
            matches!(refused, Some(ResetOutcome::Refused(_))),
            "{refused:?}"
        );
    }
    ensure!(member.engine.epoch(0) == Some(epoch));
    ensure!(ground.committed()? == [Some(3); 3]);
    member.source.stop(soon()).expect("in time");
    ensure!(
        orders
            .reset(order(ground, epoch, 0, 0), false, WAIT)
            .is_none()
    );
    Ok(())
}

/// A member joins while the work of a reset does not end: what is told is what is committed, and
/// whatever comes of it, nothing is lost.
pub fn a_reset_and_a_rebalance_at_once_agree(ground: &Ground<'_>) -> Result<()> {
    let one = caught_up(ground)?;
    one.engine.stuck.store(true, Ordering::SeqCst);
    let written = ground.write(9, 18)?;
    eventually("everything is fetched", PATIENCE, || {
        ensure!(one.engine.fetched().len() == 18);
        Ok(())
    });
    let moves: Vec<Move> = (0..3)
        .flat_map(|partition| {
            let epoch = one.engine.epoch(partition).expect("it is held");
            order(ground, epoch, partition, 1)
        })
        .collect();
    let orders = one.source.orders();
    let asked = std::thread::spawn(move || orders.reset(moves, false, WAIT));
    let two = ground.setup().start("two");
    two.engine.stuck.store(true, Ordering::SeqCst);
    let outcome = asked.join().expect("no panic");
    let expected = match &outcome {
        Some(ResetOutcome::Done { .. }) => [Some(1); 3],
        Some(ResetOutcome::Refused(_)) => [Some(3); 3],
        other => anyhow::bail!("{other:?}"),
    };
    ensure!(ground.committed()? == expected, "{outcome:?}");
    eventually("they share", PATIENCE, || {
        let (a, b) = (one.engine.live(), two.engine.live());
        ensure!(
            !a.is_empty() && !b.is_empty() && a.len() + b.len() == 3,
            "{a:?} {b:?}"
        );
        Ok(())
    });
    ensure!(ground.committed()? == expected, "{outcome:?}");
    let later = ground.write(18, 27)?;
    one.engine.stuck.store(false, Ordering::SeqCst);
    two.engine.stuck.store(false, Ordering::SeqCst);
    eventually("all is committed", PATIENCE, || {
        ensure!(
            ground.committed()? == [Some(9); 3],
            "{:?}",
            ground.committed()?
        );
        Ok(())
    });
    let mut all = one.engine.fetched();
    all.extend(two.engine.fetched());
    let from = expected[0].expect("it is one");
    let times = |of: &Fetched| all.iter().filter(|it| *it == of).count();
    // All from the committed offset on was dropped, and had to come again.
    let dropped = written.iter().filter(|of| of.1 >= from);
    let lost = dropped
        .filter(|of| times(of) < 2)
        .chain(later.iter().filter(|of| times(of) < 1));
    let lost: Vec<_> = lost.collect();
    ensure!(lost.is_empty(), "{lost:?} did not come again, {outcome:?}");
    one.source.stop(soon()).expect("in time");
    two.source.stop(soon()).expect("in time");
    Ok(())
}

/// The client gives an answer up after this long: a second more than a fetch may wait.
const ANSWER_TIME: &str = "1500";
/// Longer than that, twice.
const TOO_LATE: Duration = Duration::from_secs(4);

fn impatient(ground: &Ground<'_>) -> Result<Member> {
    let written = ground.write(0, 9)?;
    let mut setup = ground.setup();
    let settings = &mut setup.kafka.consumer;
    settings.insert("socket.timeout.ms".into(), ANSWER_TIME.into());
    let member = setup.start("one");
    member.fetches(&written);
    eventually("everything is committed", PATIENCE, || {
        ensure!(ground.committed()? == [Some(3); 3]);
        Ok(())
    });
    Ok(member)
}

/// The answer to the reset's commit is lost, though it was done, and the next try is refused: who
/// asked is told that nothing changed, and so it is.
pub fn a_commit_whose_answer_is_lost_is_taken_back(
    ground: &Ground<'_>,
    mock: &MockKafka,
) -> Result<()> {
    let member = impatient(ground)?;
    let epoch = member.engine.epoch(1).expect("it is held");
    mock.answer_a_commit_late(TOO_LATE)?;
    mock.refuse_a_commit()?;
    let orders = member.source.orders();
    let outcome = orders.reset(order(ground, epoch, 1, 1), false, WAIT);
    ensure!(
        matches!(&outcome, Some(ResetOutcome::Refused(why)) if why.contains("committed again")),
        "{outcome:?}"
    );
    ensure!(
        ground.committed()? == [Some(3); 3],
        "{:?}",
        ground.committed()?
    );
    ensure!(again(&member, 1) == [0, 1, 2]);
    ground.write(9, 18)?;
    eventually("it is read on from where it was", PATIENCE, || {
        ensure!(again(&member, 1) == [0, 1, 2, 3, 4, 5]);
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// The same, and nothing can be committed for a while: that the outcome is not known is told, and
/// the next commit makes it that of before.
pub fn a_commit_that_can_not_be_taken_back_is_told_as_unknown(
    ground: &Ground<'_>,
    mock: &MockKafka,
) -> Result<()> {
    let member = impatient(ground)?;
    let epoch = member.engine.epoch(1).expect("it is held");
    mock.answer_a_commit_late(TOO_LATE)?;
    mock.refuse_a_commit()?;
    mock.refuse_a_commit()?;
    let orders = member.source.orders();
    let outcome = orders.reset(order(ground, epoch, 1, 1), false, WAIT);
    ensure!(
        matches!(outcome, Some(ResetOutcome::Unknown(_))),
        "{outcome:?}"
    );
    eventually("what is read on from is committed", PATIENCE, || {
        ensure!(ground.committed()? == [Some(3); 3]);
        Ok(())
    });
    ensure!(again(&member, 1) == [0, 1, 2]);
    member.source.stop(soon()).expect("in time");
    Ok(())
}

/// The answer to the reset's commit is lost, and the next try is answered.
pub fn a_commit_that_is_late_and_then_done_is_done(
    ground: &Ground<'_>,
    mock: &MockKafka,
) -> Result<()> {
    let member = impatient(ground)?;
    let epoch = member.engine.epoch(1).expect("it is held");
    mock.answer_a_commit_late(TOO_LATE)?;
    let orders = member.source.orders();
    let outcome = orders.reset(order(ground, epoch, 1, 1), false, WAIT);
    ensure!(
        outcome == Some(ResetOutcome::Done { handed_back: 0 }),
        "{outcome:?}"
    );
    eventually("it is read again", PATIENCE, || {
        ensure!(again(&member, 1) == [0, 1, 2, 1, 2]);
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    Ok(())
}
