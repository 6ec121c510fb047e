//! `penstock pause` and `penstock resume`: on every running host of a group.

use std::time::Duration;

use penstock_core::diagnosis::snapshot::Member;
use penstock_core::operations::{Answer, Deed, PauseOrder, ResumeOrder};
use penstock_core::pauses::{PAUSE_MS_MAX, Scope};

use super::columns::shown;
use super::group_args::{GroupArgs, runtime};
use super::reach::{Reached, reach};
use super::{Exit, Failure};
use crate::group::{Chosen, Holders, PenstockHost, Seen, holders};
use crate::hosts::{self, Undone};

/// Pauses a topic, a partition or a handler on every running host, for a while and for a reason.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock pause purchase-confirmed -c penstock.toml --for 10m --why \"the database is being moved\"
  penstock pause purchase-confirmed:2 -c penstock.toml --for 1h --why \"a record is looked into\"
  penstock pause --handler purchase-to-access -c penstock.toml --for 30m --why \"a bad release\"

Nothing new is processed; what is in hand is finished and committed. Each host keeps the pause, also
for partitions that come to it later; a host that is started later does not know it. It ends by
itself, and `penstock status` shows it meanwhile.
The exit code is 0 if every running host has done it; 1 if one could not be told; 2 for a wrong
command line or configuration; 3 if no broker is in reach.")]
pub struct PauseArgs {
    #[command(flatten)]
    what: What,
    /// For how long, as 10m or 1h30m; a week at most.
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    time: Duration,
    /// Why, for whoever wonders.
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    why: String,
    #[command(flatten)]
    of: GroupArgs,
    /// The consumer group; by default the configuration's.
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
}

/// Ends a pause before its time, on every running host.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock resume purchase-confirmed -c penstock.toml
  penstock resume --handler purchase-to-access -c penstock.toml

What is resumed is what was paused: a topic's pause is not ended by naming one of its partitions.
The exit code is 0 if every running host has done it; 1 if one could not be told, or if it was not
paused; 2 for a wrong command line or configuration; 3 if no broker is in reach.")]
pub struct ResumeArgs {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    of: GroupArgs,
    /// The consumer group; by default the configuration's.
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// A topic, or one of its partitions.
    #[arg(value_name = "TOPIC[:PARTITION]")]
    topic: Option<String>,
    /// A handler: all topics that it takes records of.
    #[arg(long, value_name = "HANDLER")]
    handler: Option<String>,
}

impl What {
    fn scope(&self) -> Result<Scope, Failure> {
        match (&self.topic, &self.handler) {
            (_, Some(handler)) => Ok(Scope::Handler(handler.clone())),
            (Some(topic), None) => topic_scope(topic),
            (None, None) => Err(Failure::new(Exit::Usage, "nothing is named")),
        }
    }
}

/// No topic's name has a colon.
fn topic_scope(text: &str) -> Result<Scope, Failure> {
    let Some((topic, number)) = text.split_once(':') else {
        return Ok(Scope::Topic(text.to_owned()));
    };
    match number.parse() {
        Ok(number @ 0..) => Ok(Scope::Partition(topic.to_owned(), number)),
        _ => {
            let what = format!("\"{number}\" is no number of a partition");
            Err(Failure::new(Exit::Usage, what).hint("write it as TOPIC:PARTITION"))
        }
    }
}

fn span(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|error: jiff::Error| error.to_string())?;
    let ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    if !(1..=PAUSE_MS_MAX).contains(&ms) {
        return Err("a pause lasts for a week at most, and ends by itself".to_owned());
    }
    Duration::try_from(span).map_err(|error| error.to_string())
}

fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say why".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// Runs `penstock pause`.
///
/// # Errors
/// Which hosts have done it, and which not.
pub fn pause(args: &PauseArgs) -> Result<Exit, Failure> {
    let what = args.what.scope()?;
    let for_ms = i64::try_from(args.time.as_millis()).unwrap_or(PAUSE_MS_MAX);
    let text = format!("{} is paused", shown(&what.to_string()));
    let order = |host: &Reached| PauseOrder {
        to: host.to.clone(),
        what: what.clone(),
        for_ms,
        why: args.why.clone(),
    };
    on_all(&args.of, args.group.as_deref(), "pause", &text, order)
}

