//! What the doctor itself may not see: the group's own clients may have the permission.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::scene::Scene;
use crate::diagnosis::snapshot::Answer;
use crate::diagnosis::words::quoted;

/// The group, or a topic, may not be seen.
pub(super) fn missing(scene: &Scene<'_>) -> Vec<Finding> {
    let group = &scene.snapshot.group;
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut resources: Vec<String> = Vec::new();
    let group_refused = [
        unauthorised(&scene.last.coordinator),
        unauthorised(&scene.last.group),
        unauthorised(&scene.last.committed),
    ];
    if let Some(why) = group_refused.into_iter().flatten().next() {
        seen.push((format!("Describe on group {group}"), why.to_owned()));
        resources.push(format!("--group {}", quoted(group)));
    }
    for topic in scene.last.topics.iter().chain(&scene.last.outputs) {
        let logs = topic.partitions.known().into_iter().flatten();
        let log = logs.filter_map(|of| unauthorised(&of.log)).next();
        if let Some(why) = unauthorised(&topic.partitions).or(log) {
            seen.push((format!("Describe on topic {}", topic.name), why.to_owned()));
            resources.push(format!("--topic {}", quoted(&topic.name)));
        }
    }
    if seen.is_empty() {
        return Vec::new();
    }
    let who = principal(scene);
    let cause = format!(
        "the cluster does not let {} see what a diagnosis needs; what it hides is not known here, \
         and is not the same as empty",
        who.unwrap_or("this user")
    );
    let finding = Finding::new(Code::DoctorNotPermitted, Stage::Broker, group, cause);
    let finding = finding.all_evidence(seen);
    vec![finding.command(
        format!("let an administrator permit it{}", replace(scene)),
        allow(
            scene,
            &format!("--operation Describe {}", resources.join(" ")),
        ),
    )]
}

/// The command that permits something to the doctor's user.
pub(in crate::diagnosis) fn allow(scene: &Scene<'_>, what: &str) -> String {
    let snapshot = scene.snapshot;
    snapshot.access.permit(&snapshot.bootstrap, what)
}

/// What is left to be replaced in it.
fn replace(scene: &Scene<'_>) -> &'static str {
    match principal(scene) {
        Some(_) => "",
        None => " (replace NAME)",
    }
}

fn principal<'s>(scene: &Scene<'s>) -> Option<&'s str> {
    scene.snapshot.access.principal.as_deref()
}

fn unauthorised<T>(of: &Answer<T>) -> Option<&str> {
    match of {
        Answer::Unauthorised(why) => Some(why),
        _ => None,
    }
}
