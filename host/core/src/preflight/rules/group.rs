//! Who is in the group already.

use crate::codes::Code;
use crate::config::GroupProtocol;
use crate::diagnosis::snapshot::{Answer, Group, GroupKind, Member};
use crate::diagnosis::words::{count, member};
use crate::preflight::finding::Finding;
use crate::preflight::scene::Scene;

use super::Found;

/// The host's own in the classic protocol.
const ASSIGNOR: &str = "cooperative-sticky";
/// Hosts are named `penstock-<host id>:<admin port>`.
const HOSTS: &str = "penstock-";
const NAMED_MAX: usize = 5;

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    let name = &scene.config.kafka.group;
    let group = match &scene.seen.look.group {
        Answer::Known(group) => group,
        Answer::Missing(_) => {
            found.fine(format!(
                "the group {name} does not exist yet: the first host makes it"
            ));
            return;
        }
        _ => return,
    };
    let before = found.findings.len();
    let kind = kind(scene, group);
    let is_joinable = kind.is_none();
    found.findings.extend(kind);
    if is_joinable {
        found.findings.extend(strangers(name, group));
    }
    if found.findings.len() == before {
        let members = count(group.members.len() as i64, "member", "members");
        found.fine(format!(
            "the group {name} can be joined: {members}, state {}",
            group.state
        ));
    }
}

/// A group that the configured protocol can't join, or hardly.
fn kind(scene: &Scene<'_>, group: &Group) -> Option<Finding> {
    let name = &scene.config.kafka.group;
    let is_empty = group.members.is_empty();
    let stop = |finding: Finding| {
        finding
            .why(who(group))
            .step("either give the host a kafka.group of its own")
            .step(
                "or take the group over: stop all its members first, wait until it is empty, then \
                 start the host; the committed offsets are kept",
            )
    };
    match (group.kind, scene.config.kafka.protocol) {
        (GroupKind::Share | GroupKind::Streams | GroupKind::Connect | GroupKind::Other, _) => {
            let what = format!("{name} is no group of consumers, but of another kind");
            Some(
                Finding::problem(Code::PreflightGroup, name, what)
                    .why(who(group))
                    .cost("the host can't join it: nothing is consumed")
                    .step("give the host a kafka.group of its own"),
            )
        }
        (GroupKind::Classic, GroupProtocol::Consumer)
        | (GroupKind::Consumer, GroupProtocol::Classic)
            if !is_empty =>
        {
            let what = format!("the members of {name} speak the other group protocol");
            Some(stop(Finding::warning(Code::PreflightGroup, name, what).cost(
                "whether the host may join beside them is the brokers' choice \
                 (group.consumer.migration.policy): if not, it consumes nothing until they are gone",
            )))
        }
        (GroupKind::Classic, GroupProtocol::Classic)
            if !is_empty && !group.assignor.is_empty() && group.assignor != ASSIGNOR =>
        {
            let what = format!(
                "the members of {name} share out partitions by {}, the host by {ASSIGNOR}",
                group.assignor
            );
            Some(stop(Finding::problem(Code::PreflightGroup, name, what).cost(
                "assignors don't mix: unless each of them offers cooperative-sticky too, the host \
                 is refused (INCONSISTENT_GROUP_PROTOCOL); if they do, they share the partitions",
            )))
        }
        _ => None,
    }
}

fn strangers(name: &str, group: &Group) -> Option<Finding> {
    let strangers = group
        .members
        .iter()
        .filter(|of| !of.client.starts_with(HOSTS));
    let strangers: Vec<&Member> = strangers.collect();
    let first = strangers.first()?;
    let what = format!(
        "another application is in the group {name}: {}",
        first.client
    );
    Some(
        Finding::problem(Code::PreflightGroup, name, what)
            .why(named(&strangers))
            .cost(
                "each partition goes to one member: the host does not see the records of theirs, \
                 and each commits for both",
            )
            .step("stop it, if the host is to take its place; the committed offsets are kept")
            .step("else give the host a kafka.group of its own"),
    )
}

fn who(group: &Group) -> String {
    let members: Vec<&Member> = group.members.iter().collect();
    named(&members)
}

fn named(members: &[&Member]) -> String {
    if members.is_empty() {
        return "it has no members now".to_owned();
    }
    let mut names: Vec<String> = members
        .iter()
        .take(NAMED_MAX)
        .map(|it| member(it))
        .collect();
    if members.len() > NAMED_MAX {
        names.push(format!("{} more", members.len() - NAMED_MAX));
    }
    names.join("; ")
}
