//! `penstock demo`: the incident that Penstock was born from, replayed on an embedded Kafka, with
//! everything that must come of it checked.

mod cluster;
mod outcome;
mod story;

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use penstock_core::config::{self, Defaults, Loaded, SourceFile};
use penstock_core::status::Status;
use penstock_kafka::ToolError;

use self::cluster::Cluster;
use self::story::Event;
use super::{Exit, Failure, output};
use crate::app::App;
use crate::panics;
use crate::shelf::Shelf;

const TITLE: Style = Style::new().bold();
const FINE: Style = AnsiColor::Green.on_default().bold();
const WRONG: Style = AnsiColor::Red.on_default().bold();

/// How long the host may take for each part of the story.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the demo; `plugins` is the folder of the built plugins, by default beside the binary.
///
/// # Errors
/// When something of it can't be started.
pub fn run(plugins: Option<&Path>) -> Result<Exit, Failure> {
    let plugins = plugins.map_or_else(built_plugins, |folder| Ok(folder.to_owned()))?;
    let cluster = Cluster::start().map_err(kafka)?;
    let before = story::before();
    say(format_args!(
        "{TITLE}1. Two purchases lie there before any consumer existed.{TITLE:#} (embedded Kafka: {})",
        cluster.bootstrap()
    ));
    send(&cluster, &before)?;

    let shelf = Shelf::default();
    let loaded = load(&cluster, &plugins, &shelf)?;
    let config = &loaded.config;
    say(format_args!(
        "\n{TITLE}2. The host starts.{TITLE:#} The group `{}` has no commits; `start = \"earliest\"` is committed \
         before it joins, so nothing is missed.",
        config.kafka.group
    ));
    let (failed, failures) = channel();
    panics::end_the_host();
    let app = App::start(&loaded, &shelf, &failed)?;
    let status = wait(&app, &before, &[], &failures)?;
    say(format_args!(
        "   both are done: {}",
        positions(&status, "purchase-confirmed")
    ));

    let after = story::after();
    say(format_args!(
        "\n{TITLE}3. New events{TITLE:#}, one malformed, one before a handler that never returns:"
    ));
    send(&cluster, &after)?;
    let status = wait(&app, &before, &after, &failures)?;

    say(format_args!(
        "\n{TITLE}4. What became of each record{TITLE:#}"
    ));
    let events: Vec<Event> = before.into_iter().chain(after).collect();
    let outcomes = outcome::look(&cluster, &events).map_err(kafka)?;
    let mut table = new_table(&["record", "event", "verdict", "output"]);
    for outcome in &outcomes {
        table.add_row([
            &outcome.record,
            &outcome.event,
            &outcome.verdict,
            &outcome.output,
        ]);
    }
    say(format_args!("{table}"));

    say(format_args!("\n{TITLE}5. Where the group stands{TITLE:#}"));
    say(format_args!("{}", committed(&status)));
    say(format_args!(
        "\n{TITLE}6. The ledger{TITLE:#}: begun = emitted + skipped + dead-lettered + handed back + open"
    ));
    say(format_args!("{}", ledgers(&status)));

    let ended = app.stop(Instant::now() + config.host.shutdown_deadline);
    let checks = [
        (
            outcomes.iter().all(|outcome| outcome.as_expected),
            "each record came to its verdict",
        ),
        (
            outcomes.len() == events.len() + 4,
            "each access granted was taken on",
        ),
        (
            status.handlers.iter().all(|of| of.ledger.balances()),
            "the ledger balances",
        ),
        (
            status.partitions.len() == 10,
            "the host had every partition",
        ),
        (
            ended.abandoned == 0 && ended.source.is_some_and(|source| source.closed),
            "the host left the group, nothing abandoned",
        ),
    ];
    say(format_args!(""));
    for (holds, what) in checks {
        let (style, mark) = if holds {
            (FINE, "ok")
        } else {
            (WRONG, "WRONG")
        };
        say(format_args!("{style}{mark}{style:#}  {what}"));
    }
    Ok(if checks.iter().all(|(holds, _)| *holds) {
        Exit::Fine
    } else {
        Exit::Problem
    })
}

