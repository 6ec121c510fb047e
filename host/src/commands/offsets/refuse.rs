//! Why a live group of strangers is left alone, who holds it, and the ways out.

use penstock_core::diagnosis::snapshot::Member;
use penstock_core::pauses::rfc3339;

use super::super::columns::shown;
use super::{Exit, Failure};

/// How many members are named one by one.
const NAMED_MAX: usize = 8;

/// Where a group reads is up to its members.
pub(super) fn strangers(group: &str, members: &[&Member], since_ms: Option<i64>) -> Failure {
    let group_shown = shown(group);
    in_use(
        group,
        "where it reads is up to its members while it has any",
        members,
        since_ms,
    )
    .hint(format!(
        "either {STOP}, or leave {group_shown} as it is, put a new group where you want it with \
         --group, and start the application in that"
    ))
}

/// A group with members can't be deleted, whoever they are.
pub(in super::super) fn members(
    group: &str,
    members: &[&Member],
    since_ms: Option<i64>,
) -> Failure {
    in_use(
        group,
        "it can't be deleted while it has members",
        members,
        since_ms,
    )
    .hint(STOP)
}

const STOP: &str = "stop them all and run this again (one that was killed stays in the group until \
                    its session ends)";

fn in_use(group: &str, what: &str, members: &[&Member], since_ms: Option<i64>) -> Failure {
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
    Failure::new(Exit::Problem, format!("{group} is in use: {what}")).cost(format!(
        "nothing was changed. It is held by {}",
        held.join("\n       ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_the_ways_out_of_its_own_command() {
        let reset = strangers("g", &[], None).to_string();
        assert!(
            reset.contains("where it reads is up to its members"),
            "{reset}"
        );
        assert!(
            reset.contains("either stop") && reset.contains("--group"),
            "{reset}"
        );
        let delete = members("g", &[], None).to_string();
        assert!(
            delete.contains("it can't be deleted while it has members"),
            "{delete}"
        );
        assert!(
            delete.contains("stop them all") && !delete.contains("--group"),
            "{delete}"
        );
    }
}