/// Runs `penstock resume`.
///
/// # Errors
/// Which hosts have done it, and which not.
pub fn resume(args: &ResumeArgs) -> Result<Exit, Failure> {
    let what = args.what.scope()?;
    let text = format!("{} goes on", shown(&what.to_string()));
    let order = |host: &Reached| ResumeOrder {
        to: host.to.clone(),
        what: what.clone(),
    };
    on_all(&args.of, args.group.as_deref(), "resume", &text, order)
}

/// Finds all hosts, and only then gives each its order.
fn on_all<T: serde::Serialize>(
    of: &GroupArgs,
    group: Option<&str>,
    path: &str,
    done: &str,
    order: impl Fn(&Reached) -> T,
) -> Result<Exit, Failure> {
    let asked = of.asked()?;
    let mut chosen = asked.chosen(group, &[], &[])?;
    // Only who is in the group matters.
    chosen.topics.clear();
    let seen = runtime()?.block_on(Seen::of(&chosen))?;
    let hosts = running(&chosen, &seen)?;
    let token = asked.token.as_ref();
    let mut reached = Vec::new();
    for host in &hosts {
        reached.push(reach(&chosen.group, host, token).map_err(|why| {
            let what = format!("{} can't be told: {why}", shown(&host.client));
            Failure::new(Exit::Problem, what)
                .cost("nothing was changed: either all hosts do it, or none")
                .hint(
                    "its `admin.listen` must be reachable from here, and its `admin.token` given \
                     by -c or PENSTOCK_TOKEN",
                )
        })?);
    }
    let mut failed = Vec::new();
    for host in &reached {
        let path = format!("/operations/{path}");
        match hosts::order(&host.url, &path, &order(host), token) {
            Ok(answer) if answer.result == Deed::Done => {
                anstream::eprintln!("{}: {done}{}", host.client, after(&answer));
            }
            Ok(answer) => failed.push(format!("{}: {}", host.client, shown(&answer.text))),
            Err(Undone::Refused(why) | Undone::Unknown(why)) => {
                failed.push(format!("{}: {}", host.client, shown(&why)));
            }
        }
    }
    if failed.is_empty() {
        return Ok(Exit::Fine);
    }
    let what = format!(
        "{} of {} hosts have not done it",
        failed.len(),
        reached.len()
    );
    Err(Failure::new(Exit::Problem, what).cost(failed.join("\n       ")))
}

fn after(answer: &Answer) -> String {
    match answer.text.as_str() {
        "" => String::new(),
        text => format!(" {}", shown(text)),
    }
}

fn running(chosen: &Chosen, seen: &Seen) -> Result<Vec<PenstockHost>, Failure> {
    let group = shown(&chosen.group);
    match holders(seen.group.as_ref()) {
        Holders::Penstock(hosts) => Ok(hosts),
        Holders::Nobody => {
            let what = format!("no host of {group} runs");
            Err(Failure::new(Exit::Problem, what)
                .hint("a pause is kept by the hosts that run, and by nothing else"))
        }
        Holders::Strangers(members) => {
            let name = |of: &&Member| format!("{} on {}", shown(&of.client), shown(&of.host));
            let names: Vec<String> = members.iter().map(name).collect();
            let what = format!(
                "not only Penstock hosts are in {group}: {}",
                names.join(", ")
            );
            Err(Failure::new(Exit::Problem, what)
                .cost("nothing was changed: a client of another kind can't be told to pause"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_and_a_partition_are_told_apart() {
        assert_eq!(topic_scope("t.x"), Ok(Scope::Topic("t.x".to_owned())));
        assert_eq!(
            topic_scope("t.x:12"),
            Ok(Scope::Partition("t.x".to_owned(), 12))
        );
        for wrong in ["t:", "t:-1", "t:x", "t:1:2"] {
            let failure = topic_scope(wrong).expect_err("no number");
            assert_eq!(failure.exit(), Exit::Usage, "{wrong}");
        }
    }

    #[test]
    fn a_pause_has_a_reason_and_an_end() {
        assert_eq!(span("10m"), Ok(Duration::from_secs(600)));
        assert!(span("8d").is_err() && span("0s").is_err() && span("-5m").is_err());
        assert!(span("200h").is_err() && span("168h").is_ok());
        assert_eq!(reason(" why "), Ok("why".to_owned()));
        assert!(reason("  ").is_err());
    }
}
