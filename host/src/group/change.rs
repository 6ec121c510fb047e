//! Changes a group that has no members.

use penstock_admin_protocol::{ByPartition, Error, change};
use penstock_core::offsets::Change;

use super::Seen;
use super::see::broker_failure;
use crate::commands::{Exit, Failure};

/// Commits the offsets of a group without members.
///
/// # Errors
/// What was not committed, and what was.
pub async fn commit(seen: &Seen, group: &str, changes: &[Change]) -> Result<(), Failure> {
    let offsets: ByPartition<i64> = changes
        .iter()
        .map(|of| ((of.topic.clone(), of.partition), of.to))
        .collect();
    let answer = change::commit(&seen.coordinator, group, &offsets).await;
    let came = answer.map_err(|error| {
        broker_failure(&error)
            .cost("whether the offsets are committed is not known")
            .hint("`penstock offsets show` tells")
    })?;
    let refused: Vec<_> = came
        .iter()
        .filter_map(|(key, answer)| answer.as_ref().err().map(|refusal| (key, refusal)))
        .collect();
    let Some((_, first)) = refused.first() else {
        return Ok(());
    };
    if first.is_not_empty() && refused.len() == came.len() {
        let what = format!("somebody joined {group} meanwhile: {first}");
        return Err(Failure::new(Exit::Problem, what)
            .cost("nothing was changed")
            .hint("stop its members, and try again"));
    }
    let each = refused
        .iter()
        .map(|((topic, partition), refusal)| format!("{topic}[{partition}]: {refusal}"));
    let each: Vec<String> = each.collect();
    let what = format!(
        "{} of {} offsets were refused",
        refused.len(),
        came.len().max(refused.len())
    );
    Err(Failure::new(Exit::Problem, what)
        .cost(each.join("\n       "))
        .hint("the others are committed; `penstock offsets show` tells"))
}

/// Deletes a group without members.
///
/// # Errors
/// It is not deleted, or not known to be.
pub async fn delete(seen: &Seen, group: &str) -> Result<(), Failure> {
    match change::delete_group(&seen.coordinator, group).await {
        Ok(()) => Ok(()),
        Err(Error::Refused(refusal)) if refusal.is_not_empty() => {
            let what = format!("somebody joined {group} meanwhile: {refusal}");
            Err(Failure::new(Exit::Problem, what)
                .cost("nothing was deleted")
                .hint("stop its members, and try again"))
        }
        Err(error) => Err(broker_failure(&error)),
    }
}
