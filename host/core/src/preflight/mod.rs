//! Will this configuration work on this cluster? Rules over what was seen of the cluster, without
//! asking anybody.

mod estimate;
mod finding;
mod positions;
mod rules;
mod scene;
pub mod snapshot;

pub use estimate::{TopicEstimate, estimate};
pub use finding::{Finding, Severity};
pub use positions::{Position, Why, positions};
pub use scene::{TopicUse, uses};
pub use snapshot::Seen;

use serde::Serialize;

use crate::config::Config;
use scene::Scene;

/// What the check of a configuration against a cluster comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// What is wrong or worth a look, the worst first.
    pub findings: Vec<Finding>,
    /// What was looked at and is as it should be, in a sentence each.
    pub fine: Vec<String>,
    /// What a host would process when it starts now, a topic each.
    pub at_start: Vec<TopicEstimate>,
}

impl Report {
    /// Whether something is found that keeps the configuration from working.
    pub fn has_problem(&self) -> bool {
        let mut severities = self.findings.iter().map(|of| of.severity);
        severities.any(|severity| severity == Severity::Problem)
    }
}

/// Holds a configuration against what was seen of its cluster.
pub fn check(config: &Config, seen: &Seen) -> Report {
    let scene = Scene::new(config, seen);
    let (mut findings, fine) = rules::all(&scene);
    findings.sort_by_key(|of| of.severity);
    Report {
        findings,
        fine,
        at_start: estimate(config, seen, &scene.positions),
    }
}
