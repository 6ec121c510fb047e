//! Two to four hosts of one group.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use penstock_tests::{Doctor, Host, HostConfig, Random};

const HOSTS: std::ops::RangeInclusive<usize> = 2..=4;
/// How long a host may take to end once it is asked to, whatever befalls it meanwhile.
const END: Duration = Duration::from_secs(30);

/// Between two looks at those that are to end.
const LOOK: Duration = Duration::from_millis(50);

/// See the module.
pub struct Fleet {
    config: HostConfig,
    /// What a host says that may end by itself, to be started again.
    may_end_with: Vec<&'static str>,
    /// How many did.
    pub ended: BTreeMap<&'static str, usize>,
    hosts: Vec<Member>,
    /// Asked to end; each is to do so by then.
    ending: Vec<(Member, Instant)>,
}

struct Member {
    /// The number in its id.
    number: usize,
    host: Host,
    frozen_until: Option<Instant>,
}

impl Fleet {
    /// Nobody yet.
    pub fn new(config: HostConfig, may_end_with: Vec<&'static str>) -> Fleet {
        Fleet {
            config,
            may_end_with,
            ended: BTreeMap::new(),
            hosts: Vec::new(),
            ending: Vec::new(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hosts.len()
    }

    /// One more, unless there are enough. It has the first id that is free, as one that is started
    /// again in the place of another.
    pub fn add(&mut self) -> Result<()> {
        if self.hosts.len() == *HOSTS.end() {
            return Ok(());
        }
        let ending = self.ending.iter().map(|(member, _)| member);
        let taken: Vec<usize> = self
            .hosts
            .iter()
            .chain(ending)
            .map(|of| of.number)
            .collect();
        let free = (1..).find(|number| !taken.contains(number));
        let number = free.context("there are more numbers than hosts")?;
        let id = format!("h{number}");
        let host = Host::start(&self.config.clone().set(&["host", "id"], id))?;
        self.hosts.push(Member {
            number,
            host,
            frozen_until: None,
        });
        Ok(())
    }

    /// SIGKILL of one.
    pub fn kill(&mut self, random: &mut Random) -> Result<()> {
        match self.take(random) {
            Some(mut member) => member.host.kill(),
            None => Ok(()),
        }
    }

    /// SIGTERM of one that is not frozen.
    pub fn terminate(&mut self, random: &mut Random) -> Result<()> {
        let Some(mut member) = self.take(random) else {
            return Ok(());
        };
        if member.frozen_until.is_some() {
            self.hosts.push(member);
            return Ok(());
        }
        member.host.sigterm()?;
        self.ending.push((member, Instant::now() + END));
        Ok(())
    }

    /// SIGSTOP of one.
    pub fn freeze(&mut self, until: Instant, random: &mut Random) -> Result<()> {
        let Some(mut member) = self.take(random) else {
            return Ok(());
        };
        if member.frozen_until.is_none() {
            member.host.process().suspend()?;
            member.frozen_until = Some(until);
        }
        self.hosts.push(member);
        Ok(())
    }

    /// Those that were frozen for long enough go on, and others take the place of those that are
    /// gone. A host that has ended by itself is an error, unless it says what it may.
    pub fn recover(&mut self) -> Result<()> {
        let now = Instant::now();
        for mut member in std::mem::take(&mut self.hosts) {
            if member.frozen_until.is_some_and(|until| until <= now) {
                member.host.process().signal(libc::SIGCONT)?;
                member.frozen_until = None;
            }
            let Some(status) = member.host.process().ended()? else {
                self.hosts.push(member);
                continue;
            };
            let log = member.host.process().log_tail();
            let said = self.may_end_with.iter().find(|said| log.contains(**said));
            let Some(said) = said.filter(|_| status.code() == Some(1)) else {
                bail!("a host ended by itself ({status}):\n{log}");
            };
            println!("h{} ended by itself:\n{log}", member.number);
            *self.ended.entry(said).or_default() += 1;
        }
        self.see_ends()?;
        while self.hosts.len() < *HOSTS.start() {
            self.add()?;
        }
        Ok(())
    }

    /// What became of those that were asked to end.
    fn see_ends(&mut self) -> Result<()> {
        let now = Instant::now();
        let ending = std::mem::take(&mut self.ending);
        for (mut member, by) in ending {
            let host = &mut member.host;
            match host.process().ended()? {
                // What it could not finish within its deadline is an end with 1, and said; one that
                // had only begun does not know the signal yet.
                Some(status) => {
                    let log = host.process().log_tail();
                    let is_well = matches!(status.code(), Some(0 | 1))
                        || status.signal() == Some(libc::SIGTERM);
                    ensure!(is_well, "it ended by {status}:\n{log}");
                }
                None if by <= now => {
                    let log = host.process().log_tail();
                    bail!("a host does not end:\n{log}");
                }
                None => self.ending.push((member, by)),
            }
        }
        Ok(())
    }

    /// All go on.
    pub fn thaw_all(&mut self) -> Result<()> {
        for member in &mut self.hosts {
            member.frozen_until = member.frozen_until.map(|_| Instant::now());
        }
        self.recover()
    }

    /// Whether each host's account balances, with nothing but what was emitted and handed back.
    pub fn is_balanced(&self) -> Result<()> {
        for member in &self.hosts {
            let status = member.host.status()?;
            // No fault here has a partition begin anew.
            for code in ["PSK-K004", "PSK-D003"] {
                ensure!(!status.to_string().contains(code), "{code}: {status}");
            }
            for of in status["handlers"].as_array().context("no handlers")? {
                let ledger = &of["ledger"];
                let item = |name: &str| {
                    let value = ledger[name].as_u64();
                    value.with_context(|| format!("no `{name}` in {ledger}"))
                };
                let ends = item("emitted")? + item("handed-back")? + item("open")?;
                ensure!(item("begun")? == ends, "unaccounted: {ledger}");
                ensure!(item("open")? == 0, "open though all is committed: {ledger}");
            }
        }
        Ok(())
    }

    /// What the hosts say of themselves, and the doctor of their group, to the test's output.
    pub fn explain(&mut self, bootstrap: &str, group: &str) {
        for member in &mut self.hosts {
            let status = member.host.status();
            let log = member.host.process().log();
            println!("h{}: {status:?}\n{log}", member.number);
        }
        let ending = self.ending.iter().map(|(member, _)| member.number);
        println!("asked to end: {:?}", ending.collect::<Vec<_>>());
        let doctor = Doctor::of(bootstrap, group);
        println!("{:?}", doctor.output());
        // With the looks, which have what the coordinator has planned for whom.
        println!("{:?}", doctor.and(&["--save", "/dev/stderr"]).output());
    }

    /// SIGTERM for all; each is to end well, and so are those that were asked before.
    pub fn stop(&mut self) -> Result<()> {
        for member in self.hosts.drain(..) {
            member.host.stop()?;
        }
        while !self.ending.is_empty() {
            self.see_ends()?;
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn take(&mut self, random: &mut Random) -> Option<Member> {
        let count = self.hosts.len() as u64;
        (count > 0).then(|| self.hosts.swap_remove(random.number(count) as usize))
    }
}
