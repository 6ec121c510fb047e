//! `[handlers.NAME]`, and its limits against each other and against the ceilings.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::failures::{Said, leaves_time, policy};
use super::{STAND_IN, inner, keys_of};
use crate::codes::Code;

use crate::config::report::Diagnostic;
use crate::config::section::{self, Context, Section};
use crate::config::shape::join;
use crate::config::tree::{Entry, Value};
use crate::config::{
    Ceilings, Handler, HandlerLimits, Host, Isolation, OutputTimestamp, hint, scalar,
};

/// Reads one handler, and gives what it says of its failures.
pub(super) fn handler(
    name: &str,
    entry: &Entry,
    host: &Host,
    ceilings: &Ceilings,
    all: &Said,
    cx: &mut Context<'_>,
) -> (Handler, Said) {
    if !scalar::is_name(name) {
        let message = format!("`{}` can't be a handler's name", name.escape_debug());
        cx.found.push(
            Diagnostic::error(Code::WrongType, entry.key, message)
                .label("expected letters, digits, `.`, `_` and `-`, 128 at most")
                .help(hint::handler(name)),
        );
    }
    let path = join("handlers", name);
    let keys = keys_of("handlers");
    let section = Section::new(keys, &path, Some(entry));
    let limits_path = section.path("limits");
    let limits_section = inner(keys, "limits", &limits_path, &section);
    let retry_path = section.path("retry");
    let retry_section = inner(keys, "retry", &retry_path, &section);
    let failures_path = section.path("failures");
    let failures_section = inner(keys, "failures", &failures_path, &section);
    let own = Said::read(retry_section, failures_section, cx);
    let handler = Handler {
        plugin: section.file("plugin", cx).unwrap_or_default(),
        sha256: section.digest("sha256", cx),
        settings: settings(&section),
        outputs: outputs(&section, cx),
        limits: limits(limits_section, host, ceilings, cx),
        policy: policy(all, &own),
        isolation: match section.choice("isolation", cx) {
            Some("record") => Isolation::Record,
            _ => Isolation::Reused,
        },
        timestamp: match section.choice("timestamp", cx) {
            Some("now") => OutputTimestamp::Now,
            _ => OutputTimestamp::Input,
        },
    };
    leaves_time((name, entry.key), &handler.policy, (all, &own), cx);
    (handler, own)
}

fn settings(section: &Section<'_>) -> BTreeMap<String, String> {
    let table = section
        .entry("settings")
        .and_then(|entry| entry.node.table());
    let text = |(name, entry): (&String, &Entry)| match &entry.node.value {
        Value::Text(text) => Some((name.clone(), text.text.clone())),
        _ => None,
    };
    table.into_iter().flatten().filter_map(text).collect()
}

fn outputs(section: &Section<'_>, cx: &mut Context<'_>) -> BTreeMap<String, String> {
    let table = section
        .entry("outputs")
        .and_then(|entry| entry.node.table());
    let path = section.path("outputs");
    let mut outputs = BTreeMap::new();
    for (name, entry) in table.into_iter().flatten() {
        let path = join(&path, name);
        if let Some(topic) = section::topic(&path, &entry.node, cx) {
            outputs.insert(name.clone(), topic);
        }
    }
    outputs
}

fn limits(
    section: Section<'_>,
    host: &Host,
    ceilings: &Ceilings,
    cx: &mut Context<'_>,
) -> HandlerLimits {
    let deadline = section.duration("deadline", cx).unwrap_or(STAND_IN);
    let deadline = held(
        &section,
        "deadline",
        deadline,
        ceilings.deadline,
        "limits.deadline",
        scalar::show_duration,
        cx,
    );
    let memory = section.bytes("memory", cx).unwrap_or(1);
    let memory = held(
        &section,
        "memory",
        memory,
        ceilings.memory_bytes,
        "limits.memory",
        scalar::show_bytes,
        cx,
    );
    let output_bytes = section.bytes("output-bytes", cx).unwrap_or(1);
    let output_bytes = held(
        &section,
        "output-bytes",
        output_bytes,
        host.outbox_bytes,
        "host.outbox",
        scalar::show_bytes,
        cx,
    );
    HandlerLimits {
        deadline,
        memory_bytes: memory,
        outputs: section.count("outputs", cx).unwrap_or(1),
        output_bytes,
        log_lines: section.count("log-lines", cx).unwrap_or(0),
        log_bytes: section.bytes("log-bytes", cx).unwrap_or(0),
        instances: section.count("instances", cx).unwrap_or(1),
    }
}

/// A limit held to its ceiling: silently where it is a default, as a mistake where it was asked for.
fn held<T: PartialOrd + Copy, S: Display>(
    section: &Section<'_>,
    name: &str,
    value: T,
    ceiling: T,
    ceiling_name: &str,
    show: impl Fn(T) -> S,
    cx: &mut Context<'_>,
) -> T {
    if value <= ceiling {
        return value;
    }
    if let Some(place) = section.place(name) {
        let ceiling = show(ceiling);
        let message = format!("`{}` is above `{ceiling_name}`", section.path(name));
        cx.found.push(
            Diagnostic::error(Code::ImpossibleValue, place, message)
                .label(format!("at most {ceiling}"))
                .help(format!(
                    "lower it, or raise `{ceiling_name}`, which is {ceiling}"
                )),
        );
    }
    ceiling
}
