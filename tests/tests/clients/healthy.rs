//! False alarms: members of several makes come and go under load, and nothing may be found.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;
use penstock_tests::process::Process;
use penstock_tests::{Outgoing, Producer};
use serde_json::json;

use crate::support::{Case, SOON};

/// For longer runs by hand, in minutes.
const MINUTES: &str = "PENSTOCK_MINUTES";

#[test]
fn idle_and_caught_up_clients_are_healthy() -> Result<()> {
    let kafkajs = Case::new("quiet-js", 2)?;
    let _kafkajs = kafkajs.kafkajs(&json!({}))?;
    let java = Case::new("quiet-java", 2)?;
    let _java = java.java(&[])?;
    for case in [&kafkajs, &java] {
        case.settled(1);
        // Nothing was ever written, and nothing is committed.
        case.doctor().examine()?.healthy();
        case.send(0, 3)?;
        case.send(1, 3)?;
        case.caught_up();
        let notes = case.doctor().examine()?.healthy();
        assert!(notes.contains("nothing waits"), "{notes}");
    }
    Ok(())
}

#[test]
fn members_that_come_and_go_under_load_raise_no_alarm() -> Result<()> {
    let minutes: u64 = match std::env::var(MINUTES) {
        Ok(text) => text.parse()?,
        Err(_) => 0,
    };
    let span = Duration::from_secs((minutes * 60).max(20));
    let kafkajs = Lively::new("lively-js", |case| case.kafkajs(&json!({})))?;
    let java = Lively::new("lively-java", |case| case.java(&[]))?;
    let both = [kafkajs, java];
    let began = Instant::now();
    let mut looks = 0;
    let mut alarms = Vec::new();
    while began.elapsed() < span {
        for group in &both {
            let mut second = group.member()?;
            for _ in 0..2 {
                let seen = group.case.doctor().examine()?;
                looks += 1;
                if seen.exit != Some(0) {
                    alarms.push(format!("{:#}", seen.said));
                }
            }
            second.signal(libc::SIGTERM)?;
            second.wait_exit(SOON)?;
        }
    }
    both.into_iter().try_for_each(Lively::end)?;
    let seconds = began.elapsed().as_secs();
    println!(
        "{looks} looks within {seconds} s, false alarms: {}",
        alarms.len()
    );
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
    Ok(())
}

/// A group with one member that stays, and a producer.
struct Lively {
    case: Case,
    start: fn(&Case) -> Result<Process>,
    _first: Process,
    stop: Sender<()>,
    load: JoinHandle<Result<()>>,
}

impl Lively {
    fn new(name: &str, start: fn(&Case) -> Result<Process>) -> Result<Lively> {
        let case = Case::new(name, 4)?;
        let mut first = start(&case)?;
        first.wait_for_log("joined", SOON)?;
        let producer = Producer::new(case.client.bootstrap())?;
        let record = Outgoing::to(&case.topic).value("v");
        let (stop, stopped) = channel::<()>();
        let load = std::thread::spawn(move || {
            let pause = Duration::from_millis(20);
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                (0..2).try_for_each(|_| producer.send(&record))?;
            }
            producer.flush().map(drop)
        });
        Ok(Lively {
            case,
            start,
            _first: first,
            stop,
            load,
        })
    }

    /// Another member, that has joined.
    fn member(&self) -> Result<Process> {
        let mut member = (self.start)(&self.case)?;
        member.wait_for_log("joined", SOON)?;
        Ok(member)
    }

    fn end(self) -> Result<()> {
        drop(self.stop);
        self.load.join().expect("the producer")
    }
}
