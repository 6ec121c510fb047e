//! Why a live group of strangers is left alone, who holds it, and the ways out.

use penstock_core::diagnosis::snapshot::Member;
use penstock_core::pauses::rfc3339;

use super::super::columns::shown;
use super::{Exit, Failure};

/// How many members are named one by one.
const NAMED_MAX: usize = 8;

/// The group has members that are no Penstock hosts: `what` can't be done from outside.
pub(in super::super) fn strangers(
    group: &str,
    what: &str,
    members: &[&Member],
    since_ms: Option<i64>,
) -> Failure {
    let mut held: Vec<String> = members.iter().take(NAMED_MAX).map(|of| named(of)).collect();
    if members.len() > NAMED_MAX {
        held.push(format!("and {} more", members.len() - NAMED_MAX));
    }
    // When each has joined, no broker tells; when the last one did, some do.
    if let Some(since_ms) = since_ms {
        let since = rfc3339(since_ms);
        held.push(format!("in this composition since {since}"));
    }
    let group = shown(group);
    Failure::new(
        Exit::Problem,
        format!("{group} is in use: {what} is up to its members while it has any"),
    )
    .cost(format!(
        "nothing was changed. It is held by {}",
        held.join("\n       ")
    ))
    .hint(format!(
        "either stop them all and run this again (one that was killed stays in the group until \
         its session ends), or leave {group} as it is, put a new group where you want it with \
         --group, and start the application in that"
    ))
}

fn named(member: &Member) -> String {
    let partitions: usize = member.assignment.iter().map(|of| of.partitions.len()).sum();
    let first = member.assignment.iter().find_map(|of| {
        of.partitions
            .first()
            .map(|number| format!("{}[{number}]", of.topic))
    });
    let has = match (partitions, first) {
        (_, None) => "without partitions".to_owned(),
        (1, Some(first)) => format!("with {}", shown(&first)),
        (many, Some(first)) => format!("with {} and {} more", shown(&first), many - 1),
    };
    format!(
        "{} on {}, {has}",
        shown(&member.client),
        shown(&member.host)
    )
}
