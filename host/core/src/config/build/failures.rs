//! `[retry]` and `[failures]`, and a handler's own: what is said of a class goes before what is
//! said of all, and then the handler's own before what holds for all handlers.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::codes::Code;
use crate::config::keys::{Key, Kind};
use crate::config::report::{Diagnostic, Place};
use crate::config::section::{Context, Section};
use crate::config::tree::{Entry, Node};
use crate::config::{Topic, hint, scalar};
use crate::policy::{Class, Policy, Retry, RetryMode, Rule, Then};

/// A record that waits holds its partition.
const BACKOFF_MAX: Duration = Duration::from_secs(24 * 3600);
/// Where nothing is said, or something wrong.
const RETRY: Retry = Retry {
    attempts: 1,
    backoff_min: super::STAND_IN,
    backoff_max: super::STAND_IN,
    jitter_percent: 0,
    total: super::STAND_IN,
    mode: RetryMode::Block,
};

/// All that is said in one place, of all failures and of some.
#[derive(Default)]
pub(super) struct Said {
    pub(super) retry: Part,
    pub(super) classes: BTreeMap<&'static str, Part>,
    pub(super) reject_codes: BTreeMap<String, Part>,
}

/// What one table says.
#[derive(Default)]
pub(super) struct Part {
    attempts: Option<u32>,
    backoff: Option<(Duration, Duration)>,
    jitter_percent: Option<u32>,
    total: Option<Duration>,
    pub(super) mode: Option<(RetryMode, Place)>,
    /// Where it says when it is tried again, and for how long.
    pub(super) timing: Option<Place>,
    then: Option<(Then, Place)>,
}

impl Said {
    /// Reads the tables `retry` and `failures`, with these keys, at these paths.
    pub fn read(retry: Section<'_>, failures: Section<'_>, cx: &mut Context<'_>) -> Said {
        let rule = rule_keys(failures.keys());
        let class = |class: Class| {
            let path = failures.path(class.name());
            let section = Section::new(rule, &path, failures.entry(class.name()));
            (class.name(), Part::read(&section, cx))
        };
        let classes = Class::ALL.map(class).into();
        let codes = failures
            .entry("reject-codes")
            .and_then(|entry| entry.node.table());
        let codes = codes.into_iter().flatten();
        let codes_path = failures.path("reject-codes");
        let reject_codes = codes.map(|(code, entry)| {
            is_code(code, entry, cx);
            let path = crate::config::shape::join(&codes_path, code);
            let section = Section::new(rule, &path, Some(entry));
            (code.clone(), Part::read(&section, cx))
        });
        let reject_codes = reject_codes.collect();
        Said {
            retry: Part::read(&retry, cx),
            classes,
            reject_codes,
        }
    }

    /// Where a dead-letter topic is asked for in so many words.
    pub fn wants_dead_letters(&self) -> Option<Place> {
        let parts = self.classes.values().chain(self.reject_codes.values());
        let mut places = parts.filter_map(|part| match part.then {
            Some((Then::DeadLetter, place)) => Some(place),
            _ => None,
        });
        places.next()
    }
}

/// A delay that is longer than the whole time leaves no second call.
pub(super) fn leaves_time(
    (handler, key): (&str, Place),
    policy: &Policy,
    (all, own): (&Said, &Said),
    cx: &mut Context<'_>,
) {
    let by_class = Class::ALL.iter().zip(&policy.rules).map(|(class, rule)| {
        let name = class.name();
        let said = [own.classes.get(name), all.classes.get(name)];
        (name.to_owned(), rule, said)
    });
    let by_code = policy.reject_codes.iter().map(|(code, rule)| {
        let said = [own.reject_codes.get(code), all.reject_codes.get(code)];
        (format!("reject-codes.{code}"), rule, said)
    });
    let hopeless =
        |rule: &Rule| rule.retry.attempts > 1 && rule.retry.total < rule.retry.backoff_min;
    let rules = by_class.chain(by_code);
    for (name, rule, said) in rules.filter(|(_, rule, _)| hopeless(rule)) {
        // What goes before in `policy` is asked first.
        let mut said = said.into_iter().flatten().chain([&own.retry, &all.retry]);
        let place = said.find_map(|part| part.timing).unwrap_or(key);
        // Said for several, it is one mistake.
        if cx.found.iter().any(|found| found.place == Some(place)) {
            continue;
        }
        let total = scalar::show_duration(rule.retry.total);
        let first = scalar::show_duration(rule.retry.backoff_min);
        let message =
            format!("`{handler}` never tries again on `{name}`, though `attempts` says so");
        cx.found.push(
            Diagnostic::error(Code::ImpossibleValue, place, message)
                .label(format!("`total` is {total}, and the first delay {first}"))
                .help("make `total` longer or `backoff` begin earlier, or set `attempts = 1`"),
        );
    }
}

