//! The rules: each looks at the scene and says what it finds. One file a rule, or a few of a kind.

mod broker;
mod cures;
mod damaged;
mod group;
mod inside;
pub(super) mod left_over;
mod no_commit;
mod outside;
pub(super) mod permissions;
pub(super) mod progress;
mod secured;
mod strangers;
mod topics;
pub(super) mod transactions;
mod unproductive;
mod unsettled;

use super::finding::Finding;
use super::scene::Scene;

type Rule = fn(&Scene<'_>) -> Vec<Finding>;

/// In the order of the stages.
const RULES: &[Rule] = &[
    secured::barred,
    broker::unreachable,
    permissions::missing,
    group::missing,
    group::nobody,
    unsettled::rule,
    topics::missing,
    topics::remade,
    topics::unowned,
    left_over::rule,
    strangers::rule,
    no_commit::rule,
    outside::rule,
    transactions::commit_pending,
    transactions::held_back,
    damaged::rule,
    inside::conditions,
    inside::retrying,
    inside::held_up,
    inside::stands_still,
    inside::fetch_stalled,
    inside::uncommitted,
    progress::standstill,
    progress::too_slow,
    unproductive::rule,
];

/// What all rules find, by stage; of one stage what is certain first.
pub(super) fn all(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(scene)).collect();
    findings.sort_by_key(|finding| (finding.stage, finding.certainty));
    findings
}
