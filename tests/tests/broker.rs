//! The harness itself: a real broker that is prepared, read, stopped and started again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use penstock_tests::{Broker, BrokerOptions, Outgoing, eventually, unique};

#[test]
fn every_field_comes_back_also_after_a_restart() -> Result<()> {
    let clock = Instant::now();
    let mut broker = Broker::start(BrokerOptions::default())?;
    println!("started in {:?}", clock.elapsed());

    let clock = Instant::now();
    broker.client().create_topic("t", 2, &[])?;
    println!("topic created in {:?}", clock.elapsed());

    let time = 1_767_225_600_123;
    let placed = broker.client().produce(&[
        Outgoing::to("t")
            .partition(1)
            .key("k")
            .value("v")
            .timestamp(time),
        Outgoing::to("t").partition(1).timestamp(time),
        Outgoing::to("t")
            .partition(1)
            .key("")
            .value("")
            .timestamp(time)
            .header("twice", Some(b"1"))
            .header("twice", Some(b""))
            .header("null", None)
            .header([b'\xff', b'x'], Some(b"\xfe")),
    ])?;
    assert_eq!(placed, [(1, 0), (1, 1), (1, 2)]);

    let clock = Instant::now();
    let before = broker.client().read_all("t")?;
    println!("read in {:?}", clock.elapsed());
    assert_eq!(before.len(), 3);
    assert!(
        before
            .iter()
            .all(|record| record.timestamp == time && record.partition == 1)
    );
    assert_eq!(
        (before[0].key_text().as_str(), before[0].text().as_str()),
        ("k", "v")
    );
    assert_eq!((&before[1].key, &before[1].value), (&None, &None));
    assert_eq!(
        (&before[2].key, &before[2].value),
        (&Some(vec![]), &Some(vec![]))
    );
    let headers: Vec<(&[u8], Option<&[u8]>)> = before[2]
        .headers
        .iter()
        .map(|(name, value)| (&**name, value.as_deref()))
        .collect();
    let twice: &[u8] = b"twice";
    let expected: [(&[u8], Option<&[u8]>); 4] = [
        (twice, Some(b"1")),
        (twice, Some(b"")),
        (b"null", None),
        (b"\xffx", Some(b"\xfe")),
    ];
    assert_eq!(headers, expected);

    broker.client().commit("g", "t", 1, 2)?;
    let clock = Instant::now();
    broker.stop()?;
    println!("stopped in {:?}", clock.elapsed());
    let clock = Instant::now();
    broker.restart()?;
    println!("started again in {:?}", clock.elapsed());
    assert_eq!(broker.client().read_all("t")?, before);
    assert_eq!(
        broker.client().committed("g", "t")?,
        [(0, None), (1, Some(2))].into()
    );

    let clock = Instant::now();
    broker.kill()?;
    broker.restart()?;
    println!("killed and started again in {:?}", clock.elapsed());
    assert_eq!(broker.client().read_all("t")?, before);
    Ok(())
}

#[test]
fn a_suspended_broker_answers_again_when_resumed() -> Result<()> {
    let mut broker = Broker::start(BrokerOptions::default())?;
    broker.suspend()?;
    assert!(broker.client().ping(Duration::from_millis(500)).is_err());
    broker.resume()?;
    eventually("the broker answers", Duration::from_secs(30), || {
        broker.client().ping(Duration::from_secs(1))
    });
    Ok(())
}

#[test]
fn topics_grow_are_cut_and_become_unwritable() -> Result<()> {
    let client = Broker::shared().client();
    let topic = unique("shaped");
    client.create_topic(&topic, 1, &[])?;
    client.grow_topic(&topic, 3)?;
    assert_eq!(client.partitions(&topic)?, [0, 1, 2]);

    let record = Outgoing::to(&topic).partition(2).value("v");
    client.produce(&vec![record.clone(); 10])?;
    client.delete_records(&topic, 2, 4)?;
    assert_eq!(client.watermarks(&topic)?[&2], (4, 10));
    assert_eq!(client.read_all(&topic)?.len(), 6);
    assert_eq!(client.count(&topic)?, 6);

    client.set_topic(&topic, &[("max.message.bytes", "1")])?;
    let refused = client.produce(std::slice::from_ref(&record));
    assert!(
        format!("{refused:?}").contains("MessageSizeTooLarge"),
        "{refused:?}"
    );
    client.set_topic(&topic, &[])?;
    client.produce(&[record])?;

    client.delete_topic(&topic)?;
    assert!(client.partitions(&topic).is_err());
    Ok(())
}

#[test]
fn a_group_that_is_behind_says_how_far() -> Result<()> {
    let client = Broker::shared().client();
    let topic = unique("behind");
    let group = unique("group");
    client.create_topic(&topic, 2, &[])?;
    client.produce(&[Outgoing::to(&topic).partition(0).value("v")])?;
    // A broker that has just been started may not know its groups yet.
    eventually("it says how far", Duration::from_secs(40), || {
        let behind = client.caught_up(&group, &topic).err();
        let behind = behind.context("nothing is committed")?;
        ensure!(
            behind.to_string().contains("partition 0 at - of [0, 1)"),
            "{behind}"
        );
        Ok(())
    });
    client.commit(&group, &topic, 0, 1)?;
    client.commit(&group, &topic, 1, 0)?;
    client.caught_up(&group, &topic)
}

#[test]
fn a_broker_that_cannot_start_shows_why() {
    let broken = BrokerOptions {
        settings: vec![("num.io.threads".into(), "none".into())],
        ..BrokerOptions::default()
    };
    let error = Broker::start(broken).err().expect("it cannot start");
    assert!(format!("{error:#}").contains("num.io.threads"), "{error:#}");
}
