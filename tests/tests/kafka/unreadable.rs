//! Records that the client can't read, and records that it may not read as fast as it likes.

use anyhow::{Context, Result, ensure};
use penstock_tests::{Broker, BrokerOptions, Host, Outgoing, eventually};
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::{Line, SOON, Watch};

/// Named, with the place; the other partition goes on; and over once it is stepped over.
#[test]
fn a_batch_that_is_damaged_on_the_disk_is_named() -> Result<()> {
    let mut broker = Broker::start(BrokerOptions::default())?;
    let line = Line::on(&broker, "damaged", 2)?;
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", broker.bootstrap())
        .set("compression.type", "gzip")
        .create()?;
    let value = format!("ok {}", "x".repeat(2_000));
    let record = BaseRecord::<str, str>::to(&line.input).partition(0);
    producer
        .send(record.payload(&value))
        .map_err(|(error, _)| error)?;
    producer.flush(SOON).context("not acknowledged")?;
    broker.damage(&line.input, 0)?;
    let mut host = Host::start(&line.unruly("h1", "classic")?)?;
    host.ready(SOON)?;
    line.send(1, &["ok 1"])?;
    let place = format!("{}[0] can't be read at offset 0", line.input);
    let said = host.wait_for_log(&place, SOON)?;
    ensure!(said.contains("PSK-K008"), "{said}");
    eventually("the other goes on", SOON, || {
        ensure!(line.outputs()? == ["ok 1"]);
        Ok(())
    });
    host.condition("PSK-K008")?;
    host.stop()
}

#[test]
fn a_batch_larger_than_the_client_receives_is_named() -> Result<()> {
    let line = Line::new("oversized", 1)?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["kafka", "consumer", "fetch.max.bytes"], "90000")
        .set(&["kafka", "consumer", "message.max.bytes"], "80000")
        .set(
            &["kafka", "consumer", "receive.message.max.bytes"],
            "100000",
        );
    let value = format!("ok {}", "x".repeat(300_000));
    line.client
        .produce(&[Outgoing::to(&line.input).value(value)])?;
    let mut host = Host::start(&config)?;
    let said = host.wait_for_log("PSK-K008", SOON)?;
    ensure!(said.contains("receive.message.max.bytes"), "{said}");
    ensure!(host.condition("PSK-K008")?["subject"] == "consumer");
    host.stop()
}

#[test]
fn a_quota_that_holds_the_host_back_is_named_and_said_to_be_over() -> Result<()> {
    let line = Line::new("quota", 1)?;
    let mut host = Host::start(&line.loaded("h1", "classic")?)?;
    host.ready(SOON)?;
    let admin = host.admin();
    let port = admin.rsplit_once(':').context("it has a port")?.1;
    let client_id = format!("penstock-h1:{port}");
    line.client.limit_reading(&client_id, Some(20_000))?;
    let value = format!("ok {}", "x".repeat(10_000));
    let record = Outgoing::to(&line.input).value(value);
    line.client.produce(&vec![record; 200])?;
    let said = host.wait_for_log("PSK-K009", SOON)?;
    ensure!(
        said.contains("a quota of the cluster is exceeded"),
        "{said}"
    );
    host.condition("PSK-K009")?;
    line.client.limit_reading(&client_id, None)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    eventually("it is over", SOON, || {
        ensure!(host.condition("PSK-K009").is_err());
        Ok(())
    });
    host.stop()
}
