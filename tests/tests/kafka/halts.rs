//! A failure that may not be stepped over: the partition halts, visibly, and the others go on.

use anyhow::{Result, ensure};
use penstock_tests::{Host, HostConfig, eventually};

use crate::support::{Line, PROTOCOLS, SOON, Scrape, Watch};

/// The line without its dead-letter topic in the configuration.
fn without_dead_letter(line: &Line, protocol: &str) -> Result<HostConfig> {
    let unruly = line.bare("h1", protocol).handler(
        "unruly",
        &penstock_tests::plugin("unruly")?,
        &[("out", &line.output)],
    );
    Ok(unruly.topic(&line.input, &["unruly"], "earliest", None))
}

#[test]
fn without_a_dead_letter_topic_the_partition_halts_until_a_restart_brings_one() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("halted", 2)?;
        line.send(0, &["ok 1", "reject", "ok 2"])?;
        line.send(1, &["ok a", "ok b"])?;
        let mut host = Host::start(&without_dead_letter(&line, protocol)?)?;
        let waits = eventually("partition 0 halts", SOON, || {
            host.waits(&line.input, 0, "halted")
        });
        assert_eq!(
            (&waits["code"], &waits["offset"], &waits["handler"]),
            (&"PSK-O001".into(), &1.into(), &"unruly".into())
        );
        assert!(waits["text"].to_string().contains("PSK-H002"), "{waits}");
        let condition = host.condition("PSK-O001")?;
        assert_eq!(condition["subject"], format!("{}[0]", line.input));
        let said = host.wait_for_log("partition halted", SOON)?;
        assert!(
            said.contains(r#""offset":1"#) && said.contains("dead-letter"),
            "{said}"
        );
        let labels = [("partition", "0"), ("kind", "halted"), ("code", "PSK-O001")];
        let scrape = Scrape::of(&host)?;
        assert_eq!(
            scrape.value("penstock_partition_waiting", &labels),
            Some(1.0)
        );
        // Halted is no reason to take it out of service, nor to restart it.
        assert_eq!(host.get("/healthz")?.0, 200);
        host.ready(SOON)?;

        // The other partition goes on, also with what comes later.
        line.send(1, &["ok c"])?;
        eventually("partition 1 goes on, 0 stays", SOON, || {
            let committed = line.client.committed(&line.group, &line.input)?;
            ensure!(
                committed == [(0, Some(1)), (1, Some(3))].into(),
                "{committed:?}"
            );
            Ok(())
        });
        host.stop()?;
        let committed = line.client.committed(&line.group, &line.input)?;
        assert_eq!(committed[&0], Some(1), "nothing is committed beyond");

        let host = Host::start(&line.unruly("h1", protocol)?)?;
        eventually("all is committed", SOON, || line.is_caught_up());
        assert_eq!(line.dead_letters()?, ["reject"]);
        let mut outputs = line.outputs()?;
        outputs.sort();
        assert_eq!(outputs, ["ok 1", "ok 2", "ok a", "ok b", "ok c"]);
        host.stop()?;
    }
    Ok(())
}

#[test]
fn a_missing_dead_letter_topic_halts_until_it_is_created() -> Result<()> {
    let line = Line::with_input_only("undeliverable", 2)?;
    line.client.create_topic(&line.output, 1, &[])?;
    line.send(0, &["ok 1", "reject", "ok 2", "crash"])?;
    line.send(1, &["ok a"])?;
    let mut host = Host::start(&line.unruly("h1", "classic")?)?;
    let waits = eventually("partition 0 waits", SOON, || {
        host.waits(&line.input, 0, "dead-letter")
    });
    assert_eq!(waits["code"], "PSK-O003");
    assert!(waits["text"].to_string().contains(&line.dead), "{waits}");
    let condition = host.condition("PSK-O003")?;
    assert_eq!(condition["subject"], format!("{}[0]", line.input));
    host.wait_for_log("PSK-O003", SOON)?;
    eventually("partition 1 goes on, 0 stays", SOON, || {
        let committed = line.client.committed(&line.group, &line.input)?;
        ensure!(
            committed == [(0, Some(1)), (1, Some(1))].into(),
            "{committed:?}"
        );
        Ok(())
    });

    line.client.create_topic(&line.dead, 1, &[])?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(line.dead_letters()?, ["reject", "crash"]);
    let mut outputs = line.outputs()?;
    outputs.sort();
    assert_eq!(outputs, ["ok 1", "ok 2", "ok a"]);
    eventually("the condition is over", SOON, || {
        ensure!(host.condition("PSK-O003").is_err(), "it still holds");
        Ok(())
    });
    assert_eq!(
        host.partition(&line.input, 0)?["waits"],
        serde_json::Value::Null
    );
    host.stop()
}

#[test]
fn an_output_that_is_refused_halts_too_without_a_dead_letter_topic() -> Result<()> {
    let line = Line::with_input_only("oversized", 2)?;
    line.client
        .create_topic(&line.output, 1, &[("max.message.bytes", "1000")])?;
    line.send(0, &["ok 1", "output-bytes 2000", "ok 2"])?;
    line.send(1, &["ok a"])?;
    let host = Host::start(&without_dead_letter(&line, "classic")?)?;
    let waits = eventually("partition 0 halts", SOON, || {
        host.waits(&line.input, 0, "halted")
    });
    assert_eq!(
        (&waits["code"], &waits["offset"]),
        (&"PSK-O001".into(), &1.into())
    );
    assert!(waits["text"].to_string().contains("PSK-H010"), "{waits}");
    eventually("partition 1 goes on, 0 stays", SOON, || {
        let committed = line.client.committed(&line.group, &line.input)?;
        let expected = [(0, Some(1)), (1, Some(1))].into();
        ensure!(committed == expected, "{committed:?}");
        Ok(())
    });
    host.stop()?;
    let committed = line.client.committed(&line.group, &line.input)?;
    assert_eq!(committed[&0], Some(1), "nothing is committed beyond");
    Ok(())
}
