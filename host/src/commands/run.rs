//! `penstock run`: the host, until a signal or a fatal error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::time::Instant;

use penstock_core::codes::Code;
use penstock_core::config::{
    Config, ConfigureProblem, HandlerLimits, PluginFacts, PluginProblem, Plugins,
};

use super::configuration;
use super::{Exit, Failure};
use crate::app::{App, Ended};
use crate::logging::{self, Lines, LogError};
use crate::shelf::Shelf;
use crate::signals;

/// Why the host stops.
enum Stop {
    Signal(String),
    Fatal(String),
}

/// Runs the host.
///
/// # Errors
/// A wrong configuration, or what can't be had on this machine.
pub fn run(files: &[PathBuf]) -> Result<Exit, Failure> {
    let shelf = Shelf::default();
    let logged = Logged::of(&shelf);
    let Some(loaded) = configuration::load(files, &logged) else {
        return Ok(Exit::Usage);
    };
    let config = &loaded.config;
    let log = logged.log.into_inner();
    let log = log.unwrap_or_else(|| logging::start(&config.log));
    let lines = log.map_err(|error| Failure::new(Exit::Usage, error))?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        host = config.host.id,
        group = config.kafka.group,
        admin = %config.admin.listen,
        topics = config.topics.len(),
        handlers = config.handlers.len(),
        "starting"
    );
    let (signal_sender, signals_received) = channel();
    let (fatal_sender, fatal_errors) = channel();
    let (stop_sender, stops) = channel();
    signals::watch(signal_sender)
        .map_err(|error| Failure::new(Exit::Problem, format!("signals: {error}")))?;
    let app = App::start(&loaded, &shelf, &fatal_sender)?;
    forward(signals_received, Stop::Signal, &stop_sender);
    forward(fatal_errors, Stop::Fatal, &stop_sender);
    let stop = stops.recv().expect("both forwarders hold a sender");
    let fatal = match stop {
        Stop::Signal(name) => {
            tracing::info!(deadline = ?config.host.shutdown_deadline, "{name}: stopping");
            false
        }
        Stop::Fatal(text) => {
            tracing::error!("{text}; the host ends, restart it");
            true
        }
    };
    let ended = app.stop(Instant::now() + config.host.shutdown_deadline);
    let exit = report(&ended, fatal);
    drop(lines);
    Ok(exit)
}

/// Plugins that are looked at once there is a log: how they are loaded, and what they say when
/// they are asked, belongs into it.
struct Logged<'s> {
    shelf: &'s Shelf,
    log: OnceLock<Result<Lines, LogError>>,
}

impl<'s> Logged<'s> {
    fn of(shelf: &'s Shelf) -> Logged<'s> {
        let log = OnceLock::new();
        Logged { shelf, log }
    }
}

impl Plugins for Logged<'_> {
    fn inspect(
        &self,
        path: &Path,
        pinned: Option<[u8; 32]>,
        config: &Config,
    ) -> Result<PluginFacts, PluginProblem> {
        self.log.get_or_init(|| logging::start(&config.log));
        self.shelf.inspect(path, pinned, config)
    }

    fn configure(
        &self,
        path: &Path,
        sha256: [u8; 32],
        topic: &str,
        settings: &BTreeMap<String, String>,
        limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem> {
        self.shelf.configure(path, sha256, topic, settings, limits)
    }
}

fn forward(
    from: std::sync::mpsc::Receiver<String>,
    wrap: fn(String) -> Stop,
    to: &std::sync::mpsc::Sender<Stop>,
) {
    let to = to.clone();
    std::thread::spawn(move || {
        for text in from {
            if to.send(wrap(text)).is_err() {
                return;
            }
        }
    });
}

/// Says what was abandoned, and how the process is to end.
fn report(ended: &Ended, fatal: bool) -> Exit {
    let Some(source) = &ended.source else {
        tracing::error!(
            code = Code::AbandonedAtShutdown.as_str(),
            abandoned = ended.abandoned,
            "the consumer did not end within the deadline; work since the last commit is done \
             again by its next owner"
        );
        return Exit::Problem;
    };
    for partition in source.partitions.iter().filter(|p| p.uncommitted.is_some()) {
        tracing::warn!(
            topic = &*partition.topic,
            partition = partition.partition,
            uncommitted = partition.uncommitted.map(|next| next.0),
            "finished work could not be committed: its next owner does it again"
        );
    }
    if ended.abandoned > 0 {
        tracing::error!(
            code = Code::AbandonedAtShutdown.as_str(),
            abandoned = ended.abandoned,
            "the deadline passed with deliveries running or unacknowledged; their next owner does \
             them again"
        );
    }
    if fatal || ended.abandoned > 0 || source.commit_error.is_some() {
        return Exit::Problem;
    }
    tracing::info!("stopped");
    Exit::Fine
}
