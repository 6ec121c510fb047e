//! `concurrency` and `order` of a topic, and `[parking]`: which records wait for which.

use std::collections::BTreeMap;

use crate::codes::Code;
use crate::config::report::Diagnostic;
use crate::config::section::{Context, Section};
use crate::config::tree::Node;
use crate::config::{Handler, Topic};
use crate::partition::{OrderBy, ParkLimits};

/// `topics.NAME.order`
pub(super) fn order(
    section: &Section<'_>,
    concurrency: Option<u32>,
    cx: &mut Context<'_>,
) -> OrderBy {
    let order = match section.choice("order", cx) {
        Some("none") => OrderBy::Nothing,
        _ => OrderBy::Key,
    };
    if order == OrderBy::Nothing && concurrency == Some(1) {
        let message = format!("`{}` has no effect with one lane", section.path("order"));
        cx.found.push(
            Diagnostic::error(Code::ImpossibleValue, section.place("order"), message)
                .label("one record after the other is in order anyway")
                .help("set `concurrency` to more than 1, or leave `order` out"),
        );
    }
    order
}

/// `[parking]`
pub(super) fn parking(section: &Section<'_>, cx: &mut Context<'_>) -> ParkLimits {
    ParkLimits {
        keys: section.count("keys", cx).unwrap_or(1) as usize,
        records: section.count("records", cx).unwrap_or(1) as usize,
        bytes: section.bytes("bytes", cx).unwrap_or(1),
    }
}

/// Where nothing stays in order, later records of a key do not wait for it.
pub(super) fn is_kept_where_keys_wait(
    topics: &BTreeMap<String, Topic>,
    handlers: &BTreeMap<String, Handler>,
    root: &Node,
    cx: &mut Context<'_>,
) {
    for (name, topic) in topics {
        if topic.order != OrderBy::Nothing {
            continue;
        }
        let parks = |handler: &&String| handlers.get(*handler).is_some_and(|of| of.policy.parks());
        let Some(handler) = topic.handlers.iter().find(parks) else {
            continue;
        };
        let place = root.entry(&["topics", name, "order"]);
        let message = format!(
            "`topics.{name}` keeps nothing in order, and `{handler}` has its keys wait for a retry"
        );
        cx.found.push(
            Diagnostic::error(
                Code::ImpossibleValue,
                place.map(|entry| entry.node.place),
                message,
            )
            .label("later records of the key would not wait")
            .help("write `order = \"key\"`, or `mode = \"block\"` for the handler's retries"),
        );
    }
}
