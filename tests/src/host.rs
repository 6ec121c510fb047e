//! The host's binary as a child process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::host_config::HostConfig;
use crate::layout::{program, target_dir};
use crate::ports::free_port;
use crate::process::Process;
use crate::scratch::scratch_dir;
use crate::wait::wait_until;

const CONFIG_FILE: &str = "penstock.toml";

/// A running `penstock run`; dropped, it is killed.
pub struct Host {
    process: Process,
    port: u16,
    agent: ureq::Agent,
    dir: TempDir,
    variables: Vec<(String, String)>,
}

fn spawn(dir: &TempDir, variables: &[(String, String)]) -> Result<Process> {
    let mut command = Command::new(program("penstock")?);
    let file = dir.path().join(CONFIG_FILE);
    command.arg("run").arg("-c").arg(file).env("NO_COLOR", "1");
    command.envs(variables.iter().cloned());
    Process::spawn(command, &dir.path().join("host.log"))
}

impl Host {
    /// Starts the host with a free admin port and, unless the configuration names one, the cache of
    /// compiled plugins that all tests share. Returns at once: see [`ready`](Host::ready).
    ///
    /// # Errors
    /// When the host isn't built or can't be started.
    pub fn start(config: &HostConfig) -> Result<Host> {
        Host::start_with_cache(config, &shared_cache()?)
    }

    /// [`start`](Host::start) with a cache of its own.
    ///
    /// # Errors
    /// When the host isn't built or can't be started.
    pub fn start_with_cache(config: &HostConfig, cache: &Path) -> Result<Host> {
        let dir = scratch_dir()?;
        let port = free_port()?;
        let config = config
            .clone()
            .set(&["host", "cache"], cache.display().to_string())
            .set(&["admin", "listen"], format!("127.0.0.1:{port}"));
        let file = dir.path().join(CONFIG_FILE);
        fs::write(&file, config.toml()?).context("cannot write the configuration")?;
        let variables = config.variables().to_vec();
        let process = spawn(&dir, &variables)?;
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(5)))
            .http_status_as_error(false)
            .build()
            .into();
        Ok(Host {
            process,
            port,
            agent,
            dir,
            variables,
        })
    }

    /// Starts one that has ended anew, at the same address.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start_again(&mut self) -> Result<()> {
        self.process = spawn(&self.dir, &self.variables)?;
        Ok(())
    }

    /// The file with its configuration; there as long as the host is.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.dir.path().join(CONFIG_FILE)
    }

    /// The child process: its number, signals and log.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The admin address, `127.0.0.1:port`.
    #[must_use]
    pub fn admin(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Status and body of a GET of the admin listener.
    ///
    /// # Errors
    /// When it doesn't answer.
    pub fn get(&self, path: &str) -> Result<(u16, String)> {
        let mut response = self
            .agent
            .get(format!("http://{}{path}", self.admin()))
            .call()?;
        Ok((
            response.status().as_u16(),
            response.body_mut().read_to_string()?,
        ))
    }

    /// `/status` as JSON.
    ///
    /// # Errors
    /// When it doesn't answer with JSON.
    pub fn status(&self) -> Result<serde_json::Value> {
        let (code, body) = self.get("/status")?;
        ensure!(code == 200, "/status answers {code}: {body}");
        serde_json::from_str(&body).with_context(|| format!("/status isn't JSON: {body}"))
    }

    /// `/metrics` as text.
    ///
    /// # Errors
    /// When it doesn't answer.
    pub fn metrics(&self) -> Result<String> {
        let (code, body) = self.get("/metrics")?;
        ensure!(code == 200, "/metrics answers {code}: {body}");
        Ok(body)
    }

    /// Waits until `/readyz` says so.
    ///
    /// # Errors
    /// When it doesn't within `deadline`, or the host ends; the message shows the end of its log.
    pub fn ready(&mut self, deadline: Duration) -> Result<()> {
        let ready = wait_until("the host is ready", deadline, || {
            if let Some(status) = self.process.ended()? {
                return Ok(Err(status));
            }
            let (code, body) = self.get("/readyz")?;
            ensure!(code == 200, "/readyz answers {code}: {body}");
            Ok(Ok(()))
        });
        match ready {
            Ok(Ok(())) => Ok(()),
            Ok(Err(status)) => bail!("the host ended ({status}):\n{}", self.process.log_tail()),
            Err(error) => Err(error.context(format!("its log:\n{}", self.process.log_tail()))),
        }
    }

    /// SIGTERM.
    ///
    /// # Errors
    /// When it has ended.
    pub fn sigterm(&mut self) -> Result<()> {
        self.process.signal(libc::SIGTERM)
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When the system doesn't let it.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it still runs after `deadline`.
    pub fn wait_exit(&mut self, deadline: Duration) -> Result<ExitStatus> {
        self.process.wait_exit(deadline)
    }

    /// SIGTERM, and the orderly end with status 0.
    ///
    /// # Errors
    /// When it ends otherwise, or not within 15 s.
    pub fn stop(mut self) -> Result<()> {
        self.sigterm()?;
        let status = self.wait_exit(Duration::from_secs(15))?;
        ensure!(
            status.success(),
            "the host ended with {status}:\n{}",
            self.process.log_tail()
        );
        Ok(())
    }

    /// Waits for a log line that contains `text`.
    ///
    /// # Errors
    /// When there is none after `deadline`, or the host ends without one.
    pub fn wait_for_log(&mut self, text: &str, deadline: Duration) -> Result<String> {
        self.process.wait_for_log(text, deadline)
    }
}

impl Drop for Host {
    /// A test that fails shows what its hosts said last.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let ended = match self.process.ended() {
                Ok(Some(status)) => format!("ended ({status})"),
                Ok(None) => "runs".to_owned(),
                Err(error) => error.to_string(),
            };
            let log = self.process.log_tail();
            eprintln!("the host {ended}; its last lines:\n{log}");
        }
    }
}

fn shared_cache() -> Result<PathBuf> {
    let cache = target_dir()?.join("test-cache");
    fs::create_dir_all(&cache).with_context(|| format!("cannot create {}", cache.display()))?;
    Ok(cache)
}
