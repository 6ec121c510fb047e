//! A topic that is deleted and made again under a running host: nothing of the new one is passed
//! over, whatever the position in the old one was.

use anyhow::{Result, ensure};
use penstock_tests::{Host, Outgoing, eventually};

use crate::support::{Line, SOON, Watch};

fn is_read_from_its_first_record(protocol: &str) -> Result<()> {
    let line = Line::new("remade", 3)?;
    line.send(0, &["ok old 0", "ok old 1"])?;
    line.send(1, &["ok old 0", "ok old 1", "ok old 2"])?;
    let mut host = Host::start(&line.unruly("h1", protocol)?)?;
    host.ready(SOON)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    eventually("the watchdog has seen the old topic", SOON, || {
        ensure!(host.status()?["watchdog-looks"].as_u64() >= Some(1));
        Ok(())
    });
    // Otherwise its client may ask in between, and be told that there is no such topic or place.
    host.process().suspend()?;
    line.client.delete_topic(&line.input)?;
    line.client.create_topic(&line.input, 3, &[])?;
    // Longer than the position, shorter than it, and where nothing ever was.
    let new = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (2, 0)];
    let new = new.map(|(partition, number)| (partition, format!("ok new {partition} {number}")));
    let records = new.each_ref().map(|(partition, value)| {
        let record = Outgoing::to(&line.input).partition(*partition);
        record.value(value.as_str())
    });
    line.client.produce(&records)?;
    host.process().signal(libc::SIGCONT)?;

    let said = host.wait_for_log("PSK-D003", SOON)?;
    ensure!(said.contains("was deleted and made again"), "{said}");
    let metric = format!(
        "penstock_finding{{code=\"PSK-D003\",topic=\"{}\"",
        line.input
    );
    let found = host.status()?["findings"].to_string();
    ensure!(found.contains("PSK-D003"), "{found}");
    let metrics = host.metrics()?;
    ensure!(metrics.contains(&metric), "no {metric} in {metrics}");

    eventually("all of the new topic is handled", SOON, || {
        let outputs = line.outputs()?;
        let missing = new.iter().filter(|(_, value)| !outputs.contains(value));
        let missing: Vec<_> = missing.collect();
        ensure!(missing.is_empty(), "no {missing:?} in {outputs:?}");
        Ok(())
    });
    eventually("all is committed", SOON, || line.is_caught_up());
    // It goes on as ever.
    line.send(0, &["ok new 0 4"])?;
    eventually("all is committed", SOON, || line.is_caught_up());
    ensure!(line.outputs()?.contains(&"ok new 0 4".to_owned()));
    ensure!(host.assigned()? == 3);
    // It has happened, and stays.
    ensure!(host.status()?["findings"].to_string().contains("PSK-D003"));
    host.stop()
}

#[test]
fn a_topic_that_is_made_again_is_read_from_its_first_record() -> Result<()> {
    is_read_from_its_first_record("classic")
}

#[test]
fn the_same_in_the_consumer_protocol() -> Result<()> {
    is_read_from_its_first_record("consumer")
}