/// A handler's policy, from what is said for all and of it.
pub(super) fn policy(all: &Said, own: &Said) -> Policy {
    let retry = own.retry.over(all.retry.over(RETRY));
    let rules = Class::ALL.map(|class| {
        let base = Rule {
            retry: Retry {
                attempts: class.attempts(retry.attempts),
                ..retry.clone()
            },
            then: Then::DeadLetter,
        };
        let name = class.name();
        own.classes[name].rule(all.classes[name].rule(base))
    });
    let silent = Part::default();
    let codes = all.reject_codes.keys().chain(own.reject_codes.keys());
    let by_code = codes.map(|code| {
        let of = |said: &Said, base| {
            let part = said.reject_codes.get(code).unwrap_or(&silent);
            part.rule(base)
        };
        let base = rules[Class::Reject as usize].clone();
        (code.clone(), of(own, of(all, base)))
    });
    Policy {
        reject_codes: by_code.collect(),
        rules,
    }
}

/// A handler that asks for dead letters has a topic for them wherever it is used.
pub(super) fn have_their_topics(
    topics: &BTreeMap<String, Topic>,
    root: &Node,
    said: &BTreeMap<&str, Said>,
    cx: &mut Context<'_>,
) {
    // A wrong one is one, and reported.
    let has_none = |name: &str| root.entry(&["topics", name, "dead-letter"]).is_none();
    for (name, topic) in topics.iter().filter(|(name, _)| has_none(name)) {
        for handler in &topic.handlers {
            let wants = said
                .get(handler.as_str())
                .and_then(Said::wants_dead_letters);
            let Some(place) = wants else { continue };
            let message = format!(
                "`{handler}` asks for dead letters, and `topics.{name}` has no topic for them"
            );
            cx.found.push(
                Diagnostic::error(Code::ImpossibleValue, place, message)
                    .label("the record would halt its partition instead")
                    .help(format!(
                        "add `dead-letter` to `[topics.{name}]`, or write \"halt\" or \"skip\""
                    )),
            );
        }
    }
}

impl Part {
    fn read(section: &Section<'_>, cx: &mut Context<'_>) -> Part {
        let has_then = section.keys().iter().any(|key| key.name == "then");
        let then = has_then.then(|| section.choice("then", cx)).flatten();
        let then = then.map(|then| match then {
            "skip" => Then::Skip,
            "halt" => Then::Halt,
            _ => Then::DeadLetter,
        });
        let mode = section.choice("mode", cx).map(|mode| match mode {
            "key" => RetryMode::Key,
            _ => RetryMode::Block,
        });
        let part = Part {
            attempts: section.count("attempts", cx),
            backoff: section.backoff("backoff", cx),
            jitter_percent: section.count("jitter-percent", cx),
            total: section.duration("total", cx),
            mode: mode.zip(section.place("mode")),
            timing: ["total", "backoff", "jitter-percent"]
                .into_iter()
                .find_map(|key| section.place(key)),
            then: then.zip(section.place("then")),
        };
        part.check(section, cx);
        part
    }

    fn check(&self, section: &Section<'_>, cx: &mut Context<'_>) {
        let Some((min, max)) = self.backoff else {
            return;
        };
        let mut wrong = |key: &str, message: &str, label: String, help: &str| {
            let message = format!("`{}` {message}", section.path(key));
            let place = section.place(key);
            let found = Diagnostic::error(Code::ImpossibleValue, place, message).label(label);
            cx.found.push(found.help(help));
        };
        if min > max {
            wrong(
                "backoff",
                "begins above its end",
                "the first delay is the larger one".to_owned(),
                "write the first delay, then the largest: \"100ms..10s\"",
            );
        } else if min.is_zero() {
            wrong(
                "backoff",
                "is no delay",
                "the least is 1ms".to_owned(),
                "a handler that is called again at once fails at once",
            );
        } else if max > BACKOFF_MAX {
            wrong(
                "backoff",
                "is too long",
                format!("the most is {}", scalar::show_duration(BACKOFF_MAX)),
                "a record that waits holds its partition",
            );
        }
    }

    fn over(&self, base: Retry) -> Retry {
        let (backoff_min, backoff_max) =
            self.backoff.unwrap_or((base.backoff_min, base.backoff_max));
        Retry {
            attempts: self.attempts.unwrap_or(base.attempts),
            backoff_min,
            backoff_max,
            jitter_percent: self.jitter_percent.unwrap_or(base.jitter_percent),
            total: self.total.unwrap_or(base.total),
            mode: self.mode.map_or(base.mode, |(mode, _)| mode),
        }
    }

    fn rule(&self, base: Rule) -> Rule {
        Rule {
            retry: self.over(base.retry),
            then: self.then.map_or(base.then, |(then, _)| then),
        }
    }
}

fn rule_keys(failures: &'static [Key]) -> &'static [Key] {
    let rule = failures.iter().find_map(|key| match key.kind {
        Kind::Section(rule) => Some(rule),
        _ => None,
    });
    rule.unwrap_or_default()
}

/// A handler's reason codes have a form, so that others never come.
fn is_code(code: &str, entry: &Entry, cx: &mut Context<'_>) {
    if scalar::is_reason_code(code) {
        return;
    }
    let message = format!("`{}` can't be a reason code", code.escape_debug());
    cx.found.push(
        Diagnostic::error(Code::WrongType, entry.key, message)
            .label("expected `a` to `z`, digits and `-`, 64 at most")
            .help(hint::reason_code(code)),
    );
}
