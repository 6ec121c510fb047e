//! `penstock peek --through`: what a configured handler would make of the records.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstyle::{AnsiColor, Style as Paint};
use penstock_core::batch::Batch;
use penstock_core::config::Loaded;
use penstock_core::contract::Description;
use penstock_core::decide::Decision;
use penstock_core::record::Header;
use penstock_core::verdict::Failure as Failed;
use penstock_kafka::Peeked;
use serde::Serialize;

use super::show::{self, Style};
use crate::commands::{Exit, Failure, configuration};
use crate::escape;
use crate::record_json::RecordJson;
use crate::shelf::Shelf;
use crate::trial::outcome::{Verdict, failure};
use crate::trial::{Bench, Line, Tried, TriedOutput};

/// The handler, and how it is called.
#[derive(Debug, clap::Args)]
pub(super) struct ThroughArgs {
    /// Passes each record through this handler of the configuration, and shows what the host
    /// would do with it. Nothing is sent, retried or committed.
    #[arg(long, value_name = "HANDLER", conflicts_with = "bootstrap")]
    through: Option<String>,
    /// With --through: which call it is of each record, as after N-1 retries; the first by default.
    #[arg(long, value_name = "N", requires = "through")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    attempt: Option<u32>,
}

impl ThroughArgs {
    /// The configured handler that is named, if one is.
    ///
    /// # Errors
    /// The configuration is wrong, or has no such handler.
    pub(super) fn load(&self, files: &[PathBuf]) -> Result<Option<Configured<'_>>, Failure> {
        let Some(name) = &self.through else {
            return Ok(None);
        };
        let shelf = Shelf::default();
        let Some(loaded) = configuration::load(files, &shelf) else {
            let what = "nothing was shown: the configuration can't be used";
            return Err(Failure::new(Exit::Usage, what));
        };
        if !loaded.config.handlers.contains_key(name) {
            let names: Vec<_> = loaded.config.handlers.keys().map(String::as_str).collect();
            let what = format!("the configuration has no handler {name}");
            return Err(
                Failure::new(Exit::Usage, what).hint(format!("it has: {}", names.join(", ")))
            );
        }
        Ok(Some(Configured {
            name,
            attempt: self.attempt.unwrap_or(1),
            shelf,
            loaded,
        }))
    }
}

/// A handler and the configuration that it is of.
pub(super) struct Configured<'a> {
    name: &'a str,
    attempt: u32,
    shelf: Shelf,
    loaded: Loaded,
}

impl Configured<'_> {
    /// The handler.
    pub(super) fn name(&self) -> &str {
        self.name
    }

    /// Its plugin's file.
    pub(super) fn plugin(&self) -> &Path {
        &self.loaded.config.handlers[self.name].plugin
    }

    /// What its plugin says of itself.
    pub(super) fn description(&self) -> &Description {
        &self.loaded.plugins[self.name].description
    }

    /// Gets the handler ready for the records of a topic.
    ///
    /// # Errors
    /// It can't be loaded.
    pub(super) fn on<'a>(&'a self, topic: &'a str, style: Style) -> Result<Through<'a>, Failure> {
        let runtime = self.shelf.runtime(&self.loaded.config);
        let runtime = runtime.map_err(|error| Failure::new(Exit::Usage, error))?;
        let bench = Bench::new(&self.loaded, runtime, topic, self.name);
        Ok(Through {
            bench,
            topic,
            handler: self.name,
            attempt: self.attempt,
            style,
            tally: Tally::default(),
        })
    }

    /// What else is to be known: the host would not call this handler for this topic.
    pub(super) fn remark(&self, topic: &str) -> Option<String> {
        let of = self.loaded.config.topics.get(topic);
        match of {
            Some(of) if of.handlers.iter().any(|name| name == self.name) => None,
            _ => Some(format!(
                "({} is not configured for {topic}: this is what would come of it if it were)",
                self.name
            )),
        }
    }
}

/// What the handler `name` makes of one record of `topic` now: indented lines, or a line of JSON.
///
/// # Errors
/// It can't be loaded.
pub(in crate::commands) fn once(
    loaded: &Loaded,
    shelf: &Shelf,
    (topic, name): (&str, &str),
    record: &Peeked,
    style: Style,
) -> Result<String, Failure> {
    let runtime = shelf.runtime(&loaded.config);
    let runtime = runtime.map_err(|error| Failure::new(Exit::Usage, error))?;
    let bench = Bench::new(loaded, runtime, topic, name);
    let tried = bench.call(record.partition, &batch(record).record(0), 1);
    Ok(match style {
        Style::Json => json(&super::shape(topic, record.clone()), name, 1, &tried),
        Style::Pretty | Style::Plain => people(name, &tried, style),
    })
}

/// A handler that records are passed through as they are shown.
pub(super) struct Through<'a> {
    bench: Bench<'a>,
    topic: &'a str,
    handler: &'a str,
    attempt: u32,
    style: Style,
    pub(super) tally: Tally,
}

/// How many records came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    emitted: u64,
    outputs: u64,
    skipped: u64,
    retried: u64,
    dead_lettered: u64,
    halted: u64,
}

impl Through<'_> {
    /// The record, with what became of it.
    pub(super) fn show(&mut self, record: Peeked) -> String {
        let batch = batch(&record);
        let (partition, attempt) = (record.partition, self.attempt);
        let tried = self.bench.call(partition, &batch.record(0), attempt);
        self.tally.add(&tried.decision);
        let record = super::shape(self.topic, record);
        if self.style == Style::Json {
            return json(&record, self.handler, self.attempt, &tried);
        }
        show::record(self.topic, &record, self.style) + &people(self.handler, &tried, self.style)
    }
}

