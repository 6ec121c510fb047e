//! What a key is; the one table of all keys (`table`), from which come the checks, the JSON Schema
//! and the reference in `docs/configuration.md`.

mod failures;
mod table;

use std::time::Duration;

use super::client::Reader;
pub(in crate::config) use table::ROOT;

/// A key of a table.
#[derive(Debug)]
pub(in crate::config) struct Key {
    /// As written.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be there, and what holds if it isn't.
    pub need: Need,
    /// What it does, in a sentence or two of Markdown.
    pub doc: &'static str,
}

/// What a key takes.
#[derive(Debug)]
pub(in crate::config) enum Kind {
    /// A string that is not empty.
    Text,
    /// A string that may be empty, and is never shown.
    Secret,
    /// A name of letters, digits, `.`, `_` and `-`.
    Name,
    /// A Kafka topic's name.
    Topic,
    /// `host:port`, comma-separated.
    Brokers,
    /// A path, relative to its file.
    Path,
    /// An IP address and a port.
    Address,
    /// A duration between the two, both included.
    Duration(Duration, Duration),
    /// A number of bytes between the two, both included.
    Bytes(u64, u64),
    /// A whole number between the two, both included.
    Count(u32, u32),
    /// `true` or `false`.
    Boolean,
    /// One of these.
    Choice(&'static [&'static str]),
    /// 64 hexadecimal digits.
    Digest,
    /// `MIN..MAX`, two durations.
    Backoff,
    /// `earliest`, `latest` or a time.
    Start,
    /// An array of handlers' names.
    Handlers,
    /// A table from a plugin's settings to strings.
    Settings,
    /// A table from a plugin's outputs to topics.
    Outputs,
    /// A table of librdkafka settings, for this reader.
    Client(Reader),
    /// A table of these keys.
    Section(&'static [Key]),
    /// A table of tables of these keys, by a name of the user's choice.
    Named(&'static [Key]),
}

/// Whether a key must be there.
#[derive(Debug)]
pub(in crate::config) enum Need {
    /// It must.
    Required,
    /// Without it, this holds.
    Default(&'static str),
    /// Without it, this holds, in words.
    Computed(&'static str),
    /// It need not.
    Optional,
}

impl Kind {
    /// Whether it is written as a table.
    fn is_table(&self) -> bool {
        use Kind::{Client, Named, Outputs, Section, Settings};
        matches!(self, Settings | Outputs | Client(_) | Section(_) | Named(_))
    }

    /// As a message calls it: "a duration".
    pub fn expected(&self) -> String {
        match self {
            Kind::Text | Kind::Secret | Kind::Settings => "a string".into(),
            Kind::Name => "a name of letters, digits, `.`, `_` and `-`".into(),
            Kind::Topic | Kind::Outputs => "a topic".into(),
            Kind::Brokers => "a list of `host:port`".into(),
            Kind::Path => "a path".into(),
            Kind::Address => "an IP address and a port".into(),
            Kind::Duration(..) => "a duration".into(),
            Kind::Bytes(..) => "a number of bytes with its unit".into(),
            Kind::Count(..) => "a whole number".into(),
            Kind::Boolean => "true or false".into(),
            Kind::Choice([only]) => format!("`{only}`"),
            Kind::Choice(all) => {
                let quoted: Vec<String> = all.iter().map(|c| format!("`{c}`")).collect();
                format!("one of {}", quoted.join(", "))
            }
            Kind::Digest => "a SHA-256 digest of 64 hexadecimal digits".into(),
            Kind::Backoff => "two durations".into(),
            Kind::Start => "`earliest`, `latest` or an RFC 3339 time".into(),
            Kind::Handlers => "an array of handlers' names".into(),
            Kind::Client(_) => "a string, a number, true or false".into(),
            Kind::Section(_) | Kind::Named(_) => "a table".into(),
        }
    }

    /// How it is written, as TOML.
    pub fn example(&self) -> &'static str {
        match self {
            Kind::Text => "\"purchase-worker\"",
            Kind::Secret | Kind::Settings => "\"text\"",
            Kind::Name => "\"worker-1\"",
            Kind::Topic | Kind::Outputs => "\"course-progress\"",
            Kind::Brokers => "\"kafka-1:9092,kafka-2:9092\"",
            Kind::Path => "\"plugins/handler.wasm\"",
            Kind::Address => "\"127.0.0.1:9644\"",
            Kind::Duration(..) => "\"200ms\", \"10s\", \"5m\" or \"1h\"",
            Kind::Bytes(..) => "\"512B\", \"4KiB\", \"64MiB\" or \"1GiB\"",
            Kind::Count(..) => "100",
            Kind::Boolean => "true",
            Kind::Choice(all) => all[0],
            Kind::Digest => "\"9f86d081…\", as `sha256sum` prints it",
            Kind::Backoff => "\"100ms..10s\"",
            Kind::Start => "\"earliest\", \"latest\" or \"2026-01-31T12:00:00Z\"",
            Kind::Handlers => "[\"purchase-to-access\"]",
            Kind::Client(_) => "\"value\"",
            Kind::Section(_) | Kind::Named(_) => "[table]",
        }
    }
}

/// Where in the file a key of this name belongs, other than in the table `path`, if it `is_table` or
/// not; of several places the one nearest to that table.
pub(in crate::config) fn elsewhere(name: &str, is_table: bool, path: &str) -> Option<String> {
    let mut places = Vec::new();
    collect(name, is_table, ROOT, "", &mut places);
    let shared = |place: &String| {
        let pairs = place.split('.').zip(path.split('.'));
        pairs.take_while(|(a, b)| a == b).count()
    };
    places
        .into_iter()
        .filter(|place| place != path)
        .max_by_key(shared)
}

fn collect(name: &str, is_table: bool, keys: &[Key], path: &str, places: &mut Vec<String>) {
    for key in keys {
        if key.name == name && key.kind.is_table() == is_table && !path.is_empty() {
            places.push(path.to_owned());
        }
        let inner = if path.is_empty() {
            key.name.to_owned()
        } else {
            format!("{path}.{}", key.name)
        };
        match key.kind {
            Kind::Section(keys) => collect(name, is_table, keys, &inner, places),
            Kind::Named(keys) => collect(name, is_table, keys, &format!("{inner}.NAME"), places),
            _ => {}
        }
    }
}
