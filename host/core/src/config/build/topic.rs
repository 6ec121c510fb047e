//! `[topics.NAME]`, and the handlers that it lists.

use std::collections::BTreeSet;

use super::keys_of;
use super::order::order;
use crate::codes::Code;
use crate::config::report::Diagnostic;
use crate::config::section::{Context, Section};
use crate::config::shape::join;
use crate::config::tree::{Entry, Text, Value};
use crate::config::{Start, Topic, hint, scalar, suggest};

/// Reads one topic; `known` are the handlers there are.
pub(super) fn topic(name: &str, entry: &Entry, known: &[&str], cx: &mut Context<'_>) -> Topic {
    if let Some(problem) = scalar::topic_problem(name) {
        let message = format!(
            "`{}` can't be a topic's name: {problem}",
            name.escape_debug()
        );
        cx.found.push(
            Diagnostic::error(Code::WrongType, entry.key, message)
                .label("expected a topic")
                .help(hint::topic(Some(name))),
        );
    }
    let path = join("topics", name);
    let section = Section::new(keys_of("topics"), &path, Some(entry));
    let concurrency = section.count("concurrency", cx);
    Topic {
        handlers: topic_handlers(&section, known, cx),
        start: section.start("start", cx).unwrap_or(Start::Earliest),
        dead_letter: section.topic("dead-letter", cx),
        // A wrong value must not have its loops reported as well.
        allow_loop: section.boolean("allow-loop", cx).unwrap_or(true),
        concurrency: concurrency.unwrap_or(1) as usize,
        order: order(&section, concurrency, cx),
    }
}

fn topic_handlers(section: &Section<'_>, known: &[&str], cx: &mut Context<'_>) -> Vec<String> {
    let Some(entry) = section.entry("handlers") else {
        section.missing("handlers", cx);
        return Vec::new();
    };
    let Value::Array(items) = &entry.node.value else {
        return Vec::new();
    };
    if items.is_empty() {
        let message = format!(
            "`{}` is empty: records would pass unseen",
            section.path("handlers")
        );
        cx.found.push(
            Diagnostic::error(Code::ImpossibleValue, entry.node.place, message)
                .label("no handler")
                .help("name a handler, or leave the topic out"),
        );
    }
    let mut names: Vec<String> = Vec::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for item in items {
        let Value::Text(text) = &item.value else {
            continue;
        };
        let wrong = if !known.contains(&text.text.as_str()) {
            let known = known.iter().copied();
            Diagnostic::error(Code::UnknownReference, item.place, unknown_handler(text))
                .label("unknown handler")
                .maybe_help(
                    suggest::advice(&text.text, known, "the handlers are")
                        .or_else(|| Some("add `[handlers.NAME]` with its `plugin`".to_owned())),
                )
        } else if names.contains(&text.text) {
            if !told.insert(&text.text) {
                continue;
            }
            let message = format!(
                "{} is listed twice in `{}`",
                text.shown(),
                section.path("handlers")
            );
            Diagnostic::error(Code::DuplicateName, item.place, message)
                .label("the second one")
                .help("a handler gets each record once; for two settings of one plugin, configure two handlers")
        } else {
            names.push(text.text.clone());
            continue;
        };
        cx.found.push(wrong);
    }
    names
}

fn unknown_handler(name: &Text) -> String {
    if name.from_environment {
        "there is no handler of this name".to_owned()
    } else {
        format!("there is no handler {}", name.shown())
    }
}
