//! `penstock dlq show`.

use std::fmt::Write;
use std::io::{self, IsTerminal};

use anstyle::{AnsiColor, Style as Paint};
use penstock_core::dead_letter::Letter;
use penstock_core::record::{Offset, Timestamp};
use penstock_kafka::inspect::{From, Look, Next, Peek, Peeked};
use serde::Serialize;
use serde_json::value::RawValue;

use super::letters::{CLIENT_ID, is_redriven, progress};
use super::list::Json;
use super::which::Place;
use super::{Exit, Failure, ShowArgs};
use crate::commands::peek::show::{self, Style};
use crate::commands::peek::{shape, silent, through};
use crate::commands::tools::Cluster;
use crate::commands::{configuration, kafka, output};
use crate::escape;
use crate::record_json::{Millis, RecordJson};
use crate::shelf::Shelf;

const NAME: Paint = Paint::new().dimmed();
const BAD: Paint = AnsiColor::Red.on_default().bold();

pub(super) fn run(args: &ShowArgs) -> Result<Exit, Failure> {
    let cluster = args.cluster.cluster()?;
    let style = match (args.json, io::stdout().is_terminal()) {
        (true, _) => Style::Json,
        (false, true) => Style::Pretty,
        (false, false) => Style::Plain,
    };
    let record = find(args, &cluster)?;
    let letter = Letter::read(record.headers.clone());
    // Who may not look at the group sees the letter all the same.
    let redriven = progress(&args.topic, &cluster).ok();
    let redriven = redriven.map(|of| is_redriven(&of, &record));
    let today = today(args, &record, &letter, style);
    let text = match style {
        Style::Json => json(args, record, &letter, redriven, today)?,
        Style::Pretty | Style::Plain => people(args, record, &letter, redriven, today, style),
    };
    output::finish(output::print(&text))
}

/// The record that is meant.
fn find(args: &ShowArgs, cluster: &Cluster) -> Result<Peeked, Failure> {
    let Place(partition, offset) = args.place;
    let fail = |error| kafka::failure(error, &args.topic, cluster);
    let look = Look {
        topic: args.topic.clone(),
        partition: Some(partition),
        from: From::Offset(Offset(offset)),
        follow: false,
        timeout: kafka::TIMEOUT,
    };
    let mut reader = Peek::open(&cluster.kafka, CLIENT_ID, &look).map_err(fail)?;
    match reader.next(kafka::TIMEOUT).map_err(fail)? {
        Next::Record(record) if record.offset.0 == offset => Ok(record),
        Next::Waiting => Err(silent(&args.topic)),
        Next::Record(_) | Next::End => {
            let what = format!("{}[{partition}] has no record at {offset}", args.topic);
            Err(Failure::new(Exit::Problem, what).hint("`penstock dlq list` shows where they lie"))
        }
    }
}

/// What the handler says to the record as it was at its origin; `Err`: why it can't be asked.
fn today(
    args: &ShowArgs,
    record: &Peeked,
    letter: &Letter,
    style: Style,
) -> Option<Result<String, String>> {
    let files = args.cluster.files();
    if files.is_empty() {
        return None;
    }
    let (Some(origin), Some(handler)) = (&letter.origin, &letter.handler) else {
        return Some(Err("the letter names no handler".to_owned()));
    };
    let shelf = Shelf::default();
    let Ok(loaded) = configuration::try_load(files, &shelf) else {
        return Some(Err(
            "the configuration's plugins are not here; `penstock check` says more".to_owned(),
        ));
    };
    if !loaded.config.handlers.contains_key(handler) {
        return Some(Err(format!("the configuration has no handler {handler}")));
    }
    let at_origin = Peeked {
        partition: origin.partition.unwrap_or(record.partition),
        offset: Offset(origin.offset.unwrap_or(record.offset.0)),
        timestamp: origin
            .timestamp_ms
            .map_or(record.timestamp, Timestamp::CreateTime),
        headers: letter.own.clone(),
        ..record.clone()
    };
    let tried = through::once(&loaded, &shelf, (&origin.topic, handler), &at_origin, style);
    Some(tried.map_err(|failure| {
        let text = failure.to_string();
        anstream::adapter::strip_str(&text).to_string()
    }))
}

