//! The rules: each looks at the scene and says what it finds. One file a rule, or a few of a kind.

mod cures;
mod no_commit;

use super::finding::Finding;
use super::scene::Scene;

type Rule = fn(&Scene<'_>) -> Vec<Finding>;

/// In the order of the stages.
const RULES: &[Rule] = &[no_commit::rule];

/// What all rules find, by stage; of one stage what is certain first.
pub(super) fn all(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(scene)).collect();
    findings.sort_by_key(|finding| (finding.stage, finding.certainty));
    findings
}
