//! One real Kafka broker (KRaft, one node) on loopback ports.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::broker_config::{Listener, server_properties};
use crate::client::Client;
use crate::kafka_dist;
use crate::ports::free_port;
use crate::process::{Process, inherit_nothing};
use crate::scratch::scratch_dir;
use crate::wait::wait_until;

/// How long a broker may take to answer, on a busy machine.
const START_DEADLINE: Duration = Duration::from_secs(90);

/// How a broker is to be started.
#[derive(Debug, Clone)]
pub struct BrokerOptions {
    /// The Java heap, in MiB.
    pub heap_mib: u32,
    /// Compile quickly rather than well: starts sooner, serves slower.
    pub quick_start: bool,
    /// Settings of `server.properties` over those of the tests.
    pub settings: Vec<(String, String)>,
    /// More listeners.
    pub listeners: Vec<Listener>,
    /// Users with a password for SCRAM, as `SCRAM-SHA-256=[name=n,password=p]`.
    pub scram: Vec<String>,
}

impl Default for BrokerOptions {
    fn default() -> Self {
        BrokerOptions {
            heap_mib: 512,
            quick_start: true,
            settings: Vec::new(),
            listeners: Vec::new(),
            scram: Vec::new(),
        }
    }
}

/// A broker; dropped, it is killed and its data removed.
pub struct Broker {
    // Before `dir`: the process ends before its data goes.
    process: Option<Process>,
    options: BrokerOptions,
    client: Client,
    dir: TempDir,
}

impl Broker {
    /// Formats a data folder, starts the broker and waits until it answers.
    ///
    /// # Errors
    /// When Java or Maven is missing, or the broker doesn't come up; the message shows its log.
    pub fn start(options: BrokerOptions) -> Result<Broker> {
        let libs = kafka_dist::libs()?;
        let dir = scratch_dir()?;
        let port = free_port()?;
        let properties = server_properties(
            port,
            free_port()?,
            &dir.path().join("data"),
            &options.listeners,
            &options.settings,
        );
        std::fs::write(dir.path().join("server.properties"), properties)?;
        let class_path = format!("{}/*", libs.display());
        format_data(&class_path, dir.path(), &options.scram)?;
        let client = Client::new(&format!("127.0.0.1:{port}"))?;
        let mut broker = Broker {
            process: None,
            options,
            client,
            dir,
        };
        broker.launch(&class_path)?;
        Ok(broker)
    }

