//! Brokers that are out of reach.

use anyhow::{Result, ensure};
use penstock_tests::{Broker, BrokerOptions, Client, Host, HostConfig, Listener};
use penstock_tests::{eventually, free_port, plugin};

use crate::own;
use crate::support::{Doctor, SOON};

#[test]
fn where_nothing_listens_kafka_is_out_of_reach() -> Result<()> {
    let output = Doctor::of("127.0.0.1:1", "g").output()?;
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("127.0.0.1:1 can't be reached: nothing listens there"),
        "{text}"
    );
    Ok(())
}

#[test]
fn an_advertised_address_that_nobody_reaches_is_named() -> Result<()> {
    let advertised = (
        "advertised.listeners".to_owned(),
        "PLAINTEXT://127.0.0.1:1".to_owned(),
    );
    let broker = Broker::start(BrokerOptions {
        settings: vec![advertised],
        ..BrokerOptions::default()
    })?;
    let seen = Doctor::of(broker.bootstrap(), "g").examine()?;
    assert_eq!(seen.codes(), ["PSK-D012"], "{:#}", seen.said);
    assert_eq!(seen.exit, Some(3));
    let text = seen.said["findings"][0].to_string();
    for part in [
        "though the bootstrap address answers",
        "127.0.0.1:1 can't be reached: nothing listens there",
        "nc -vz 127.0.0.1 1",
        "advertised.listeners",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    Ok(())
}

#[test]
fn a_host_that_is_sent_to_an_address_that_nobody_reaches_says_so_and_waits() -> Result<()> {
    // The test itself comes in by another door.
    let door = free_port()?;
    let doors = format!("PLAINTEXT://127.0.0.1:1,INSIDE://127.0.0.1:{door}");
    let broker = Broker::start(BrokerOptions {
        settings: vec![("advertised.listeners".to_owned(), doors)],
        listeners: vec![Listener {
            name: "INSIDE".to_owned(),
            protocol: "PLAINTEXT".to_owned(),
            port: door,
            advertised_port: None,
            settings: Vec::new(),
        }],
        ..BrokerOptions::default()
    })?;
    let inside = Client::new(&format!("127.0.0.1:{door}"))?;
    inside.create_topic("in", 1, &[])?;
    inside.create_topic("out", 1, &[])?;
    let config = HostConfig::new(broker.bootstrap(), "g", "h1")
        .handler("unruly", &plugin("unruly")?, &[("out", "out")])
        .topic("in", &["unruly"], "earliest", None);
    let mut host = Host::start(&config)?;
    let said = host.wait_for_log("PSK-K001", SOON)?;
    println!("{said}");
    let found = host.wait_for_log("PSK-D012", own::WATCHED)?;
    for part in [
        "127.0.0.1:1 can't be reached: nothing listens there",
        "advertised.listeners",
    ] {
        assert!(found.contains(part), "no {part:?} in {found}");
    }
    eventually("both stand in its status", SOON, || {
        let status = host.status()?;
        ensure!(
            status["conditions"].to_string().contains("PSK-K001"),
            "{status:#}"
        );
        ensure!(status["findings"][0]["code"] == "PSK-D012", "{status:#}");
        Ok(())
    });
    // A broker that can't be reached is no reason to restart a host.
    assert_eq!(host.get("/healthz")?.0, 200);
    assert_eq!(host.get("/readyz")?.0, 503);
    host.stop()
}
