//! `mode = "key"`, delays and `[parking]` where they have no effect.

use std::collections::BTreeMap;

use super::failures::{Part, Said};
use crate::codes::Code;
use crate::config::Handler;
use crate::config::report::Diagnostic;
use crate::config::section::Context;
use crate::config::tree::Node;
use crate::policy::{Class, Policy, RetryMode};

/// A key waits for the next call only where there is one.
pub(super) fn have_an_effect(
    all: &Said,
    said: &BTreeMap<&str, Said>,
    handlers: &BTreeMap<String, Handler>,
    root: &Node,
    cx: &mut Context<'_>,
) {
    let policies: Vec<&Policy> = handlers.values().map(|of| &of.policy).collect();
    // Without a handler, that is the mistake.
    if policies.is_empty() {
        return;
    }
    of_one(all, &policies, cx);
    for (name, own) in said {
        if let Some(handler) = handlers.get(*name) {
            of_one(own, &[&handler.policy], cx);
        }
    }
    // A mistake elsewhere may be why it seems so.
    if let Some(entry) = root.entry(&["parking"])
        && cx.found.is_empty()
        && !policies.iter().any(|of| of.parks())
    {
        let message = "`parking` has no effect: no handler has its keys wait";
        cx.found.push(
            Diagnostic::warning(entry.key, message)
                .label("bounds what is parked")
                .help("write `mode = \"key\"` where failures are tried again, or leave it out"),
        );
    }
}

/// What is said in one place, held against the policies that it takes part in.
fn of_one(said: &Said, policies: &[&Policy], cx: &mut Context<'_>) {
    let mut hopeless = |part: &Part, tries: &dyn Fn(&Policy) -> u32, what: &str| {
        if policies.iter().any(|policy| tries(policy) > 1) {
            return;
        }
        let help = "set `attempts` to more than 1 beside it, or leave it out";
        if let Some((RetryMode::Key, place)) = part.mode {
            let message = format!("no key ever waits: {what}");
            cx.found.push(
                Diagnostic::error(Code::ImpossibleValue, place, message)
                    .label("waits for the next call, and there is none")
                    .help(help),
            );
        } else if let Some(place) = part.timing
            // A mistake elsewhere may be why it seems so.
            && cx.found.is_empty()
        {
            let message = format!("this has no effect: {what}");
            cx.found.push(
                Diagnostic::warning(place, message)
                    .label("says when the next call comes, and there is none")
                    .help(help),
            );
        }
    };
    let most = |policy: &Policy| {
        let rules = policy.rules.iter().chain(policy.reject_codes.values());
        let tries = rules.map(|rule| rule.retry.attempts);
        tries.max().unwrap_or(1)
    };
    hopeless(&said.retry, &most, "nothing that fails is tried again");
    for class in Class::ALL {
        let name = class.name();
        let tries = |policy: &Policy| policy.rules[class as usize].retry.attempts;
        hopeless(
            &said.classes[name],
            &tries,
            &format!("what fails by `{name}` is tried once"),
        );
    }
    for (code, part) in &said.reject_codes {
        let tries = |policy: &Policy| {
            let rule = policy.reject_codes.get(code);
            rule.map_or(1, |rule| rule.retry.attempts)
        };
        hopeless(
            part,
            &tries,
            &format!("a reject with `{code}` is tried once"),
        );
    }
}
