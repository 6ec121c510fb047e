//! Batches whose bytes are not what was written.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::scene::{Place, Scene};
use crate::diagnosis::words::quoted;

use super::cures::{next_batch, reset, seen};

/// The batch at a position that doesn't move fails its checksum.
pub(super) fn rule(scene: &Scene<'_>) -> Vec<Finding> {
    let damaged = |place: &&Place<'_>| {
        let batch = place.next_batch();
        !place.has_moved() && batch.is_some_and(|batch| batch.is_sound == Some(false))
    };
    let places = scene.places.iter().filter(damaged);
    places.filter_map(|place| finding(scene, place)).collect()
}

fn finding(scene: &Scene<'_>, place: &Place<'_>) -> Option<Finding> {
    let batch = place.next_batch()?;
    let name = place.name();
    let cause = format!(
        "the batch of {name} at {} to {}, which is to be read next, does not match its checksum: \
         its bytes are damaged, and a client that checks does not get beyond it",
        batch.first, batch.last
    );
    let finding = Finding::new(Code::DoctorBatchDamaged, Stage::Fetch, &name, cause);
    let finding = next_batch(seen(finding, &[place]), &[place]).command(
        "see whether another replica has it whole, and make that one the leader",
        format!(
            "{} --describe --topic {}",
            scene.tool("kafka-topics.sh"),
            quoted(place.topic)
        ),
    );
    let to = (batch.last + 1).to_string();
    Some(reset(finding, scene, &[place], &to))
}
