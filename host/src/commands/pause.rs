//! `penstock pause` and `penstock resume`: on every running host of a group.

mod each;

use std::time::Duration;

use penstock_core::config::Secret;
use penstock_core::diagnosis::snapshot::Member;
use penstock_core::operations::{PauseOrder, ResumeOrder};
use penstock_core::pauses::{PAUSE_MS_MAX, Scope, WHY_BYTES_MAX};
use penstock_core::shell::quoted;

use super::columns::shown;
use super::group_args::{GroupArgs, runtime};
use super::reach::Reached;
use super::{Exit, Failure, doctor, tools};
use crate::group::{Chosen, Holders, PenstockHost, Seen, holders};
use each::Errand;

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
The exit code is 0 if every running host has done it; 1 if one has not, and then it is said which
have; 2 for a wrong command line or configuration; 3 if no broker is in reach.")]
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
    #[arg(long, value_name = "GROUP", value_parser = tools::name())]
    group: Option<String>,
}

/// Ends a pause before its time, on every running host.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock resume purchase-confirmed -c penstock.toml
  penstock resume --handler purchase-to-access -c penstock.toml

What is resumed is what was paused: a topic's pause is not ended by naming one of its partitions.
The exit code is 0 if it goes on on every host on which it was paused; 1 if one has not done it, or
if it was paused on none; 2 for a wrong command line or configuration; 3 if no broker is in
reach.")]
pub struct ResumeArgs {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    of: GroupArgs,
    /// The consumer group; by default the configuration's.
    #[arg(long, value_name = "GROUP", value_parser = tools::name())]
    group: Option<String>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// A topic, or one of its partitions.
    #[arg(value_name = "TOPIC[:PARTITION]", value_parser = tools::name())]
    topic: Option<String>,
    /// A handler: all topics that it takes records of.
    #[arg(long, value_name = "HANDLER", value_parser = tools::name())]
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
    let span = doctor::span(text)?;
    let ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    match ms {
        1..=PAUSE_MS_MAX => Ok(span),
        _ => Err("a pause lasts for a week (168h) at most, and ends by itself".to_owned()),
    }
}

fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say why".to_owned()),
        text if text.len() > WHY_BYTES_MAX => {
            Err(format!("say it in {WHY_BYTES_MAX} bytes at most"))
        }
        text => Ok(text.to_owned()),
    }
}

/// Runs `penstock pause`.
///
/// # Errors
/// Which hosts have done it, and which not.
pub fn pause(args: &PauseArgs) -> Result<Exit, Failure> {
    let what = args.what.scope()?;
    let (hosts, token) = all(&args.of, args.group.as_deref())?;
    let for_ms = i64::try_from(args.time.as_millis()).unwrap_or(PAUSE_MS_MAX);
    let resume = resume_command(&what, &args.of, args.group.as_deref());
    let errand = Errand {
        path: "/operations/pause",
        done: format!("{} is paused", shown(&what.to_string())),
        undone: "not paused",
        hint: format!("`{resume}` ends it where it is; the same command again pauses the others"),
    };
    let hosts: Vec<&Reached> = hosts.iter().collect();
    each::tell(&errand, &hosts, token.as_ref(), |host| PauseOrder {
        to: host.to.clone(),
        what: what.clone(),
        for_ms,
        why: args.why.clone(),
    })
}

/// Runs `penstock resume`: a host that was started after the pause has none to end.
///
/// # Errors
/// Which hosts have done it, and which not.
pub fn resume(args: &ResumeArgs) -> Result<Exit, Failure> {
    let what = args.what.scope()?;
    let (hosts, token) = all(&args.of, args.group.as_deref())?;
    let name = shown(&what.to_string());
    let paused = |host: &&Reached| host.status.pauses.iter().any(|of| of.what == what);
    let hosts: Vec<&Reached> = hosts.iter().filter(paused).collect();
    if hosts.is_empty() {
        return Err(
            Failure::new(Exit::Problem, format!("{name} is not paused on any host"))
                .cost("nothing was changed")
                .hint("`penstock status` shows what is paused"),
        );
    }
    let errand = Errand {
        path: "/operations/resume",
        done: format!("{name} goes on"),
        undone: "still paused",
        hint: "the same command again does the rest".to_owned(),
    };
    each::tell(&errand, &hosts, token.as_ref(), |host| ResumeOrder {
        to: host.to.clone(),
        what: what.clone(),
    })
}

/// All running hosts of the group, and the token for orders to them.
fn all(of: &GroupArgs, group: Option<&str>) -> Result<(Vec<Reached>, Option<Secret>), Failure> {
    let asked = of.asked()?;
    let mut chosen = asked.chosen(group, &[], &[])?;
    // Only who is in the group matters.
    chosen.topics.clear();
    let seen = runtime()?.block_on(Seen::of(&chosen))?;
    let hosts = running(&chosen, &seen)?;
    let reached = each::found(&chosen, &hosts, asked.token.as_ref())?;
    Ok((reached, asked.token))
}

fn resume_command(what: &Scope, of: &GroupArgs, group: Option<&str>) -> String {
    let what = match what {
        Scope::Topic(topic) => quoted(topic),
        Scope::Partition(topic, number) => quoted(&format!("{topic}:{number}")),
        Scope::Handler(handler) => format!("--handler {}", quoted(handler)),
    };
    let group = group.map_or_else(String::new, |of| format!(" --group {}", quoted(of)));
    format!("penstock resume {what} {}{group}", of.again())
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
        assert!(span("1d").is_err_and(|said| said.contains("24h")));
        assert_eq!(reason(" why "), Ok("why".to_owned()));
        assert!(reason("  ").is_err());
    }
}
