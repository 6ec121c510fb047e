//! Resets a group of running Penstock hosts through their admin listeners: first each owner says
//! that it can, then each does it.

use penstock_core::config::Secret;
use penstock_core::offsets::Change;
use penstock_core::operations::{Deed, ResetOrder, ResetPartition};
use penstock_core::status::Status;

use super::super::columns::shown;
use super::super::reach::reach;
use super::{Exit, Failure};
use crate::group::PenstockHost;
use crate::hosts::{self, Undone};

const PATH: &str = "/operations/reset";

/// What is told to which host.
pub(super) struct Told {
    url: String,
    /// `client.id`
    client: String,
    order: ResetOrder,
}

/// Asks the owners of all these partitions whether they have them; what each is to be told.
///
/// # Errors
/// An owner is missing, can't be reached or is another host; nothing was changed.
pub(super) fn orders(
    group: &str,
    changes: &[Change],
    hosts: &[PenstockHost],
    token: Option<&Secret>,
) -> Result<Vec<Told>, Failure> {
    for change in changes {
        let key = (change.topic.clone(), change.partition);
        if !hosts.iter().any(|host| host.partitions.contains(&key)) {
            let place = place(&change.topic, change.partition);
            let what = format!("{place} is with nobody at this moment");
            return Err(unchanged(what).hint("a rebalance may be under way; try again in a moment"));
        }
    }
    let mut told = Vec::new();
    for host in hosts {
        let its: Vec<&Change> = changes
            .iter()
            .filter(|of| host.partitions.contains(&(of.topic.clone(), of.partition)))
            .collect();
        if !its.is_empty() {
            told.push(of_host(group, host, &its, token)?);
        }
    }
    Ok(told)
}

fn of_host(
    group: &str,
    host: &PenstockHost,
    changes: &[&Change],
    token: Option<&Secret>,
) -> Result<Told, Failure> {
    let its = places(changes);
    let reached = reach(group, host, token).map_err(|why| {
        let client = shown(&host.client);
        unchanged(format!("{client}, which has {its}, can't be told: {why}")).hint(
            "all owners do it, or none: its `admin.listen` must be reachable from here, and its \
             `admin.token` given by -c or PENSTOCK_TOKEN; or stop the hosts, and run this again; one \
             that was killed stays in the group until its session ends, 45 s by default",
        )
    })?;
    let partitions = changes.iter().map(|change| {
        let epoch = epoch(&reached.status, change).ok_or_else(|| {
            let client = &reached.client;
            let place = place(&change.topic, change.partition);
            unchanged(format!(
                "{client} has not taken {place} in, or just given it away"
            ))
            .hint("a rebalance is under way; try again in a moment")
        })?;
        Ok(ResetPartition {
            topic: change.topic.clone(),
            partition: change.partition,
            epoch,
            offset: change.to,
        })
    });
    let partitions: Result<Vec<_>, Failure> = partitions.collect();
    let partitions = partitions?;
    Ok(Told {
        url: reached.url,
        client: reached.client,
        order: ResetOrder {
            to: reached.to,
            dry_run: true,
            partitions,
        },
    })
}

fn epoch(status: &Status, change: &Change) -> Option<u32> {
    let mut its = status.partitions.iter();
    let found = its.find(|of| of.topic == change.topic && of.partition == change.partition);
    found.map(|of| of.epoch)
}

/// Asks each whether it can, then has each do it. What each said that is worth telling.
///
/// # Errors
/// What was changed and what was not, by partition.
pub(super) fn carry_out(all: &[Told], token: Option<&Secret>) -> Result<Vec<String>, Failure> {
    for told in all {
        match hosts::order(&told.url, PATH, &told.order, token) {
            Ok(answer) if answer.result == Deed::Possible => {}
            Ok(answer) => {
                let what = format!("{} says no: {}", told.client, shown(&answer.text));
                return Err(unchanged(what).hint("try again in a moment"));
            }
            Err(Undone::Refused(why) | Undone::Unknown(why)) => {
                let what = format!("{} can't be told: {}", told.client, shown(&why));
                return Err(unchanged(what));
            }
        }
    }
    let mut notes = Vec::new();
    for (index, told) in all.iter().enumerate() {
        let order = ResetOrder {
            dry_run: false,
            ..told.order.clone()
        };
        let (state, why) = match hosts::order(&told.url, PATH, &order, token) {
            Ok(answer) if answer.result == Deed::Done => {
                if !answer.text.is_empty() {
                    notes.push(format!("{}: {}", told.client, shown(&answer.text)));
                }
                continue;
            }
            Ok(answer) => (answer.result, shown(&answer.text)),
            Err(Undone::Refused(why)) => (Deed::Refused, shown(&why)),
            Err(Undone::Unknown(why)) => (Deed::Unknown, shown(&why)),
        };
        return Err(partly(&all[..index], told, &all[index + 1..], state, &why));
    }
    Ok(notes)
}