/// The record as the host holds it.
fn batch(record: &Peeked) -> Batch {
    let headers = record.headers.iter().map(|of| Header {
        name: &of.name,
        value: of.value.as_deref(),
    });
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    let mut batch = Batch::default();
    batch.push(record.offset, record.timestamp, key, value, headers);
    batch
}

impl Tally {
    fn add(&mut self, decision: &Decision) {
        match decision {
            Decision::Emit { outputs } => {
                self.emitted += 1;
                self.outputs += u64::from(*outputs);
            }
            Decision::Skip(_) => self.skipped += 1,
            Decision::Again { .. } => self.retried += 1,
            Decision::DeadLetter(_) => self.dead_lettered += 1,
            Decision::Halt(_) => self.halted += 1,
        }
    }

    /// 1 if a call failed.
    pub(super) fn exit(self) -> Exit {
        if self.retried + self.dead_lettered + self.halted == 0 {
            Exit::Fine
        } else {
            Exit::Problem
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "(would be: {} emitted, {} skipped, {} retried, {} dead-lettered, {} halting; outputs: {})",
            self.emitted, self.skipped, self.retried, self.dead_lettered, self.halted, self.outputs
        )
    }
}

/// One record and what became of it, as one line of JSON.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Json<'a> {
    record: &'a RecordJson,
    handler: &'a str,
    attempt: u32,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    outputs: Vec<JsonOutput<'a>>,
    log: &'a [Line],
    call_us: f64,
}

#[derive(Serialize)]
struct JsonOutput<'a> {
    output: &'a str,
    record: &'a RecordJson,
}

impl JsonOutput<'_> {
    fn new(of: &TriedOutput) -> JsonOutput<'_> {
        JsonOutput {
            output: &of.name,
            record: &of.record,
        }
    }
}

fn json(record: &RecordJson, handler: &str, attempt: u32, tried: &Tried) -> String {
    let (mut text, mut reason, mut retry_after_ms) = (None, None, None);
    match &tried.decision {
        Decision::Skip(why) => (reason, text) = (Some(&*why.code), Some(why.text.clone())),
        Decision::Again { after, .. } => retry_after_ms = u64::try_from(after.as_millis()).ok(),
        Decision::Emit { .. } | Decision::DeadLetter(_) | Decision::Halt(_) => {}
    }
    let failed = failure(&tried.decision);
    if let Some(failed) = failed {
        (reason, text) = (failed.reason_code(), Some(failed.text()));
    }
    let line = Json {
        record,
        handler,
        attempt,
        verdict: Verdict::from(&tried.decision).word(),
        code: failed.map(|failed| failed.code().to_string()),
        reason,
        text,
        retry_after_ms,
        outputs: tried.outputs.iter().map(JsonOutput::new).collect(),
        log: &tried.log,
        call_us: (tried.time.as_nanos() / 100) as f64 / 10.0,
    };
    // Texts, numbers and bytes: there is nothing in it that JSON lacks.
    escape::json(&serde_json::to_string(&line).unwrap_or_default()) + "\n"
}

const GOOD: Paint = AnsiColor::Green.on_default().bold();
const SKIPPED: Paint = AnsiColor::Cyan.on_default().bold();
const BAD: Paint = AnsiColor::Red.on_default().bold();
const NAME: Paint = Paint::new().dimmed();

fn took(time: Duration) -> String {
    let us = time.as_secs_f64() * 1e6;
    if us < 1e3 {
        format!("{us:.0} µs")
    } else {
        format!("{:.1} ms", us / 1e3)
    }
}

/// Indented below its record.
fn people(handler: &str, tried: &Tried, style: Style) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    lines(&mut text, handler, tried, style).unwrap_or_default();
    text
}

fn lines(text: &mut String, handler: &str, tried: &Tried, style: Style) -> std::fmt::Result {
    let by = format!("{NAME}by {handler} in {}{NAME:#}", took(tried.time));
    match &tried.decision {
        Decision::Emit { outputs } => {
            let s = if *outputs == 1 { "" } else { "s" };
            writeln!(text, "  {GOOD}emitted{GOOD:#} {outputs} output{s}, {by}")?;
        }
        Decision::Skip(why) => {
            let (code, why) = (&why.code, escape::text(why.text.as_bytes()));
            writeln!(text, "  {SKIPPED}skipped{SKIPPED:#} {code}: {why}, {by}")?;
        }
        Decision::Again { after, why, .. } => {
            let code = why.code();
            let after = Duration::from_millis(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
            writeln!(
                text,
                "  {BAD}would be retried{BAD:#} after {after:?} ({code} at last), {by}"
            )?;
        }
        Decision::DeadLetter(why) => {
            let code = why.code();
            writeln!(text, "  {BAD}would be dead-lettered{BAD:#}: {code}, {by}")?;
        }
        Decision::Halt(why) => {
            let code = why.code();
            writeln!(text, "  {BAD}would halt its partition{BAD:#}: {code}, {by}")?;
        }
    }
    for line in failure(&tried.decision)
        .map(Failed::text)
        .unwrap_or_default()
        .lines()
    {
        writeln!(text, "    {}", escape::text(line.as_bytes()))?;
    }
    for output in &tried.outputs {
        let topic = output.record.topic.as_deref().unwrap_or_default();
        write!(text, "    {} → {GOOD}{topic}{GOOD:#}", output.name)?;
        text.push_str(&show::content(&output.record, style, "    "));
    }
    for line in &tried.log {
        let said = escape::line(&line.text);
        writeln!(text, "    {NAME}log {}{NAME:#} {said}", line.level)?;
    }
    Ok(())
}
