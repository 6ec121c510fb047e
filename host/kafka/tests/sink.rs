//! Outputs: acknowledged once they lie in the topic, refused with the blame where it belongs.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use penstock_core::conditions::Conditions;
use penstock_core::config::GroupProtocol;
use penstock_core::record::OwnedHeader;
use penstock_engine::ports::{
    AckToken, Blame, Outgoing, OutgoingHeaders, OutputTopic, SendError, Sink,
};
use penstock_kafka::{KafkaSink, MockKafka};
use penstock_tests::{Broker, Client, eventually, unique};

#[allow(dead_code, reason = "the source's tests use the rest")]
mod support;

use support::PATIENCE;
use support::reports::{Reports, message};

fn open(bootstrap: &str, topics: &[&str]) -> Result<(Arc<KafkaSink>, Arc<Reports>)> {
    support::logged();
    let kafka = support::kafka(bootstrap, GroupProtocol::Classic, "unused");
    let topics: Vec<Arc<str>> = topics.iter().map(|topic| Arc::from(*topic)).collect();
    let sink = KafkaSink::new(&kafka, "sink", &topics)?;
    let reports = Arc::new(Reports::default());
    let conditions = Arc::new(Mutex::new(Conditions::default()));
    let failed = Box::new(|why: String| panic!("fatal: {why}"));
    sink.report_to(Arc::clone(&reports) as _, conditions, failed)?;
    Ok((sink, reports))
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// What is acknowledged lies there byte for byte: null and empty, and names that are not UTF-8.
fn bytes_arrive(client: &Client, topic: &str) -> Result<()> {
    let (sink, reports) = open(client.bootstrap(), &[topic])?;
    let headers = [
        OwnedHeader {
            name: b"twice".to_vec(),
            value: Some(b"1".to_vec()),
        },
        OwnedHeader {
            name: b"twice".to_vec(),
            value: None,
        },
        OwnedHeader {
            name: b"\xff\xfe".to_vec(),
            value: Some(Vec::new()),
        },
    ];
    let all = Outgoing {
        headers: OutgoingHeaders::Owned(&headers),
        timestamp_ms: Some(1_700_000_000_000),
        ..message(0, Some(b"key"), Some(b"value"))
    };
    sink.send(all, AckToken(7)).expect("there is room");
    sink.send(message(0, Some(b"key"), None), AckToken(8))
        .expect("there is room");
    sink.send(message(0, Some(b"key"), Some(b"")), AckToken(u64::MAX))
        .expect("there is room");
    ensure!(sink.close(deadline()) == 0);
    ensure!(reports.acked() == [7, 8, u64::MAX], "{:?}", reports.acked());
    ensure!(reports.acks.lock().expect("not poisoned")[0].bytes == 8);
    let records = client.read_all(topic)?;
    ensure!(records.len() == 3, "{records:?}");
    ensure!(records[0].timestamp == 1_700_000_000_000, "{records:?}");
    let expected: Vec<_> = headers.into_iter().map(|h| (h.name, h.value)).collect();
    ensure!(records[0].headers == expected, "{records:?}");
    ensure!(records[1].value.is_none() && records[1].headers.is_empty());
    ensure!(records[2].value.as_deref() == Some(&b""[..]));
    Ok(())
}

#[test]
fn bytes_arrive_on_the_mock_cluster() -> Result<()> {
    let mock = MockKafka::start(&[("out", 1)])?;
    bytes_arrive(&Client::new(&mock.bootstrap())?, "out")
}

#[test]
fn bytes_arrive_on_a_broker() -> Result<()> {
    let topic = unique("out");
    Broker::shared().client().create_topic(&topic, 1, &[])?;
    bytes_arrive(Broker::shared().client(), &topic)
}

#[test]
fn a_missing_topic_is_to_blame_and_the_message_comes_back() -> Result<()> {
    let (sink, reports) = open(Broker::shared().bootstrap(), &["nowhere-to-be-found"])?;
    let headers = [OwnedHeader {
        name: b"h".to_vec(),
        value: None,
    }];
    let sent = Outgoing {
        headers: OutgoingHeaders::Owned(&headers),
        ..message(0, None, Some(b"value"))
    };
    // The first waits for the topic to turn up, the second is refused by what is then known.
    for token in [1, 2] {
        sink.send(sent, AckToken(token)).expect("there is room");
        let refusal = eventually("it is refused", PATIENCE, || {
            let found = reports
                .refused()
                .into_iter()
                .find(|refusal| refusal.token.0 == token);
            found.ok_or_else(|| anyhow::anyhow!("not yet"))
        });
        ensure!(refusal.blame == Blame::Topic, "{refusal:?}");
        ensure!(refusal.message.topic == OutputTopic(0), "{refusal:?}");
        ensure!(
            refusal.message.value.as_deref() == Some(&b"value"[..]),
            "{refusal:?}"
        );
        ensure!(refusal.message.headers == headers, "{refusal:?}");
    }
    sink.close(deadline());
    Ok(())
}

#[test]
fn what_a_topic_never_takes_is_the_messages_fault() -> Result<()> {
    let (small, compacted) = (unique("small"), unique("compacted"));
    let client = Broker::shared().client();
    client.create_topic(&small, 1, &[("max.message.bytes", "1000")])?;
    client.create_topic(&compacted, 1, &[("cleanup.policy", "compact")])?;
    let (sink, reports) = open(client.bootstrap(), &[&small, &compacted])?;
    sink.send(message(0, None, Some(&[b'x'; 5000])), AckToken(1))
        .expect("there is room");
    sink.send(message(1, None, Some(b"no key")), AckToken(2))
        .expect("there is room");
    let refused = eventually("both are refused", PATIENCE, || {
        let mut refused = reports.refused();
        ensure!(refused.len() == 2, "{refused:?}");
        refused.sort_by_key(|refusal| refusal.token.0);
        Ok(refused)
    });
    for refusal in refused {
        ensure!(refusal.blame == Blame::Message, "{refusal:?}");
    }
    // The producer is none the worse for it.
    sink.send(message(1, Some(b"k"), Some(b"fine")), AckToken(3))
        .expect("there is room");
    ensure!(sink.close(deadline()) == 0);
    ensure!(reports.acked() == [3]);
    Ok(())
}

#[test]
fn in_a_batch_that_is_too_large_only_the_large_are_blamed() -> Result<()> {
    let small = unique("small");
    let client = Broker::shared().client();
    client.create_topic(&small, 1, &[("max.message.bytes", "2000")])?;
    let (sink, reports) = open(client.bootstrap(), &[&small])?;
    for token in 0..30 {
        let value = vec![b'x'; if token % 10 == 3 { 3000 } else { 300 }];
        sink.send(message(0, None, Some(&value)), AckToken(token))
            .expect("there is room");
    }
    eventually("each has its answer", PATIENCE, || {
        let answers = reports.acked().len() + reports.refused().len();
        ensure!(answers == 30, "{answers}");
        Ok(())
    });
    let mut refused: Vec<_> = reports.refused();
    refused.sort_by_key(|refusal| refusal.token.0);
    let tokens: Vec<_> = refused.iter().map(|refusal| refusal.token.0).collect();
    ensure!(tokens == [3, 13, 23], "{tokens:?}");
    ensure!(
        refused
            .iter()
            .all(|refusal| refusal.blame == Blame::Message)
    );
    ensure!(sink.close(deadline()) == 0);
    ensure!(client.read_all(&small)?.len() == 27);
    Ok(())
}

#[test]
fn what_lies_behind_a_batch_that_is_refused_waits_for_it() -> Result<()> {
    let (small, compacted) = (unique("small"), unique("compacted"));
    let client = Broker::shared().client();
    client.create_topic(&small, 1, &[("max.message.bytes", "2000")])?;
    client.create_topic(&compacted, 1, &[("cleanup.policy", "compact")])?;
    let (sink, reports) = open(client.bootstrap(), &[&small, &compacted])?;
    sink.send(message(1, Some(b"k"), None), AckToken(u64::MAX))
        .expect("there is room");
    eventually("the producer is ready", PATIENCE, || {
        ensure!(reports.acked() == [u64::MAX]);
        Ok(())
    });
    let refused = |number: u64| number % 100 == 50 || number % 100 == 52;
    let count = 2000;
    for number in 0..count {
        let large = format!(
            "{number:0width$}",
            width = if refused(number) { 3000 } else { 200 }
        );
        let key = (!refused(number)).then_some(&b"k"[..]);
        let text = number.to_string();
        sink.send(message(0, None, Some(large.as_bytes())), AckToken(number))
            .expect("there is room");
        sink.send(
            message(1, key, Some(text.as_bytes())),
            AckToken(count + number),
        )
        .expect("there is room");
        // The client lingers as long, so there are many batches.
        if number % 20 == 0 {
            std::thread::sleep(Duration::from_millis(3));
        }
    }
    eventually("each has its answer", PATIENCE, || {
        let answers = reports.acked().len() + reports.refused().len();
        ensure!(answers == 1 + 2 * count as usize, "{answers}");
        Ok(())
    });
    ensure!(sink.close(deadline()) == 0);
    let wanted: Vec<_> = (0..count).filter(|number| !refused(*number)).collect();
    for topic in [&small, &compacted] {
        let records = client.read_all(topic)?;
        let numbers: Vec<u64> = records
            .iter()
            .filter(|record| record.value.is_some())
            .map(|record| record.text().parse())
            .collect::<Result<_, _>>()?;
        let astray = numbers.iter().zip(&wanted).position(|(a, b)| a != b);
        ensure!(
            numbers == wanted,
            "{topic}: {} of {} records, astray from {astray:?}: {:?}",
            numbers.len(),
            wanted.len(),
            astray.map(|at| &numbers[at.saturating_sub(2)..numbers.len().min(at + 9)])
        );
    }
    Ok(())
}

#[test]
fn larger_than_the_client_takes_is_said_at_once() -> Result<()> {
    let mock = MockKafka::start(&[("out", 1)])?;
    let (sink, _) = open(&mock.bootstrap(), &["out"])?;
    let huge = vec![b'x'; 101_000_000];
    let answer = sink.send(message(0, None, Some(&huge)), AckToken(1));
    ensure!(
        matches!(answer, Err(SendError::Unacceptable(_))),
        "{answer:?}"
    );
    ensure!(sink.close(deadline()) == 0);
    Ok(())
}

#[test]
fn an_outage_is_outlived_and_a_close_has_an_end() -> Result<()> {
    let mock = MockKafka::start(&[("out", 1)])?;
    let (sink, reports) = open(&mock.bootstrap(), &["out"])?;
    sink.send(message(0, None, Some(b"before")), AckToken(1))
        .expect("there is room");
    eventually("it is acknowledged", PATIENCE, || {
        ensure!(reports.acked() == [1]);
        Ok(())
    });
    mock.down()?;
    sink.send(message(0, None, Some(b"during")), AckToken(2))
        .expect("there is room");
    mock.up()?;
    eventually("what was sent meanwhile arrives", PATIENCE, || {
        ensure!(reports.acked() == [1, 2]);
        Ok(())
    });
    mock.down()?;
    sink.send(message(0, None, Some(b"lost")), AckToken(3))
        .expect("there is room");
    let begun = Instant::now();
    ensure!(sink.close(begun + Duration::from_millis(500)) == 1);
    ensure!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    // Nobody takes it for done.
    ensure!(reports.refused().iter().any(|refusal| refusal.token.0 == 3));
    Ok(())
}
