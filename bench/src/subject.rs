//! What is measured, as a process of its own: the bare loop, or the host.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use penstock_tests::process::Process;
use penstock_tests::{Host, HostConfig, plugin, wait_until};
use tempfile::TempDir;

use crate::bare::ASSIGNED;
use crate::usage::{Usage, threads_cpu, usage};

/// How long a start or a stop may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Bare,
    Host,
}

impl Subject {
    /// Both, in an order that changes with each round, so that neither always comes first.
    pub(crate) fn both(round: u32) -> [Subject; 2] {
        if round.is_multiple_of(2) {
            [Subject::Bare, Subject::Host]
        } else {
            [Subject::Host, Subject::Bare]
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::Bare => "bare loop",
            Subject::Host => "host",
        }
    }

    /// Starts it with the one handler, from the start of the topic.
    pub(crate) fn start(self, job: &Job<'_>) -> Result<Running> {
        match self {
            Subject::Bare => start_bare(job),
            Subject::Host => start_host(&job_config(job)?),
        }
    }
}

/// Where a subject reads and writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) bootstrap: &'a str,
    pub(crate) group: &'a str,
    pub(crate) input: &'a str,
    pub(crate) output: &'a str,
    pub(crate) dead_letter: &'a str,
}

/// A host's configuration as one would run it: the defaults of everything that costs time.
pub(crate) fn base_config(bootstrap: &str, group: &str) -> HostConfig {
    HostConfig::new(bootstrap, group, "bench")
        .set(&["kafka", "commit-interval"], "5s")
        .set(&["log", "records"], "sampled")
}

/// The host's configuration with the one handler.
pub(crate) fn job_config(job: &Job<'_>) -> Result<HostConfig> {
    let handler = "purchase-to-access";
    let config = base_config(job.bootstrap, job.group)
        .handler(
            handler,
            &plugin(handler)?,
            &[("access-granted", job.output)],
        )
        .topic(job.input, &[handler], "earliest", Some(job.dead_letter));
    Ok(config)
}

/// A started subject; dropped, it is killed.
pub(crate) enum Running {
    Program { process: Process, _dir: TempDir },
    Host(Box<Host>),
}

pub(crate) fn start_host(config: &HostConfig) -> Result<Running> {
    Ok(Running::Host(Box::new(Host::start(config)?)))
}

pub(crate) fn start_host_with_cache(config: &HostConfig, cache: &Path) -> Result<Running> {
    Ok(Running::Host(Box::new(Host::start_with_cache(
        config, cache,
    )?)))
}

fn start_bare(job: &Job<'_>) -> Result<Running> {
    let dir = tempfile::tempdir()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", "--bootstrap", job.bootstrap, "--group", job.group]);
    command.args(["--input", job.input, "--output", job.output]);
    command.args(["--dead-letter", job.dead_letter]);
    let process = Process::spawn(command, &dir.path().join("bare.log"))?;
    Ok(Running::Program { process, _dir: dir })
}

impl Running {
    fn process(&mut self) -> &mut Process {
        match self {
            Running::Program { process, .. } => process,
            Running::Host(host) => host.process(),
        }
    }

    /// The last lines it has printed.
    pub(crate) fn log_tail(&mut self) -> String {
        self.process().log_tail()
    }

    /// What it used so far.
    pub(crate) fn usage(&mut self) -> Result<Usage> {
        let pid = self.process().id();
        usage(pid).with_context(|| format!("it has ended:\n{}", self.process().log_tail()))
    }

    /// Processor time so far of its threads of this name.
    pub(crate) fn threads_cpu(&mut self, name: &str) -> Result<Duration> {
        threads_cpu(self.process().id(), name)
    }

    /// Waits until it has been assigned this many partitions.
    pub(crate) fn ready(&mut self, partitions: i32) -> Result<()> {
        wait_until(&format!("it has {partitions} partitions"), DEADLINE, || {
            if self.process().ended()?.is_some() {
                return Ok(());
            }
            let has = match self {
                Running::Program { process, .. } => assigned(&process.log()),
                // `/readyz` is content with a member that has nothing yet.
                Running::Host(host) => host.status()?["partitions"].as_array().map_or(0, Vec::len),
            };
            ensure!(i32::try_from(has)? == partitions, "it has {has}");
            Ok(())
        })?;
        self.check()
    }

    /// Whether the host has a condition of this code.
    pub(crate) fn holds(&self, code: &str) -> Result<bool> {
        let status = self.host()?.status()?;
        let mut conditions = status["conditions"].as_array().into_iter().flatten();
        Ok(conditions.any(|of| of["code"] == code))
    }

    /// How many deliveries to this handler the host has begun.
    pub(crate) fn begun(&self, handler: &str) -> Result<u64> {
        let status = self.host()?.status()?;
        let mut handlers = status["handlers"].as_array().into_iter().flatten();
        let found = handlers.find(|of| of["handler"] == handler);
        let begun = found.and_then(|of| of["ledger"]["begun"].as_u64());
        begun.with_context(|| format!("no {handler} in {status}"))
    }

    fn host(&self) -> Result<&Host> {
        match self {
            Running::Host(host) => Ok(host),
            Running::Program { .. } => bail!("the bare loop tells nothing"),
        }
    }

    /// Fails when it has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        let ended = self.process().ended()?;
        ensure!(
            ended.is_none(),
            "it ended by itself ({ended:?}):\n{}",
            self.process().log_tail()
        );
        Ok(())
    }

    /// SIGTERM, and the orderly end.
    pub(crate) fn stop(mut self) -> Result<()> {
        let process = self.process();
        process.signal(libc::SIGTERM)?;
        let status = process.wait_exit(DEADLINE)?;
        ensure!(
            status.success(),
            "it ended with {status}:\n{}",
            process.log_tail()
        );
        Ok(())
    }
}

/// The partitions that the bare loop has said it got.
fn assigned(log: &str) -> usize {
    log.lines()
        .filter_map(|line| line.strip_prefix(ASSIGNED)?.split_ascii_whitespace().next())
        .filter_map(|number| number.parse::<usize>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_add_up() {
        let log = format!("{ASSIGNED} 3 partitions\nsomething\n{ASSIGNED} 1 partitions\n");
        assert_eq!(assigned(&log), 4);
        assert_eq!(assigned(""), 0);
    }
}
