//! What exactly once takes of the brokers: the transactional id, and time enough.

use crate::codes::Code;
use crate::config::{Delivery, Transaction};
use crate::diagnosis::snapshot::Answer;
use crate::diagnosis::words::{quoted, span};
use crate::preflight::finding::Finding;
use crate::preflight::scene::Scene;

use super::Found;
use super::permissions::{ANYBODY, acl};

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    let Delivery::ExactlyOnce(transaction) = &scene.config.kafka.delivery else {
        return;
    };
    let before = found.findings.len();
    permission(scene, transaction, found);
    timeout(scene, transaction, found);
    if found.findings.len() == before && scene.seen.may_transact == Answer::Known(true) {
        let id = &transaction.id;
        found.fine(format!("transactions can be written as {id}"));
    }
}

fn permission(scene: &Scene<'_>, transaction: &Transaction, found: &mut Found) {
    if scene.seen.may_transact != Answer::Known(false) {
        return;
    }
    let id = &transaction.id;
    let who = scene.seen.access.principal.as_deref().unwrap_or(ANYBODY);
    let what = format!("{who} may not write the transactional id {id}");
    let resource = format!("--transactional-id {}", quoted(id));
    found.add(
        Finding::problem(Code::PreflightNotPermitted, id, what)
            .why("exactly once takes Write on the transactional id GROUP-HOST")
            .cost("the host ends when it starts (PSK-K006): nothing is consumed")
            .command("permit it", acl(scene, "--operation Write", &resource))
            .step(format!(
                "or, for every host of the group, Write on --transactional-id {} with \
                 --resource-pattern-type prefixed",
                quoted(&format!("{}-", scene.config.kafka.group))
            )),
    );
}

fn timeout(scene: &Scene<'_>, transaction: &Transaction, found: &mut Found) {
    let wanted = u64::try_from(transaction.timeout.as_millis()).unwrap_or(u64::MAX);
    match &scene.seen.transaction_ms_max {
        Answer::Known(most) if wanted > *most => {
            let time = |ms: u64| span(i64::try_from(ms).unwrap_or(i64::MAX));
            let what = format!(
                "kafka.transaction.timeout is {}, and the brokers allow {}",
                time(wanted),
                time(*most)
            );
            found.add(
                Finding::problem(Code::PreflightUnsupported, &transaction.id, what)
                    .why("by transaction.max.timeout.ms of the group's coordinator")
                    .cost("the host ends when it starts (PSK-K006): nothing is consumed")
                    .step("lower kafka.transaction.timeout, or raise transaction.max.timeout.ms"),
            );
        }
        Answer::Failed(why) | Answer::Unauthorised(why) => found.add(
            Finding::note(
                Code::PreflightUnchecked,
                &transaction.id,
                "how long a transaction may be open is not known",
            )
            .why(why.as_str())
            .cost(
                "if kafka.transaction.timeout is above it, the host ends when it starts (PSK-K006)",
            )
            .step("compare it with transaction.max.timeout.ms of the brokers, 15 min by default"),
        ),
        _ => {}
    }
}
