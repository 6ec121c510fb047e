//! Topics of which a running group has commits, and that none of its hosts reads any more: there
//! is nobody who could put them elsewhere.

use penstock_core::shell::quoted;
use serde::Serialize;

use super::super::columns::shown;
use super::{Exit, Failure};
use crate::group::{Chosen, PenstockHost, Row, is_read};

/// A topic that is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Unread {
    topic: String,
    why: String,
}

impl Unread {
    pub(super) fn text(&self) -> String {
        format!("left out: {}: {}", shown(&self.topic), self.why)
    }
}

/// Takes what no host reads out of the rows. Whoever named it is told that it can't be done.
///
/// # Errors
/// A topic was named that no host reads, or nothing is left.
pub(super) fn leave_out(
    rows: &mut Vec<Row>,
    chosen: &Chosen,
    named: &[String],
    hosts: &[PenstockHost],
) -> Result<Vec<Unread>, Failure> {
    if hosts.is_empty() {
        return Ok(Vec::new());
    }
    let mut unread: Vec<Unread> = Vec::new();
    for row in rows.iter() {
        let is_new = unread.iter().all(|of| of.topic != row.topic);
        if is_new && is_read(&row.topic, hosts) == Some(false) {
            unread.push(Unread {
                topic: row.topic.clone(),
                why: why(&row.topic, rows, chosen),
            });
        }
    }
    rows.retain(|row| unread.iter().all(|of| of.topic != row.topic));
    let refused = unread.iter().find(|of| named.contains(&of.topic));
    match refused.or(unread.first().filter(|_| rows.is_empty())) {
        None => Ok(unread),
        Some(of) => {
            let what = format!("{} can't be reset: {}", shown(&of.topic), of.why);
            Err(Failure::new(Exit::Problem, what)
                .cost("nothing was changed")
                .hint("or stop the hosts, and run this again"))
        }
    }
}

fn why(topic: &str, rows: &[Row], chosen: &Chosen) -> String {
    let group = shown(&chosen.group);
    let why = format!(
        "no host of {group} reads it (or not yet: a host that compiles its plugin has PSK-O007 in \
         `penstock status`), and only a host that does could move it"
    );
    let mut its = rows.iter().filter(|row| row.topic == topic);
    if its.all(|row| row.at().is_none()) {
        return why;
    }
    let access = chosen.entrance.access();
    format!(
        "{why}; `{} --group {} --delete-offsets --topic {}` removes what is committed of it",
        access.tool("kafka-consumer-groups.sh", &chosen.bootstrap),
        quoted(&chosen.group),
        quoted(topic)
    )
}

#[cfg(test)]
mod tests {
    use penstock_core::diagnosis::snapshot::{Committed, Log};

    use super::*;
    use crate::hosts;

    fn chosen() -> Chosen {
        Chosen {
            bootstrap: "b:9092".to_owned(),
            entrance: crate::security::entrance(&Default::default()).expect("plain"),
            group: "g".to_owned(),
            topics: Vec::new(),
            partitions: Vec::new(),
        }
    }

    fn row(topic: &str, committed: Committed) -> Row {
        Row {
            topic: topic.to_owned(),
            partition: 0,
            committed,
            log: Ok(Log {
                start: 0,
                last_stable: 1,
                end: 1,
            }),
            leader: Some(1),
            owner: None,
        }
    }

    fn host(reads: Option<&[&str]>) -> PenstockHost {
        PenstockHost {
            found: hosts::find("penstock-h:1", "10.0.0.1").expect("a host"),
            client: "penstock-h:1".to_owned(),
            partitions: Vec::new(),
            reads: reads.map(|of| of.iter().map(|name| (*name).to_owned()).collect()),
        }
    }

    fn rows() -> Vec<Row> {
        vec![
            row("old", Committed::At(1)),
            row("planned", Committed::Nothing),
            row("read", Committed::At(1)),
        ]
    }

    #[test]
    fn what_no_host_reads_is_left_out_with_the_way_to_remove_it() {
        let (mut rows, hosts) = (rows(), [host(Some(&["read"]))]);
        let unread = leave_out(&mut rows, &chosen(), &[], &hosts).expect("one is left");
        assert_eq!(rows.len(), 1);
        let texts: Vec<String> = unread.iter().map(Unread::text).collect();
        assert!(
            texts[0].starts_with("left out: old: no host of g reads it")
                && texts[0].contains("--group g --delete-offsets --topic old`"),
            "{texts:?}"
        );
        assert!(
            texts[1].contains("planned") && !texts[1].contains("--delete-offsets"),
            "{texts:?}"
        );
    }

    #[test]
    fn what_is_named_is_refused_and_so_is_nothing() {
        for (reads, named) in [(&["read"][..], "old"), (&["other"][..], "none")] {
            let mut rows = rows();
            let named = [named.to_owned()];
            let refused = leave_out(&mut rows, &chosen(), &named, &[host(Some(reads))]);
            let text = refused.expect_err("it can't be done").to_string();
            assert!(text.contains("old can't be reset: no host of g"), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_to_the_owners() {
        for hosts in [vec![], vec![host(Some(&["read"])), host(None)]] {
            let mut left = rows();
            let unread = leave_out(&mut left, &chosen(), &[], &hosts);
            assert_eq!(unread, Ok(Vec::new()));
            assert_eq!(left, rows());
        }
    }
}
