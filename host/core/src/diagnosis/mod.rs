//! Why is nothing happening? Rules over a snapshot of a group, without asking anybody.

mod access;
mod answer;
mod finding;
mod notes;
mod outputs;
mod past;
mod patience;
mod quotas;
mod roll;
mod rules;
mod saved;
mod scene;
pub mod snapshot;
mod walk;
pub(crate) mod words;

pub use finding::{Certainty, Diagnosis, Evidence, Finding, Stage, StageReport, StageState, Step};
pub use past::{AtTheEnd, at_the_end};
pub use patience::{Unclear, unclear, watch_ms};
pub use quotas::may_matter as quotas_may_matter;
pub use snapshot::Snapshot;

use scene::Scene;

/// What a snapshot comes to. A snapshot without a look comes to nothing.
pub fn diagnose(snapshot: &Snapshot) -> Diagnosis {
    let mut diagnosis = Diagnosis {
        group: snapshot.group.clone(),
        at: String::new(),
        watched_ms: 0,
        stages: Vec::new(),
        findings: Vec::new(),
        notes: Vec::new(),
    };
    let Some(scene) = Scene::new(snapshot) else {
        return diagnosis;
    };
    diagnosis.at = words::time(scene.first.at_ms);
    diagnosis.watched_ms = scene.watched_ms();
    diagnosis.findings = rules::all(&scene);
    diagnosis.notes = notes::notes(&scene);
    diagnosis.stages = walk::stages(&scene, &diagnosis.findings);
    diagnosis
}
