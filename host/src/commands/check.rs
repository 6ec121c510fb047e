//! `penstock check`: is this configuration right? Without a broker, or with its cluster's word.

mod broker;
mod show;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use penstock_core::config::{Config, Delivery, Loaded, Start, Topic, Transaction};
use penstock_core::partition::{OrderBy, ParkLimits};
use penstock_core::policy::{Class, Then};
use serde_json::json;

use super::{Exit, Failure, configuration, output};
use crate::shelf::Shelf;

pub use broker::BrokerArgs;

const FINE: Style = AnsiColor::Green.on_default().bold();
const NAME: Style = Style::new().bold();

/// Checks files as one configuration, its plugins on a `shelf`: prints what it amounts to, or
/// everything that is wrong with it; then asks its cluster, if that is wanted.
///
/// # Errors
/// What kept it from asking.
pub fn run(
    files: &[PathBuf],
    shelf: &Shelf,
    broker: &BrokerArgs,
    as_json: bool,
) -> Result<Exit, Failure> {
    if as_json {
        return run_json(files, shelf, broker);
    }
    let Some(loaded) = configuration::load(files, shelf) else {
        return Ok(Exit::Usage);
    };
    let names: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    output::finish(output::print(&summary(&names.join(" and "), &loaded)))?;
    match broker.ask(&loaded.config)? {
        Some(outcome) => {
            output::finish(output::print(&show::render(&loaded.config, &outcome)))?;
            Ok(outcome.exit())
        }
        None => Ok(Exit::Fine),
    }
}

fn run_json(files: &[PathBuf], shelf: &Shelf, broker: &BrokerArgs) -> Result<Exit, Failure> {
    let (exit, report, asked) = match configuration::try_load(files, shelf) {
        Ok(loaded) => {
            let asked = broker.ask(&loaded.config)?;
            let exit = asked.as_ref().map_or(Exit::Fine, broker::Outcome::exit);
            (exit, loaded.warnings, asked)
        }
        Err(report) => (Exit::Usage, report, None),
    };
    let ok = exit == Exit::Fine;
    let mut text = json!({ "ok": ok, "diagnostics": report.to_json() });
    if let Some(outcome) = asked {
        text["broker"] = outcome.to_json();
    }
    output::finish(output::print(
        &(crate::escape::json(&text.to_string()) + "\n"),
    ))?;
    Ok(exit)
}

/// What the configuration amounts to: each topic, where it starts, what its handlers write to.
fn summary(files: &str, loaded: &Loaded) -> String {
    let config = &loaded.config;
    let (topics, handlers) = (config.topics.len(), config.handlers.len());
    let mut out = format!(
        "{FINE}ok{FINE:#}: {files}: {topics} {}, {handlers} {}\n",
        plural(topics, "topic"),
        plural(handlers, "handler"),
    );
    if let Delivery::ExactlyOnce(transaction) = &config.kafka.delivery {
        push(
            &mut out,
            format_args!(
                "\n{}",
                exactly_once(transaction, config.kafka.commit_interval)
            ),
        );
    }
    for (name, topic) in &config.topics {
        push(
            &mut out,
            format_args!("\n{NAME}{name}{NAME:#}: {}\n", policy(config, topic)),
        );
        for handler in &topic.handlers {
            push(
                &mut out,
                format_args!("  {handler}{}\n", plugin(loaded, handler)),
            );
            let outputs = config.handlers.get(handler).map(|handler| &handler.outputs);
            for (output, topic) in outputs.into_iter().flatten() {
                push(
                    &mut out,
                    format_args!("    {output} → {NAME}{topic}{NAME:#}\n"),
                );
            }
        }
    }
    out
}

/// What the guarantee is, and what it is not.
fn exactly_once(of: &Transaction, interval: Duration) -> String {
    format!(
        "{NAME}exactly once{NAME:#}, as {NAME}{}{NAME:#}: outputs, dead letters and offsets are committed \
         together, every {interval:?}\n  \
         - readers must ask for committed records (isolation.level = read_committed), and wait for a \
         host that died up to {:?}, and about 10 s more\n  \
         - what happens outside of Kafka is not covered; a handler may be called with a record more \
         than once, and its attempts are counted anew after a restart or a rebalance\n  \
         - no other host may have this id, and after a restart this one must have it again\n",
        of.id, of.timeout,
    )
}

fn policy(config: &Config, topic: &Topic) -> String {
    let start = match topic.start {
        Start::Earliest => "a new group starts at the earliest record".to_owned(),
        Start::Latest => "a new group starts at the latest record".to_owned(),
        Start::Time(ms) => match jiff::Timestamp::from_millisecond(ms) {
            Ok(time) => format!("a new group starts at {time}"),
            Err(_) => format!("a new group starts at {ms} ms since 1970"),
        },
    };
    let mut text = format!("{start}{}", failures(config, topic));
    let order = config.order(topic);
    if order.lanes > 1 {
        let kept = match order.by {
            OrderBy::Key => "by key",
            OrderBy::Nothing => "not at all",
        };
        push(
            &mut text,
            format_args!("; {} lanes a partition, in order {kept}", order.lanes),
        );
    }
    if order.park != ParkLimits::NOTHING {
        text += "; what is tried again holds only its key";
    }
    text
}

