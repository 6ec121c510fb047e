//! From a checked tree to the validated configuration. Where something is wrong it is reported and
//! a stand-in takes its place, so that the rest is checked too.

mod delivery;
mod failures;
mod handler;
mod modes;
mod order;
mod topic;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Duration;

use failures::Said;

use super::keys::{self, Kind};
use super::report::Diagnostic;
use super::section::{Context, Section};
use super::tree::{Entry, Node};
use super::{
    Admin, Ceilings, Config, Defaults, Delivery, GroupProtocol, Host, Kafka, Log, LogFormat,
    RecordLines, Secret, client,
};
use crate::codes::Code;

/// What stands where the right value is not known.
pub(super) const STAND_IN: Duration = Duration::from_secs(1);

/// The configuration, whole only if no mistake was found.
///
/// With it go the names of the handlers without a mistake of their own, whose settings can be
/// tried.
pub(super) fn config(
    root: &Node,
    defaults: &Defaults,
    cx: &mut Context<'_>,
) -> (Config, BTreeSet<String>) {
    for key in ["host", "kafka"] {
        if root.entry(&[key]).is_none() {
            cx.found.push(missing_section(key));
        }
    }
    let section = top("host", root);
    let id = section.name("id", cx).unwrap_or_default();
    let kafka = kafka(root, &id, cx);
    let host = host(&section, id, &kafka.delivery, defaults, cx);
    let (limits, held_to) = limits(top("limits", root), cx);
    let known = handlers_known(root);
    let all = Said::read(top("retry", root), top("failures", root), cx);
    let mut said = BTreeMap::new();
    let mut handlers = BTreeMap::new();
    let mut sound = BTreeSet::new();
    for (name, entry) in named(root, "handlers") {
        let before = cx.found.len();
        let (handler, own) = handler::handler(name, entry, &host, &held_to, &all, cx);
        handlers.insert(name.clone(), handler);
        said.insert(name.as_str(), own);
        if cx.found.len() == before && !entry.node.has_wrong() {
            sound.insert(name.clone());
        }
    }
    let topics: BTreeMap<_, _> = named(root, "topics")
        .map(|(name, entry)| (name.clone(), topic::topic(name, entry, &known, cx)))
        .collect();
    failures::have_their_topics(&topics, root, &said, cx);
    order::is_kept_where_keys_wait(&topics, &handlers, root, cx);
    modes::have_an_effect(&all, &said, &handlers, root, cx);
    let topics_wrong = root
        .entry(&["topics"])
        .is_some_and(|entry| entry.node.has_wrong());
    if named(root, "topics").next().is_none() && !topics_wrong {
        cx.found.push(no_topic(root));
    }
    let config = Config {
        kafka,
        admin: admin(top("admin", root), cx),
        log: log(top("log", root), cx),
        host,
        limits,
        handlers,
        parking: order::parking(&top("parking", root), cx),
        topics,
    };
    (config, sound)
}

/// The keys of a section of the root, or of the tables in it.
pub(super) fn keys_of(section: &str) -> &'static [keys::Key] {
    let key = keys::ROOT.iter().find(|key| key.name == section);
    match key.map(|key| &key.kind) {
        Some(Kind::Section(keys) | Kind::Named(keys)) => keys,
        _ => &[],
    }
}

fn top<'a>(name: &'static str, root: &'a Node) -> Section<'a> {
    Section::new(keys_of(name), name, root.entry(&[name]))
}

/// A section within a section.
fn inner<'a>(
    keys: &'static [keys::Key],
    name: &str,
    path: &'a str,
    section: &Section<'a>,
) -> Section<'a> {
    let inner = keys.iter().find_map(|key| match key.kind {
        Kind::Section(inner) if key.name == name => Some(inner),
        _ => None,
    });
    Section::new(inner.unwrap_or_default(), path, section.entry(name))
}

/// The tables of `[handlers]` or `[topics]`; a wrong one is left out.
pub(super) fn named<'a>(
    root: &'a Node,
    section: &str,
) -> impl Iterator<Item = (&'a String, &'a Entry)> {
    let table = root.entry(&[section]).and_then(|entry| entry.node.table());
    let tables = |(_, entry): &(&String, &Entry)| entry.node.table().is_some();
    table.into_iter().flatten().filter(tables)
}

