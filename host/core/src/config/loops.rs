//! Records that would come back to the topic they were read from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Config;
use super::report::Diagnostic;
use super::tree::Node;
use crate::codes::Code;

/// A handler of one input topic writes to another.
#[derive(Debug, Clone, Copy)]
struct Edge<'a> {
    from: &'a str,
    handler: &'a str,
    output: &'a str,
    to: &'a str,
}

/// Reports each loop once, at an output that closes it, and dead letters that would be consumed.
pub(super) fn check(config: &Config, root: &Node, found: &mut Vec<Diagnostic>) {
    let edges = edges(config);
    let mut known: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
    for edge in &edges {
        let Some(back) = way(&edges, edge.to, edge.from) else {
            continue;
        };
        let topics = back.iter().map(|e| e.from).chain([edge.from]).collect();
        if known.insert(topics) {
            found.push(circle(edge, &back, root));
        }
    }
    dead_letters(config, root, found);
}

/// From input topic to input topic; one that allows loops may be written to by anything.
fn edges(config: &Config) -> Vec<Edge<'_>> {
    let mut edges = Vec::new();
    for (from, topic) in &config.topics {
        for name in &topic.handlers {
            let Some((handler, found)) = config.handlers.get_key_value(name) else {
                continue;
            };
            for (output, to) in &found.outputs {
                if config.topics.get(to).is_some_and(|topic| !topic.allow_loop) {
                    edges.push(Edge {
                        from,
                        handler,
                        output,
                        to,
                    });
                }
            }
        }
    }
    edges
}

/// The shortest way between two topics; empty if they are the same.
fn way<'a>(edges: &[Edge<'a>], from: &'a str, to: &str) -> Option<Vec<Edge<'a>>> {
    let mut came_by: BTreeMap<&str, Option<Edge<'a>>> = BTreeMap::from([(from, None)]);
    let mut queue = VecDeque::from([from]);
    while let Some(topic) = queue.pop_front() {
        if topic == to {
            let mut way = Vec::new();
            let mut at = topic;
            while let Some(Some(edge)) = came_by.get(at) {
                way.push(*edge);
                at = edge.from;
            }
            way.reverse();
            return Some(way);
        }
        for edge in edges.iter().filter(|edge| edge.from == topic) {
            if !came_by.contains_key(edge.to) {
                came_by.insert(edge.to, Some(*edge));
                queue.push_back(edge.to);
            }
        }
    }
    None
}

fn circle(edge: &Edge<'_>, back: &[Edge<'_>], root: &Node) -> Diagnostic {
    let Edge {
        from,
        handler,
        output,
        to,
    } = *edge;
    let place = root
        .entry(&["handlers", handler, "outputs", output])
        .map(|entry| entry.node.place);
    let (message, label) = if back.is_empty() {
        (
            format!("handler `{handler}` writes to `{to}`, which it reads"),
            "its own input",
        )
    } else {
        let mut round = format!("`{from}` → {handler}");
        for next in back {
            round.push_str(&format!(" → `{}` → {}", next.from, next.handler));
        }
        (
            format!("records go round in a loop: {round} → `{from}`"),
            "closes the loop",
        )
    };
    Diagnostic::error(Code::Loop, place, message).label(label).help(format!(
        "write to another topic, or set `allow-loop = true` in `[topics.{to}]` if the handlers end the loop themselves"
    ))
}

fn dead_letters(config: &Config, root: &Node, found: &mut Vec<Diagnostic>) {
    for (name, topic) in &config.topics {
        let Some(dead_letter) = &topic.dead_letter else {
            continue;
        };
        let place = root
            .entry(&["topics", name, "dead-letter"])
            .map(|entry| entry.node.place);
        if dead_letter == name {
            // Even where loops are allowed: it never ends.
            found.push(
                Diagnostic::error(
                    Code::Loop,
                    place,
                    format!("the dead letters of `{name}` would go to itself"),
                )
                .label("what failed would come back, and fail again, for ever")
                .help(format!("name a topic of its own, as `{name}.dlq`")),
            );
            continue;
        }
        if config
            .topics
            .get(dead_letter)
            .is_none_or(|input| input.allow_loop)
        {
            continue;
        }
        let message =
            format!("the dead letters of `{name}` would be consumed again, from `{dead_letter}`");
        found.push(
            Diagnostic::error(Code::Loop, place, message).label("an input topic").help(format!(
                "name a topic of its own, or set `allow-loop = true` in `[topics.{dead_letter}]`"
            )),
        );
    }
}