#[derive(Serialize)]
struct JsonShown<'a> {
    #[serde(flatten)]
    letter: Json<'a>,
    record: &'a RecordJson,
    today: Option<Box<RawValue>>,
}

fn json(
    args: &ShowArgs,
    record: Peeked,
    letter: &Letter,
    redriven: Option<bool>,
    today: Option<Result<String, String>>,
) -> Result<String, Failure> {
    let today = today.and_then(Result::ok);
    let today = today.and_then(|of| RawValue::from_string(of.trim_end().to_owned()).ok());
    let shown = JsonShown {
        letter: Json::of(&args.topic, &record, letter, redriven),
        record: &shape(&args.topic, record.clone()),
        today,
    };
    let text = serde_json::to_string(&shown);
    let text = text.map_err(|error| Failure::new(Exit::Problem, error))?;
    Ok(escape::json(&text) + "\n")
}

fn people(
    args: &ShowArgs,
    record: Peeked,
    letter: &Letter,
    redriven: Option<bool>,
    today: Option<Result<String, String>>,
    style: Style,
) -> String {
    let own = Peeked {
        headers: letter.own.clone(),
        ..record
    };
    let mut text = show::record(&args.topic, &shape(&args.topic, own), style);
    let mut line = |name: &str, value: String| {
        // Writing to a String does not fail.
        writeln!(text, "{NAME}{name:<9}{NAME:#} {value}").unwrap_or_default();
    };
    line("from", from(letter));
    if let Some(handler) = &letter.handler {
        line("handler", format!("{}{}", safe(handler), attempts(letter)));
    }
    if let Some(code) = &letter.code {
        line("code", format!("{BAD}{}{BAD:#}", safe(code)));
    }
    if let Some(reason) = &letter.reason {
        line("reason", safe(reason));
    }
    line("headers", format!("of {}", letter.convention));
    line("redriven", redriven_text(letter, redriven));
    if let Some(why) = &letter.text {
        line("text", String::new());
        for of in why.lines() {
            line("", safe(of));
        }
    }
    match today {
        None => {}
        Some(Ok(tried)) => {
            text += &format!("{NAME}today{NAME:#}\n{tried}");
        }
        Some(Err(why)) => {
            text += &format!("{NAME}today{NAME:#}     not known: {}\n", safe(&why));
        }
    }
    text
}

fn from(letter: &Letter) -> String {
    let Some(origin) = &letter.origin else {
        return "unknown: its headers don't tell".to_owned();
    };
    let mut text = safe(&origin.topic);
    if let Some(partition) = origin.partition {
        text += &format!("[{partition}]");
    }
    if let Some(offset) = origin.offset {
        text += &format!("@{offset}");
    }
    if let Some(time) = origin.timestamp_ms {
        text += &format!("  {}", Millis(time));
    }
    if let Some(kind) = &origin.timestamp_type {
        text += &format!(" ({})", safe(kind));
    }
    text
}

fn attempts(letter: &Letter) -> String {
    match letter.attempts {
        None => String::new(),
        Some(1) => ", called once".to_owned(),
        Some(many) => format!(", called {many} times"),
    }
}

fn redriven_text(letter: &Letter, redriven: Option<bool>) -> String {
    let now = match redriven {
        Some(true) => "yes",
        Some(false) => "not yet",
        None => "not known",
    };
    match letter.redrives {
        0 => now.to_owned(),
        1 => format!("{now}; once before, and failed again"),
        many => format!("{now}; {many} times before, and failed again"),
    }
}

fn safe(text: &str) -> String {
    escape::text(text.as_bytes())
}