/// The names that a topic may list: a handler with mistakes of its own is still one.
fn handlers_known(root: &Node) -> Vec<&str> {
    let table = root
        .entry(&["handlers"])
        .and_then(|entry| entry.node.table());
    table
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect()
}

fn missing_section(name: &str) -> Diagnostic {
    let needs = match name {
        "host" => "add `[host]` with an `id` that is unique in the group",
        _ => "add `[kafka]` with `bootstrap` and `group`",
    };
    Diagnostic::error(
        Code::MissingKey,
        None,
        format!("the section `[{name}]` is missing"),
    )
    .help(needs)
}

fn no_topic(root: &Node) -> Diagnostic {
    let place = root.entry(&["topics"]).map(|entry| entry.key);
    Diagnostic::error(
        Code::MissingKey,
        place,
        "there is no topic: nothing would be consumed",
    )
    .help("add `[topics.NAME]` with `handlers` and `start`")
}

fn host(
    section: &Section<'_>,
    id: String,
    delivery: &Delivery,
    defaults: &Defaults,
    cx: &mut Context<'_>,
) -> Host {
    let workers = section
        .count("workers", cx)
        .and_then(|n| NonZeroUsize::new(n as usize));
    Host {
        id,
        shutdown_deadline: section
            .duration("shutdown-deadline", cx)
            .unwrap_or(STAND_IN),
        workers: workers.unwrap_or(defaults.workers),
        cache: section
            .file("cache", cx)
            .unwrap_or_else(|| "/var/cache/penstock".into()),
        buffer_bytes: delivery::buffer(section, delivery, cx),
        outbox_bytes: section.bytes("outbox", cx).unwrap_or(u64::MAX),
    }
}

fn kafka(root: &Node, host: &str, cx: &mut Context<'_>) -> Kafka {
    let section = top("kafka", root);
    let protocol = section.choice("protocol", cx).map(|choice| match choice {
        "consumer" => GroupProtocol::Consumer,
        _ => GroupProtocol::Classic,
    });
    let table = |name| section.entry(name).and_then(|entry| entry.node.table());
    let (common, consumer, producer) = (table("common"), table("consumer"), table("producer"));
    for other in [consumer, producer] {
        client::check_sasl(common, other, cx);
    }
    client::check_tokens(common, cx);
    let group = section.string("group", cx).unwrap_or_default();
    let (delivery, commit_interval) = delivery::delivery(&section, &group, host, cx);
    Kafka {
        bootstrap: section.brokers("bootstrap", cx).unwrap_or_default(),
        group,
        protocol: protocol.unwrap_or(GroupProtocol::Classic),
        delivery,
        commit_interval,
        common: client::read(client::Reader::Both, common, protocol, cx),
        consumer: client::read(client::Reader::Consumer, consumer, protocol, cx),
        producer: client::read(client::Reader::Producer, producer, protocol, cx),
    }
}

fn admin(section: Section<'_>, cx: &mut Context<'_>) -> Admin {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let token = section.any_string("token", cx);
    Admin {
        listen: section.address("listen", cx).unwrap_or(anywhere),
        token: token.filter(|token| !token.is_empty()).map(Secret),
    }
}

fn log(section: Section<'_>, cx: &mut Context<'_>) -> Log {
    Log {
        format: match section.choice("format", cx) {
            Some("text") => LogFormat::Text,
            _ => LogFormat::Json,
        },
        records: match section.choice("records", cx) {
            Some("all") => RecordLines::All,
            Some("off") => RecordLines::Off,
            _ => RecordLines::Sampled,
        },
    }
}

/// The ceilings, and what handlers are held to: nothing, where a ceiling is wrong itself.
fn limits(section: Section<'_>, cx: &mut Context<'_>) -> (Ceilings, Ceilings) {
    let deadline = section.duration("deadline", cx);
    let memory_bytes = section.bytes("memory", cx);
    let with = |d, m| Ceilings {
        deadline: deadline.unwrap_or(d),
        memory_bytes: memory_bytes.unwrap_or(m),
    };
    (with(STAND_IN, 256 << 20), with(Duration::MAX, u64::MAX))
}
