//! A group under load, whose members come and go.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::process::Process;
use penstock_tests::{Doctor, Host, HostConfig, Outgoing, Producer, plugin, wait_until};

use super::{Case, SOON};

/// A member of a group: a client, or a Penstock host.
pub enum Member {
    Client(Process),
    Host(Host),
}

impl Member {
    pub fn client(process: Process) -> Member {
        Member::Client(process)
    }

    fn joined(&mut self) -> Result<()> {
        match self {
            Member::Client(process) => process.wait_for_log("joined", SOON).map(drop),
            Member::Host(host) => host.ready(SOON),
        }
    }

    /// Leaves the group as it should; gives what its watchdog found.
    pub fn leave(mut self) -> Result<Vec<String>> {
        let process = match &mut self {
            Member::Client(process) => process,
            Member::Host(host) => host.process(),
        };
        process.signal(libc::SIGTERM)?;
        process.wait_exit(SOON)?;
        let log = process.log();
        let found = log.lines().filter(|line| line.contains("\"code\":\"PSK-D"));
        Ok(found.map(str::to_owned).collect())
    }
}

type Start = fn(&Case, u32) -> Result<Member>;

/// Has one member that stays, and a producer.
pub struct Lively {
    case: Case,
    start: Start,
    first: Member,
    /// The configuration, of hosts.
    config: Option<PathBuf>,
    stop: Sender<()>,
    load: JoinHandle<Result<()>>,
}

impl Lively {
    /// A group of clients that are started so.
    pub fn new(name: &str, start: Start) -> Result<Lively> {
        Lively::with(Case::new(name, 4)?, start, None)
    }

    /// A group of Penstock hosts.
    pub fn of_hosts(name: &str) -> Result<Lively> {
        let case = Case::new(name, 4)?;
        case.client.create_topic(&output(&case), 4, &[])?;
        let file = case.file("penstock.toml");
        fs::write(&file, config(&case, 0)?.toml()?)?;
        let start: Start = |case, number| Host::start(&config(case, number)?).map(Member::Host);
        Lively::with(case, start, Some(file))
    }

    fn with(case: Case, start: Start, config: Option<PathBuf>) -> Result<Lively> {
        let mut first = start(&case, 1_000_000)?;
        first.joined()?;
        let producer = Producer::new(case.client.bootstrap())?;
        let record = Outgoing::to(&case.topic).value("ok v");
        let (stop, stopped) = channel::<()>();
        let load = std::thread::spawn(move || {
            let pause = Duration::from_millis(20);
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                (0..2).try_for_each(|_| producer.send(&record))?;
            }
            producer.flush().map(drop)
        });
        wait_until("something is committed", SOON, || {
            let committed = case.client.committed(&case.group, &case.topic)?;
            ensure!(committed.values().any(Option::is_some), "{committed:?}");
            Ok(())
        })?;
        Ok(Lively {
            case,
            start,
            first,
            config,
            stop,
            load,
        })
    }

    /// Its doctor; of hosts, by their configuration.
    pub fn doctor(&self) -> Doctor {
        match &self.config {
            Some(file) => Doctor::with(&["-c", &file.display().to_string()]),
            None => self.case.doctor(),
        }
    }

    /// Another member, that has joined.
    pub fn member(&self, number: u32) -> Result<Member> {
        let mut member = (self.start)(&self.case, number)?;
        member.joined()?;
        Ok(member)
    }

    /// Gives what the first member's watchdog found.
    pub fn end(self) -> Result<Vec<String>> {
        drop(self.stop);
        self.load.join().expect("the producer")?;
        self.first.leave()
    }
}

fn output(case: &Case) -> String {
    format!("{}.out", case.topic)
}

fn config(case: &Case, number: u32) -> Result<HostConfig> {
    let host = format!("h{number}");
    let config = HostConfig::new(case.client.bootstrap(), &case.group, &host)
        .handler("unruly", &plugin("unruly")?, &[("out", &output(case))])
        .topic(&case.topic, &["unruly"], "earliest", None);
    Ok(config)
}
