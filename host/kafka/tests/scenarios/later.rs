//! Topics that are read later than others.

use anyhow::{Result, ensure};
use penstock_tests::{Outgoing, eventually, unique};

use super::Ground;
use crate::support::{PATIENCE, soon};

const PARTITIONS: i32 = 3;

/// A second topic, with a record in each partition.
fn second(ground: &Ground<'_>) -> Result<String> {
    let second = unique("later");
    ground.client.create_topic(&second, PARTITIONS, &[])?;
    let record = |number| Outgoing::to(&second).partition(number).value("second");
    let records: Vec<_> = (0..PARTITIONS).map(record).collect();
    ground.client.produce(&records)?;
    Ok(second)
}

/// Who reads another topic later keeps what it has; who reads it already keeps all of it until then.
pub fn a_topic_that_is_read_later_disturbs_nobody(ground: &Ground<'_>) -> Result<()> {
    let second = second(ground)?;
    let setup = ground.setup().later(&second);
    let one = setup.start("one");
    eventually("one has the first topic", PATIENCE, || {
        ensure!(one.engine.live() == [0, 1, 2]);
        Ok(())
    });
    let committed = || ground.client.committed(&ground.group, &second);
    let starts = Vec::from_iter(committed()?.into_values());
    ensure!(
        starts == [Some(0); 3],
        "where it starts is settled: {starts:?}"
    );
    one.source.read(&second);
    eventually("one reads both", PATIENCE, || {
        let fetched = one.engine.fetched();
        let seconds = fetched.iter().filter(|of| of.2 == "second").count();
        ensure!(seconds == 3, "{fetched:?}");
        Ok(())
    });
    let assigned = one.engine.assigned();
    ensure!(assigned.len() == 6, "something was revoked: {assigned:?}");

    let two = setup.start("two");
    eventually("they share the first topic", PATIENCE, || {
        let [of_one, of_two] = [&one, &two].map(|of| of.engine.live_of(&ground.topic));
        ensure!(of_one.len() + of_two.len() == 3 && !of_two.is_empty());
        Ok(())
    });
    ensure!(two.engine.live_of(&second).is_empty());
    let kept = one.engine.live_of(&second);
    ensure!(kept == [0, 1, 2], "one gave {kept:?} up too soon");
    two.source.read(&second);
    let report = one.source.stop(soon()).expect("in time");
    ensure!(report.closed && report.commit_error.is_none(), "{report:?}");
    eventually("two has both alone", PATIENCE, || {
        let both = [&second, &ground.topic].map(|topic| two.engine.live_of(topic));
        ensure!(both == [[0, 1, 2], [0, 1, 2]], "{both:?}");
        Ok(())
    });
    two.source.stop(soon()).expect("in time");
    Ok(())
}

/// Without a topic to read, a host is no member; it can be stopped, and joins with the first one.
pub fn a_host_may_wait_for_its_first_topic(ground: &Ground<'_>) -> Result<()> {
    let setup = ground.setup().later(&ground.topic);
    let first = ground.write(0, 3)?;
    let idle = setup.start("idle");
    eventually("its start is committed", PATIENCE, || {
        ensure!(ground.committed()? == [Some(0); 3]);
        Ok(())
    });
    ensure!(!idle.source.state().subscribed);
    let report = idle.source.stop(soon()).expect("in time");
    ensure!(report.closed, "{report:?}");

    let member = setup.start("one");
    member.source.read(&ground.topic);
    eventually("all is read", PATIENCE, || {
        ensure!(member.engine.sorted() == first);
        Ok(())
    });
    member.source.stop(soon()).expect("in time");
    Ok(())
}