/// `target/plugins`, where `make build` puts them, seen from `target/release/penstock`.
fn built_plugins() -> Result<PathBuf, Failure> {
    let binary = std::env::current_exe().map_err(|error| {
        Failure::new(Exit::Problem, format!("where this program lies: {error}"))
    })?;
    let folder = binary
        .parent()
        .and_then(Path::parent)
        .map(|target| target.join("plugins"));
    folder
        .filter(|folder| folder.join("unruly.wasm").is_file())
        .ok_or_else(|| {
            Failure::new(Exit::Usage, "the demo's plugins are not built")
                .hint("run `make build`, or name their folder with --plugins")
        })
}

fn load(cluster: &Cluster, plugins: &Path, shelf: &Shelf) -> Result<Loaded, Failure> {
    let file = SourceFile {
        name: "demo/penstock.toml".into(),
        dir: PathBuf::new(),
        bytes: Ok(include_bytes!("demo/penstock.toml").to_vec()),
    };
    let environment = |name: &str| match name {
        "KAFKA_BOOTSTRAP" => Some(cluster.bootstrap()),
        "PLUGINS" => Some(plugins.display().to_string()),
        "CACHE" => Some(plugins.join("compiled").display().to_string()),
        _ => None,
    };
    let defaults = Defaults {
        workers: std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN),
    };
    config::load(&[file], &environment, &defaults, shelf)
        .map_err(|report| Failure::new(Exit::Usage, report.render(true)))
}

fn send(cluster: &Cluster, events: &[Event]) -> Result<(), Failure> {
    for events in events.chunk_by(|event, next| event.topic == next.topic) {
        let topic = events[0].topic;
        let offsets = cluster.emit(topic, events).map_err(kafka)?;
        for (event, offset) in events.iter().zip(offsets) {
            let Event {
                partition,
                key,
                value,
                ..
            } = event;
            say(format_args!(
                "   {topic}[{partition}]@{offset}  {key}  {value}"
            ));
        }
    }
    Ok(())
}

/// Waits until the host has come to a verdict on everything and committed it.
fn wait(
    app: &App,
    before: &[Event],
    after: &[Event],
    failures: &std::sync::mpsc::Receiver<String>,
) -> Result<Status, Failure> {
    let accounts = story::accounts(before.iter().chain(after));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = app.status();
        if story::is_over(&status, &accounts) {
            return Ok(status);
        }
        // Also the beat at which the status is asked for.
        if let Ok(error) = failures.recv_timeout(Duration::from_millis(10)) {
            return Err(Failure::new(Exit::Problem, error));
        }
        if Instant::now() > deadline {
            let found = ledgers(&status);
            let what = format!("the host did not come to all verdicts in {PATIENCE:?}:\n{found}");
            return Err(Failure::new(Exit::Problem, what));
        }
    }
}

fn positions(status: &Status, topic: &str) -> String {
    let of_topic = status.partitions.iter().filter(|of| of.topic == topic);
    let positions: Vec<String> = of_topic
        .map(|of| format!("[{}] committed {}", of.partition, shown(of.committed)))
        .collect();
    format!("{topic} {}", positions.join(", "))
}

fn committed(status: &Status) -> Table {
    let mut table = new_table(&["topic", "partition", "committed", "unfinished"]);
    for of in &status.partitions {
        table.add_row([
            of.topic.clone(),
            of.partition.to_string(),
            shown(of.committed),
            of.unfinished.to_string(),
        ]);
    }
    table
}

fn ledgers(status: &Status) -> Table {
    let mut table = new_table(&[
        "topic",
        "handler",
        "begun",
        "emitted",
        "skipped",
        "dead-lettered",
        "handed back",
        "open",
        "balances",
    ]);
    for of in &status.handlers {
        let ledger = of.ledger;
        let counts = [
            ledger.begun,
            ledger.emitted,
            ledger.skipped,
            ledger.dead_lettered,
            ledger.handed_back,
            ledger.open,
        ];
        let mut row = vec![of.topic.clone(), of.handler.clone()];
        row.extend(counts.map(|count| count.to_string()));
        row.push(if ledger.balances() { "yes" } else { "NO" }.into());
        table.add_row(row);
    }
    table
}

fn shown(offset: Option<i64>) -> String {
    offset.map_or_else(|| "-".to_owned(), |offset| offset.to_string())
}

fn new_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}

fn say(text: std::fmt::Arguments<'_>) {
    // Whether all came out as it must is found out, and told by the exit code, though nobody reads.
    drop(output::print(&format!("{text}\n")));
}

fn kafka(error: ToolError) -> Failure {
    Failure::new(Exit::Problem, format!("the embedded Kafka: {error}"))
}
