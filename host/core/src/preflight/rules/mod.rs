//! The rules, one file for each thing that can be wrong.

mod clock;
mod compaction;
mod group;
mod keyless;
mod offsets;
mod permissions;
mod replicas;
mod requests;
mod retention;
mod retries;
mod size;
mod timestamps;
mod topics;
mod transactions;
mod unchecked;

use super::finding::Finding;
use super::scene::Scene;

/// What the rules have found so far.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    /// What is as it should be.
    fine: Vec<String>,
}

impl Found {
    fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn fine(&mut self, text: impl Into<String>) {
        self.fine.push(text.into());
    }
}

/// What all rules find, and what is fine.
pub(super) fn all(scene: &Scene<'_>) -> (Vec<Finding>, Vec<String>) {
    let mut found = Found::default();
    let rules: [fn(&Scene<'_>, &mut Found); 15] = [
        topics::rule,
        replicas::rule,
        permissions::rule,
        requests::rule,
        group::rule,
        transactions::rule,
        offsets::rule,
        size::rule,
        retention::rule,
        retries::rule,
        keyless::rule,
        compaction::rule,
        timestamps::rule,
        clock::rule,
        unchecked::rule,
    ];
    for rule in rules {
        rule(scene, &mut found);
    }
    (found.findings, found.fine)
}