/// What becomes of what fails for good, by class where that differs.
fn failures(config: &Config, topic: &Topic) -> String {
    let (mut to, mut halted, mut skipped) = (None, BTreeSet::new(), BTreeSet::new());
    let policies = topic.handlers.iter();
    for policy in policies.filter_map(|name| Some(&config.handlers.get(name)?.policy)) {
        let classes = Class::ALL.iter().map(|class| class.name());
        let codes = policy.reject_codes.iter();
        for (name, rule) in classes
            .zip(&policy.rules)
            .chain(codes.map(|(code, rule)| (code.as_str(), rule)))
        {
            match rule.last(topic.dead_letter.is_some()) {
                Then::DeadLetter => to = topic.dead_letter.as_ref(),
                Then::Halt => drop(halted.insert(name)),
                Then::Skip => drop(skipped.insert(name)),
            }
        }
    }
    let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    match (to, halted.is_empty(), skipped.is_empty()) {
        (None, false, true) => return "; a failure halts its partition".to_owned(),
        (None, true, false) => return "; a failure is skipped".to_owned(),
        _ => {}
    }
    let mut text = String::new();
    if let Some(to) = to {
        push(
            &mut text,
            format_args!("; failures go to {NAME}{to}{NAME:#}"),
        );
    }
    if !halted.is_empty() {
        push(
            &mut text,
            format_args!("; a partition halts at {}", list(halted)),
        );
    }
    if !skipped.is_empty() {
        push(&mut text, format_args!("; skipped: {}", list(skipped)));
    }
    text
}

fn plugin(loaded: &Loaded, handler: &str) -> String {
    loaded
        .plugins
        .get(handler)
        .map_or_else(String::new, |facts| {
            let description = &facts.description;
            format!(" ({} {})", description.name, description.version)
        })
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        noun.to_owned()
    } else {
        format!("{noun}s")
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` can't fail.
    out.write_fmt(text).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::path::Path;

    use penstock_core::config::{Defaults, PluginFacts, PluginProblem, SourceFile, load};
    use penstock_core::contract::{Description, OutputSpec};

    use super::*;

    fn greeter(_: &Path, _: &Config) -> Result<PluginFacts, PluginProblem> {
        let greetings = OutputSpec {
            name: "greetings".into(),
            doc: String::new(),
        };
        let description = Description {
            name: "greeter".into(),
            version: "1.2.3".into(),
            outputs: vec![greetings],
            ..Description::default()
        };
        Ok(PluginFacts {
            sha256: [0; 32],
            description,
        })
    }

    fn summary_of(text: &str) -> String {
        let file = SourceFile {
            name: "a.toml".into(),
            dir: PathBuf::new(),
            bytes: Ok(text.into()),
        };
        let defaults = Defaults {
            workers: NonZeroUsize::MIN,
        };
        let loaded = load(&[file], &|_: &str| None, &defaults, &greeter)
            .unwrap_or_else(|report| panic!("{}", report.render(false)));
        anstream::adapter::strip_str(&summary("a.toml", &loaded)).to_string()
    }

    #[test]
    fn the_summary_says_where_records_go() {
        let text = "[host]\nid = \"a\"\n[kafka]\nbootstrap = \"b:1\"\ngroup = \"g\"\n\
            [handlers.greet]\nplugin = \"greeter.wasm\"\noutputs = { greetings = \"hellos\" }\n\
            [topics.arrivals]\nhandlers = [\"greet\"]\nstart = 2026-01-31T12:00:00Z\n\
            [topics.returns]\nhandlers = [\"greet\"]\nstart = \"latest\"\ndead-letter = \"dlq\"\n\
            concurrency = 4\n[retry]\nmode = \"key\"\n";
        assert_eq!(
            summary_of(text),
            "ok: a.toml: 2 topics, 1 handler\n\
             \n\
             arrivals: a new group starts at 2026-01-31T12:00:00Z; a failure halts its partition; \
             what is tried again holds only its key\n  \
               greet (greeter 1.2.3)\n    \
                 greetings → hellos\n\
             \n\
             returns: a new group starts at the latest record; failures go to dlq; 4 lanes a partition, \
             in order by key; what is tried again holds only its key\n  \
               greet (greeter 1.2.3)\n    \
                 greetings → hellos\n"
        );
    }

    #[test]
    fn the_summary_says_what_exactly_once_does_not_cover() {
        let text = "[host]\nid = \"a\"\n[kafka]\nbootstrap = \"b:1\"\ngroup = \"g\"\n\
            delivery = \"exactly-once\"\ncommit-interval = \"20ms\"\n\
            [handlers.greet]\nplugin = \"greeter.wasm\"\noutputs = { greetings = \"hellos\" }\n\
            [topics.arrivals]\nhandlers = [\"greet\"]\nstart = \"earliest\"\n";
        let summary = summary_of(text);
        for said in [
            "exactly once, as g-a: ",
            "every 20ms",
            "read_committed",
            "up to 30s, and about 10 s more",
            "outside of Kafka is not covered",
            "attempts are counted anew",
        ] {
            assert!(summary.contains(said), "{said} in {summary}");
        }
    }
}
