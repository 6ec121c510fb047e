//! `penstock run`: the host, until a signal or a fatal error.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use penstock_core::codes::Code;
use penstock_core::config::{Loaded, Report};

use super::configuration;
use super::{Exit, Failure};
use crate::app::{App, Ended};
use crate::background::{self, Checked};
use crate::logging;
use crate::panics;
use crate::shelf::Shelf;
use crate::signals;

/// How long plugins are waited for that have to be compiled. Most are by then, so that the group is
/// joined once, and a mistake ends the host before that.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a running host is told.
enum Event {
    Signal(String),
    Fatal(String),
    /// A plugin was compiled.
    Compiled(Box<Checked>),
}

/// Why the host stops.
enum Stop {
    Asked,
    Failed,
    /// What was compiled does not suit the configuration.
    Wrong(Report),
}

/// Runs the host.
///
/// # Errors
/// A wrong configuration, or what can't be had on this machine.
pub fn run(files: &[PathBuf]) -> Result<Exit, Failure> {
    let shelf = Arc::new(Shelf::default());
    // How plugins are loaded, and what they say when they are asked, belongs into the log.
    let log = OnceLock::new();
    let plugins = shelf.compiled(|config| {
        log.get_or_init(|| logging::start(&config.log));
    });
    let Some(loaded) = configuration::load(files, &plugins) else {
        return Ok(Exit::Usage);
    };
    let config = &loaded.config;
    let log = log.into_inner();
    let log = log.unwrap_or_else(|| logging::start(&config.log));
    let lines = log.map_err(|error| Failure::new(Exit::Usage, error))?;
    panics::end_the_host();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        host = config.host.id,
        group = config.kafka.group,
        admin = %config.admin.listen,
        topics = config.topics.len(),
        handlers = config.handlers.len(),
        "starting"
    );
    let compiled = background::compile(&loaded, &shelf)
        .map_err(|error| Failure::new(Exit::Problem, format!("a thread: {error}")))?;
    let loaded = match soon(loaded, &compiled) {
        Ok(loaded) => loaded,
        Err(report) => {
            configuration::print(&report);
            return Ok(Exit::Usage);
        }
    };
    let config = &loaded.config;
    let (signal_sender, signals_received) = channel();
    let (fatal_sender, fatal_errors) = channel();
    let (event_sender, events) = channel();
    signals::watch(signal_sender)
        .map_err(|error| Failure::new(Exit::Problem, format!("signals: {error}")))?;
    let mut app = App::start(&loaded, &shelf, &fatal_sender)?;
    forward(signals_received, Event::Signal, &event_sender);
    forward(fatal_errors, Event::Fatal, &event_sender);
    let taken = |checked| Event::Compiled(Box::new(checked));
    forward(compiled, taken, &event_sender);
    let stop = until_stop(&mut app, &shelf, &events);
    let deadline = config.host.shutdown_deadline;
    tracing::info!(
        ?deadline,
        "what is in hand is finished, at most until the deadline"
    );
    let ended = app.stop(Instant::now() + deadline);
    let exit = report(&ended, matches!(stop, Stop::Failed));
    drop(lines);
    if let Stop::Wrong(report) = stop {
        configuration::print(&report);
        return Ok(Exit::Usage);
    }
    Ok(exit)
}

/// The configuration with what is compiled within a short time.
fn soon(mut loaded: Loaded, compiled: &Receiver<Checked>) -> Checked {
    let until = Instant::now() + PATIENCE;
    while loaded.pending().next().is_some() {
        let left = until.saturating_duration_since(Instant::now());
        match compiled.recv_timeout(left) {
            Ok(checked) => loaded = checked?,
            Err(_) => break,
        }
    }
    Ok(loaded)
}

/// Takes in what is compiled, until it is time to stop.
fn until_stop(app: &mut App, shelf: &Shelf, events: &Receiver<Event>) -> Stop {
    loop {
        match events
            .recv()
            .expect("the signals' forwarder holds a sender")
        {
            Event::Signal(name) => {
                tracing::info!("{name}: stopping");
                return Stop::Asked;
            }
            Event::Fatal(text) => {
                tracing::error!("{text}; the host ends, restart it");
                return Stop::Failed;
            }
            Event::Compiled(checked) => match *checked {
                Ok(loaded) => app.extend(&loaded, shelf),
                Err(report) => {
                    tracing::error!(
                        "a plugin that is compiled now does not suit the configuration, as \
                         `penstock check` would have said; the host ends"
                    );
                    return Stop::Wrong(report);
                }
            },
        }
    }
}

fn forward<T: Send + 'static>(from: Receiver<T>, wrap: fn(T) -> Event, to: &Sender<Event>) {
    let to = to.clone();
    std::thread::spawn(move || {
        for one in from {
            if to.send(wrap(one)).is_err() {
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
        let why = match fatal {
            true => "the host ends",
            false => "the deadline passed",
        };
        tracing::error!(
            code = Code::AbandonedAtShutdown.as_str(),
            abandoned = ended.abandoned,
            "{why} with deliveries running or unacknowledged; their next owner does them again"
        );
    }
    if fatal || ended.abandoned > 0 || source.commit_error.is_some() {
        return Exit::Problem;
    }
    tracing::info!("stopped");
    Exit::Fine
}
