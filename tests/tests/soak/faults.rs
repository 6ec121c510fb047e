//! What befalls the hosts, the broker and what is between them.

use std::time::{Duration, Instant};

use anyhow::Result;
use penstock_tests::{Broker, Flow, Line, Proxy, Random, wait_until};

use crate::fleet::Fleet;

/// How long the controller may take to believe in a broker again.
const GROWS_WITHIN: Duration = Duration::from_secs(30);

/// Something that goes wrong, or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL of a host; another takes its place.
    HostKilled,
    /// SIGTERM of a host.
    HostStopped,
    /// SIGSTOP of a host, mostly for longer than its session.
    HostFrozen,
    /// One host more, up to four.
    HostAdded,
    /// SIGTERM of the broker, and a new start.
    BrokerRestarted,
    /// SIGKILL of the broker, and a new start.
    BrokerKilled,
    /// SIGSTOP of the broker.
    BrokerFrozen,
    /// All connections of the hosts are closed.
    ConnectionsCut,
    /// What hosts and broker say to each other arrives late.
    ConnectionsSlow,
    /// A partition more.
    TopicGrown,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 10] = [
        Fault::HostKilled,
        Fault::HostStopped,
        Fault::HostFrozen,
        Fault::HostAdded,
        Fault::BrokerRestarted,
        Fault::BrokerKilled,
        Fault::BrokerFrozen,
        Fault::ConnectionsCut,
        Fault::ConnectionsSlow,
        Fault::TopicGrown,
    ];

    /// Any of them: hosts more often than the broker.
    pub fn random(random: &mut Random) -> Fault {
        match random.number(20) {
            0..5 => Fault::HostKilled,
            5..7 => Fault::HostStopped,
            7..10 => Fault::HostFrozen,
            10..12 => Fault::HostAdded,
            12 => Fault::BrokerRestarted,
            13 => Fault::BrokerKilled,
            14 => Fault::BrokerFrozen,
            15..17 => Fault::ConnectionsCut,
            17..19 => Fault::ConnectionsSlow,
            _ => Fault::TopicGrown,
        }
    }

    /// For people.
    pub fn name(&self) -> &'static str {
        match self {
            Fault::HostKilled => "host killed",
            Fault::HostStopped => "host stopped",
            Fault::HostFrozen => "host frozen",
            Fault::HostAdded => "host added",
            Fault::BrokerRestarted => "broker restarted",
            Fault::BrokerKilled => "broker killed",
            Fault::BrokerFrozen => "broker frozen",
            Fault::ConnectionsCut => "connections cut",
            Fault::ConnectionsSlow => "connections slow",
            Fault::TopicGrown => "topic grown",
        }
    }
}

/// Partitions that the topic grows to at most.
const PARTITIONS_MAX: i32 = 8;
/// The longest that a host is frozen.
const HOST_FROZEN_MS: (u64, u64) = (2_000, 60_000);
/// The longest that a broker is frozen.
const BROKER_FROZEN_MS: (u64, u64) = (500, 8_000);

/// The world in which the hosts live.
pub struct Chaos {
    pub broker: Broker,
    pub proxy: Proxy,
    pub fleet: Fleet,
    pub partitions: i32,
    /// No fault lasts longer.
    pub longest: Duration,
    /// What has happened.
    pub done: Vec<Fault>,
}

impl Chaos {
    /// What has lasted long enough is over, and what is missing is filled up.
    pub fn recover(&mut self) -> Result<()> {
        self.fleet.recover()
    }

    /// A fault happens; short ones are waited for.
    pub fn meet(
        &mut self,
        fault: Fault,
        line: &Line,
        flow: &Flow,
        random: &mut Random,
    ) -> Result<()> {
        self.done.push(fault);
        match fault {
            Fault::HostKilled => self.fleet.kill(random),
            Fault::HostStopped => self.fleet.terminate(random),
            Fault::HostFrozen => {
                let until = Instant::now() + self.span(HOST_FROZEN_MS, random);
                self.fleet.freeze(until, random)
            }
            Fault::HostAdded => self.fleet.add(),
            Fault::BrokerRestarted => self.broker.restart(),
            Fault::BrokerKilled => {
                self.broker.kill()?;
                self.broker.restart()
            }
            Fault::BrokerFrozen => {
                self.broker.suspend()?;
                std::thread::sleep(self.span(BROKER_FROZEN_MS, random));
                self.broker.resume()
            }
            Fault::ConnectionsCut => {
                self.proxy.cut();
                Ok(())
            }
            Fault::ConnectionsSlow => {
                self.proxy.delay(random.millis(300));
                std::thread::sleep(random.millis(3000));
                self.proxy.delay(Duration::ZERO);
                Ok(())
            }
            Fault::TopicGrown if self.partitions < PARTITIONS_MAX => {
                self.partitions += 1;
                // A broker that was frozen is fenced for a moment, and refuses it.
                wait_until("the topic grows", GROWS_WITHIN, || {
                    match line.client.partitions(&line.input)?.len() {
                        there if there == usize::try_from(self.partitions)? => Ok(()),
                        _ => line.client.grow_topic(&line.input, self.partitions),
                    }
                })?;
                flow.grow(usize::try_from(self.partitions)?);
                Ok(())
            }
            Fault::TopicGrown => Ok(()),
        }
    }

    /// No faults any more; all hosts go on.
    pub fn cease(&mut self) -> Result<()> {
        self.fleet.thaw_all()?;
        self.recover()
    }

    fn span(&self, (least, most): (u64, u64), random: &mut Random) -> Duration {
        let span = Duration::from_millis(least) + random.millis(most - least);
        span.min(self.longest)
    }
}
