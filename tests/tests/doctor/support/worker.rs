//! A consumer of librdkafka on a thread of its own, as any application has one.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use penstock_tests::eventually;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::SOON;

/// How its handler takes a record.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// At once.
    Quick,
    /// In this time.
    Each(Duration),
    /// So many at once, and never comes back from the next.
    HangsAfter(u32),
}

/// A running consumer; dropped, it leaves the group.
pub struct Worker {
    /// Ends the thread by being dropped.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    handled: Receiver<i32>,
}

impl Worker {
    /// Joins `group` for `topics`; `settings` over those here: commits of what was handled, every
    /// 200 ms.
    pub fn start(
        bootstrap: &str,
        group: &str,
        topics: &[&str],
        pace: Pace,
        settings: &[(&str, &str)],
    ) -> Result<Worker> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", bootstrap)
            .set("group.id", group)
            .set("auto.offset.reset", "earliest")
            .set("auto.commit.interval.ms", "200")
            .set("enable.auto.offset.store", "false")
            .set("fetch.wait.max.ms", "50");
        // Which of the newer protocol the broker decides.
        if !settings.contains(&("group.protocol", "consumer")) {
            config
                .set("session.timeout.ms", "6000")
                .set("heartbeat.interval.ms", "500");
        }
        for (key, value) in settings {
            config.set(*key, *value);
        }
        let consumer: BaseConsumer = config.create()?;
        consumer.subscribe(topics)?;
        let (stop, stopped) = channel::<()>();
        let (handles, handled) = channel();
        let thread = std::thread::spawn(move || work(&consumer, pace, &stopped, &handles));
        Ok(Worker {
            stop: Some(stop),
            thread: Some(thread),
            handled,
        })
    }

    /// Waits until it has handled so many records since it was last asked.
    pub fn await_handled(&self, records: usize) {
        for _ in 0..records {
            let next = self.handled.recv_timeout(SOON);
            assert!(next.is_ok(), "it handles nothing: {next:?}");
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            eprintln!("a worker has panicked");
        }
    }
}

fn work(consumer: &BaseConsumer, pace: Pace, stopped: &Receiver<()>, handles: &Sender<i32>) {
    // Whether to go on; the time is waited for unless it is stopped.
    let goes_on = |time: Duration| stopped.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
    let mut count = 0;
    while goes_on(Duration::ZERO) {
        let Some(Ok(record)) = consumer.poll(Duration::from_millis(50)) else {
            continue;
        };
        let handled = match pace {
            Pace::Quick => true,
            Pace::Each(time) => goes_on(time),
            Pace::HangsAfter(limit) if count >= limit => {
                // Until the worker is stopped, which is all that can happen to it.
                stopped.recv().is_ok()
            }
            Pace::HangsAfter(_) => true,
        };
        if !handled {
            return;
        }
        count += 1;
        if let Err(error) = consumer.store_offset_from_message(&record) {
            eprintln!("cannot store an offset: {error}");
        }
        // Nobody need listen.
        handles
            .send(rdkafka::message::Message::partition(&record))
            .unwrap_or_default();
    }
}

/// Waits until the group of these workers has settled, as its coordinator says.
pub fn await_settled(doctor: &super::Doctor, members: usize) {
    eventually("the group has settled", SOON, || {
        let seen = doctor.examine()?;
        let stages = seen.said["stages"]
            .as_array()
            .ok_or_else(|| anyhow!("no stages"))?;
        let group = stages.iter().find(|of| of["stage"] == "group");
        let text = group.map(|of| of["text"].to_string()).unwrap_or_default();
        let noun = if members == 1 { "member" } else { "members" };
        ensure!(
            text.contains(&format!("Stable, {members} {noun}")),
            "{text}"
        );
        Ok(())
    });
}