    /// The one broker of a test program, for tests that don't restart it.
    ///
    /// # Panics
    /// When it doesn't start: no test of the program can go on.
    pub fn shared() -> &'static Broker {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(|| match Broker::start(BrokerOptions::default()) {
            Ok(broker) => broker.until_exit(),
            Err(error) => panic!("the shared broker: {error:#}"),
        })
    }

    /// Makes it end, and its data go, as the process exits: for a static, which is never dropped.
    /// One broker of a process may be so.
    #[must_use]
    pub fn until_exit(self) -> Broker {
        end_at_exit(&self);
        self
    }

    /// `host:port` for clients.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        self.client.bootstrap()
    }

    /// A client of this broker, to prepare and to look at it.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The broker's process.
    ///
    /// # Errors
    /// When it is stopped.
    pub fn process(&mut self) -> Result<&mut Process> {
        self.process.as_mut().context("the broker is stopped")
    }

    /// SIGTERM, and waits for the orderly end.
    ///
    /// # Errors
    /// When it is stopped already, or doesn't end within 30 s.
    pub fn stop(&mut self) -> Result<()> {
        let mut process = self.process.take().context("the broker is stopped")?;
        process.signal(libc::SIGTERM)?;
        process.wait_exit(Duration::from_secs(30))?;
        Ok(())
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When it is stopped already.
    pub fn kill(&mut self) -> Result<()> {
        self.process.take().context("the broker is stopped")?.kill()
    }

    /// Starts it again, on the same port and data; stops it first if it runs.
    ///
    /// # Errors
    /// When it doesn't stop or come up.
    pub fn restart(&mut self) -> Result<()> {
        if self.process.is_some() {
            self.stop()?;
        }
        self.launch(&format!("{}/*", kafka_dist::libs()?.display()))
    }

    /// The file with the first records of a partition.
    fn first_segment(&self, topic: &str, partition: i32) -> PathBuf {
        let data = self.dir.path().join("data");
        data.join(format!("{topic}-{partition}/00000000000000000000.log"))
    }

    /// Stops it, changes bytes on its disk in what the last batch of a partition carries, and
    /// starts it again.
    ///
    /// # Errors
    /// When it doesn't stop or come up, or there is no batch.
    pub fn damage(&mut self, topic: &str, partition: i32) -> Result<()> {
        self.stop()?;
        let segment = self.first_segment(topic, partition);
        let mut bytes = std::fs::read(&segment)?;
        let last = batches(&bytes)
            .last()
            .context("there is no batch to be damaged")?;
        for byte in bytes.iter_mut().skip(last + DAMAGED_FROM).take(8) {
            *byte ^= 0x5a;
        }
        std::fs::write(&segment, bytes)?;
        self.restart()
    }

    /// Stops it, gives the records of a partition other offsets, the first of them `first`, and
    /// starts it again: so a topic has a history that nobody could wait for.
    ///
    /// # Errors
    /// When it doesn't stop or come up, or there is no batch.
    pub fn move_offsets(&mut self, topic: &str, partition: i32, first: i64) -> Result<()> {
        self.stop()?;
        let segment = self.first_segment(topic, partition);
        let mut bytes = std::fs::read(&segment)?;
        // A batch's own offset is no part of what its checksum covers.
        let batches: Vec<usize> = batches(&bytes).collect();
        ensure!(!batches.is_empty(), "there is no batch to be moved");
        for at in batches {
            let offset: &mut [u8; 8] = (&mut bytes[at..at + 8]).try_into()?;
            *offset = (first + i64::from_be_bytes(*offset)).to_be_bytes();
        }
        let folder = segment.parent().context("a segment lies in a folder")?;
        // What the broker makes anew of the segment: indexes, and what producers were at.
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let made = ["log", "index", "timeindex", "snapshot"];
            if path
                .extension()
                .is_some_and(|end| made.iter().any(|of| end == *of))
            {
                std::fs::remove_file(path)?;
            }
        }
        std::fs::write(folder.join(format!("{first:020}.log")), bytes)?;
        self.restart()
    }

    /// SIGSTOP: connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it is stopped.
    pub fn suspend(&mut self) -> Result<()> {
        self.process()?.suspend()
    }

    /// SIGCONT after [`suspend`](Self::suspend).
    ///
    /// # Errors
    /// When it is stopped.
    pub fn resume(&mut self) -> Result<()> {
        self.process()?.signal(libc::SIGCONT)
    }

    fn launch(&mut self, class_path: &str) -> Result<()> {
        let mut java = java(class_path, self.dir.path());
        java.arg(format!("-Xmx{}m", self.options.heap_mib));
        if self.options.quick_start {
            java.arg("-XX:TieredStopAtLevel=1");
        }
        java.args(["kafka.Kafka", "server.properties"]);
        let mut process = Process::spawn(java, &self.dir.path().join("broker.log"))?;
        wait_until("the broker answers", START_DEADLINE, || {
            // An ended process is an answer too: the loop need not run to its deadline.
            if let Some(status) = process.ended()? {
                return Ok(Err(status));
            }
            self.client.ping(Duration::from_secs(1)).map(Ok)
        })
        .with_context(|| format!("the broker's last lines:\n{}", process.log_tail()))?
        .map_err(|status| {
            anyhow::anyhow!(
                "the broker ended at start ({status}):\n{}",
                process.log_tail()
            )
        })?;
        self.process = Some(process);
        Ok(())
    }
}

/// Behind a batch's header, in what it carries, compressed or not.
const DAMAGED_FROM: usize = 61 + 12;

/// Where the batches of a segment begin: each has its offset, and the length of what follows.
fn batches(segment: &[u8]) -> impl Iterator<Item = usize> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let at = next;
        let length = segment.get(at + 8..at + 12)?;
        next = at + 12 + u32::from_be_bytes(length.try_into().ok()?) as usize;
        Some(at)
    })
}

fn java(class_path: &str, dir: &Path) -> Command {
    let mut java = Command::new("java");
    java.current_dir(dir).args(["-cp", class_path]);
    java.args(["-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto"]);
    java.arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    java.arg("-Dorg.slf4j.simpleLogger.showDateTime=true");
    java
}

fn format_data(class_path: &str, dir: &Path, scram: &[String]) -> Result<()> {
    // Any 16 bytes in URL-safe Base64 name a cluster.
    const CLUSTER: &str = "cGVuc3RvY2stdGVzdHMhIQ";
    let output = inherit_nothing(&mut java(class_path, dir))
        .arg("-XX:TieredStopAtLevel=1")
        .args([
            "kafka.tools.StorageTool",
            "format",
            "-t",
            CLUSTER,
            "-c",
            "server.properties",
        ])
        .args(scram.iter().flat_map(|of| ["--add-scram", of.as_str()]))
        .output()
        .context("cannot run `java`")?;
    ensure!(
        output.status.success(),
        "the broker's data folder could not be formatted:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// A static is never dropped: the shared broker ends and its data goes as the process exits.
fn end_at_exit(broker: &Broker) {
    static LEFT: OnceLock<(i32, PathBuf)> = OnceLock::new();
    extern "C" fn end() {
        let Some((pid, dir)) = LEFT.get() else { return };
        // SAFETY: takes numbers only; the child is never reaped, so the number is still its own.
        unsafe { libc::kill(*pid, libc::SIGKILL) };
        if let Err(error) = std::fs::remove_dir_all(dir) {
            eprintln!("left {}: {error}", dir.display());
        }
    }
    let Some(process) = &broker.process else {
        return;
    };
    if LEFT
        .set((process.id().cast_signed(), broker.dir.path().to_path_buf()))
        .is_ok()
    {
        // SAFETY: registers a function that takes nothing and doesn't unwind.
        unsafe { libc::atexit(end) };
    }
}
