//! Brokers that are out of reach.

use anyhow::Result;
use penstock_tests::{Broker, BrokerOptions};

use crate::support::Doctor;

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