fn partly(done: &[Told], failed: &Told, left: &[Told], state: Deed, why: &str) -> Failure {
    let its = ordered(std::slice::from_ref(failed));
    let mut parts = Vec::new();
    if !done.is_empty() {
        parts.push(format!("changed: {}", ordered(done)));
    }
    parts.push(match state {
        Deed::Halfway => format!("committed, and not read from there yet: {its}"),
        Deed::Unknown => format!("not known whether changed: {its}"),
        Deed::Possible | Deed::Done | Deed::Refused => format!("not changed: {its}"),
    });
    if !left.is_empty() {
        parts.push(format!("not changed: {}", ordered(left)));
    }
    Failure::new(Exit::Problem, format!("{}: {why}", failed.client))
        .cost(parts.join("\n       "))
        .hint(
            "`penstock offsets show` tells where the group stands; the same command does the rest",
        )
}

fn ordered(of: &[Told]) -> String {
    let all = of.iter().flat_map(|told| &told.order.partitions);
    let names: Vec<String> = all.map(|of| place(&of.topic, of.partition)).collect();
    names.join(", ")
}

fn places(changes: &[&Change]) -> String {
    let names: Vec<String> = changes
        .iter()
        .map(|of| place(&of.topic, of.partition))
        .collect();
    names.join(", ")
}

fn place(topic: &str, partition: i32) -> String {
    format!("{}[{partition}]", shown(topic))
}

fn unchanged(what: String) -> Failure {
    Failure::new(Exit::Problem, what).cost("nothing was changed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock_core::operations::Addressee;

    fn told(partition: i32) -> Told {
        Told {
            url: "http://127.0.0.1:1".to_owned(),
            client: format!("penstock-h{partition}:1"),
            order: ResetOrder {
                to: Addressee {
                    group: "g".to_owned(),
                    host: format!("h{partition}"),
                    started: String::new(),
                },
                dry_run: true,
                partitions: vec![ResetPartition {
                    topic: "t".to_owned(),
                    partition,
                    epoch: 1,
                    offset: 0,
                }],
            },
        }
    }

    #[test]
    fn half_a_reset_says_what_is_changed_and_what_is_not() {
        let all = [told(0), told(1), told(2)];
        let said = |state| {
            let failure = partly(&all[..1], &all[1], &all[2..], state, "it broke");
            anstream::adapter::strip_str(&failure.to_string()).to_string()
        };
        for (state, own) in [
            (Deed::Refused, "not changed: t[1]"),
            (Deed::Unknown, "not known whether changed: t[1]"),
            (
                Deed::Halfway,
                "committed, and not read from there yet: t[1]",
            ),
        ] {
            let text = said(state);
            for part in ["penstock-h1:1: it broke", "       changed: t[0]\n", own] {
                assert!(text.contains(part), "no {part:?} in {text}");
            }
            assert!(text.contains("not changed: t[2]\n"), "{text}");
        }
    }

    #[test]
    fn a_partition_that_nobody_has_is_named() {
        let change = Change {
            topic: "t".to_owned(),
            partition: 7,
            from: Some(1),
            to: 0,
            again: 1,
            skipped: 0,
            clamped_from: None,
        };
        let refused = orders("g", &[change], &[], None).map(|told| told.len());
        let text = refused.expect_err("nobody has it").to_string();
        assert!(text.contains("t[7] is with nobody") && text.contains("nothing was changed"));
    }
}
