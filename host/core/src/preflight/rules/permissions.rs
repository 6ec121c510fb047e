//! Permissions for exactly what a configuration does.

use crate::codes::Code;
use crate::diagnosis::snapshot::Answer;
use crate::diagnosis::words::{list, quoted};
use crate::preflight::finding::Finding;
use crate::preflight::scene::{Scene, TopicUse};
use crate::preflight::snapshot::{Operation, Operations};

use super::Found;

pub(super) const ANYBODY: &str = "the principal";

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    if scene.seen.has_authoriser == Answer::Known(false) {
        found.fine("the brokers have no authoriser: everybody may do everything");
        return;
    }
    let before = found.findings.len();
    let mut untold = Vec::new();
    for (name, uses) in &scene.uses {
        let Some(topic) = scene.topic(name) else {
            continue;
        };
        let allowed = match (&topic.partitions, topic.operations) {
            (Answer::Unauthorised(_), _) => Some(Operations(0)),
            (_, told) => told,
        };
        match allowed {
            Some(allowed) => topic_rule(scene, name, uses, allowed, found),
            None => untold.push(*name),
        }
    }
    match &scene.seen.group_operations {
        Answer::Known(allowed) if allowed.allow(Operation::Read) => {}
        Answer::Known(_) | Answer::Unauthorised(_) => found.add(group(scene)),
        _ => untold.push("the group"),
    }
    if !untold.is_empty() {
        found.add(
            Finding::note(
                Code::PreflightUnchecked,
                "permissions",
                format!(
                    "what may be done with {} is not known",
                    list(&untold, "and")
                ),
            )
            .why("the brokers do not tell it")
            .cost("a missing permission shows only when the host runs (PSK-K003)")
            .step("see the list of permissions in docs/guides/operations.md"),
        );
    } else if found.findings.len() == before {
        let who = scene.seen.access.principal.as_deref().unwrap_or(ANYBODY);
        found.fine(format!(
            "{who} has every permission that this configuration needs"
        ));
    }
}

fn topic_rule(
    scene: &Scene<'_>,
    name: &str,
    uses: &[TopicUse<'_>],
    allowed: Operations,
    found: &mut Found,
) {
    let mut needed = Vec::new();
    let is_read = uses.contains(&TopicUse::Input);
    if is_read {
        needed.push(Operation::Read);
    }
    let writes = uses.iter().filter(|of| **of != TopicUse::Input);
    if writes.count() > 0 {
        needed.push(Operation::Write);
    }
    needed.push(Operation::Describe);
    let missing: Vec<Operation> = needed
        .into_iter()
        .filter(|it| !allowed.allow(*it))
        .collect();
    if missing.is_empty() {
        return;
    }
    let names: Vec<&str> = missing.iter().map(|of| of.name()).collect();
    let who = scene.seen.access.principal.as_deref().unwrap_or(ANYBODY);
    let what = format!(
        "{who} may not {} the topic {name}",
        list(&lower(&names), "or")
    );
    let cost = match (is_read, missing.contains(&Operation::Write)) {
        (true, true) => "nothing is consumed from it, and what writes to it waits (PSK-K003)",
        (true, false) => "nothing is consumed from it (PSK-K003)",
        (false, _) => "what writes to it waits (PSK-O002), and a dead letter halts its partition",
    };
    let operations: Vec<String> = names.iter().map(|it| format!("--operation {it}")).collect();
    found.add(
        Finding::problem(Code::PreflightNotPermitted, name, what)
            .why("by the operations that the brokers say are authorised")
            .cost(cost)
            .command(
                "permit it",
                acl(
                    scene,
                    &operations.join(" "),
                    &format!("--topic {}", quoted(name)),
                ),
            ),
    );
}

fn group(scene: &Scene<'_>) -> Finding {
    let name = &scene.config.kafka.group;
    let who = scene.seen.access.principal.as_deref().unwrap_or(ANYBODY);
    Finding::problem(
        Code::PreflightNotPermitted,
        name,
        format!("{who} may not use the group {name}"),
    )
    .why("joining it and committing take Read on the group")
    .cost("the host joins no group: nothing is consumed (PSK-K003)")
    .command(
        "permit it",
        acl(
            scene,
            "--operation Read",
            &format!("--group {}", quoted(name)),
        ),
    )
}

pub(super) fn acl(scene: &Scene<'_>, operations: &str, resource: &str) -> String {
    let what = format!("{operations} {resource}");
    scene.seen.access.permit(&scene.seen.bootstrap, &what)
}

fn lower(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_lowercase()).collect()
}
