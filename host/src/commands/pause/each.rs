//! Gives each running host of a group an order, and says which have carried it out.

use penstock_core::config::Secret;
use penstock_core::operations::{Answer, Deed};

use super::super::columns::shown;
use super::super::output;
use super::super::reach::{Reached, reach};
use super::{Exit, Failure};
use crate::group::{Chosen, PenstockHost};
use crate::hosts::{self, Undone};

/// What is told to all hosts, in words.
pub(super) struct Errand<'a> {
    /// The order's place on the admin listener.
    pub(super) path: &'a str,
    /// Of a host that has done it.
    pub(super) done: String,
    /// Of a host that has not.
    pub(super) undone: &'a str,
    /// What to do where only some have.
    pub(super) hint: String,
}

/// Finds all hosts before any is told anything.
///
/// # Errors
/// One can't be reached; nothing was changed.
pub(super) fn found(
    chosen: &Chosen,
    hosts: &[PenstockHost],
    token: Option<&Secret>,
) -> Result<Vec<Reached>, Failure> {
    let reached = hosts.iter().map(|host| {
        reach(&chosen.group, host, token).map_err(|why| {
            let what = format!("{} can't be told: {why}", shown(&host.client));
            Failure::new(Exit::Problem, what)
                .cost("nothing was changed: no host is told anything before all are found")
                .hint(
                    "its `admin.listen` must be reachable from here, and its `admin.token` given \
                     by -c or PENSTOCK_TOKEN; one that was killed stays in the group until its \
                     session ends, 45 s by default",
                )
        })
    });
    reached.collect()
}

/// Gives each its order. What one refuses does not keep the others from it.
///
/// # Errors
/// Who has done it and who has not.
pub(super) fn tell<T: serde::Serialize>(
    errand: &Errand<'_>,
    hosts: &[&Reached],
    token: Option<&Secret>,
    order: impl Fn(&Reached) -> T,
) -> Result<Exit, Failure> {
    let mut came = Came::default();
    for host in hosts {
        let client = host.client.clone();
        match hosts::order(&host.url, errand.path, &order(host), token) {
            Ok(answer) if answer.result == Deed::Done => {
                output::tell(format_args!("{client}: {}{}", errand.done, after(&answer)));
                came.done.push(client);
            }
            Ok(answer) if answer.result == Deed::Unknown => came.unknown(client, &answer.text),
            Ok(answer) => came.refused(client, &answer.text),
            Err(Undone::Refused(why)) => came.refused(client, &why),
            Err(Undone::Unknown(why)) => came.unknown(client, &why),
        }
    }
    came.told(errand)
}

/// What came of it, by `client.id`.
#[derive(Debug, Default)]
struct Came {
    done: Vec<String>,
    refused: Vec<String>,
    unknown: Vec<String>,
    why: Vec<String>,
}

impl Came {
    fn refused(&mut self, client: String, why: &str) {
        self.why.push(format!("{client}: {}", shown(why)));
        self.refused.push(client);
    }

    fn unknown(&mut self, client: String, why: &str) {
        self.why.push(format!("{client}: {}", shown(why)));
        self.unknown.push(client);
    }

    fn told(self, errand: &Errand<'_>) -> Result<Exit, Failure> {
        let failed = self.why.len();
        if failed == 0 {
            return Ok(Exit::Fine);
        }
        let all = failed + self.done.len();
        let hosts = if all == 1 { "host" } else { "hosts" };
        let have = if failed == 1 { "has" } else { "have" };
        let what = format!("{failed} of {all} {hosts} {have} not done it");
        let failure =
            |lines: Vec<String>| Failure::new(Exit::Problem, &what).cost(lines.join("\n       "));
        let mut lines = self.why;
        if self.done.is_empty() && self.unknown.is_empty() {
            lines.push("nothing was changed".to_owned());
            return Err(failure(lines));
        }
        let (done, undone) = (&errand.done, errand.undone);
        for (words, clients) in [
            (done.clone(), self.done),
            (undone.to_owned(), self.refused),
            ("not known".to_owned(), self.unknown),
        ] {
            if !clients.is_empty() {
                lines.push(format!("{words}: {}", clients.join(", ")));
            }
        }
        Err(failure(lines).hint(&errand.hint))
    }
}

fn after(answer: &Answer) -> String {
    match answer.text.as_str() {
        "" => String::new(),
        text => format!(" {}", shown(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(came: Came) -> String {
        let errand = Errand {
            path: "/operations/pause",
            done: "topic t is paused".to_owned(),
            undone: "not paused",
            hint: "`penstock resume t` ends it".to_owned(),
        };
        let failure = came.told(&errand).expect_err("it failed");
        anstream::adapter::strip_str(&failure.to_string()).to_string()
    }

    #[test]
    fn where_only_some_have_done_it_each_is_named_and_so_is_the_way_back() {
        let mut came = Came {
            done: vec!["h1".to_owned(), "h2".to_owned()],
            ..Came::default()
        };
        came.refused("h3".to_owned(), "no such topic");
        came.unknown("h4".to_owned(), "it hung up");
        assert_eq!(
            said(came),
            "error: 2 of 4 hosts have not done it\n       \
             h3: no such topic\n       \
             h4: it hung up\n       \
             topic t is paused: h1, h2\n       \
             not paused: h3\n       \
             not known: h4\n \
             help: `penstock resume t` ends it"
        );
    }

    #[test]
    fn where_none_has_done_it_nothing_was_changed() {
        let mut came = Came::default();
        came.refused("h1".to_owned(), "no such topic");
        assert_eq!(
            said(came),
            "error: 1 of 1 host has not done it\n       \
             h1: no such topic\n       \
             nothing was changed"
        );
    }
}
