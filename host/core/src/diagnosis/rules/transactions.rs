//! Transactions that hold back records, or a commit.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::patience::{MOMENT_MS, TRANSACTION_MS};
use crate::diagnosis::scene::{Place, Scene};
use crate::diagnosis::snapshot::{Answer, Barrier, Committed, Hidden, OpenTransaction};
use crate::diagnosis::words::{count, quoted, span, time};

use super::cures::seen;

/// The group has read all that may be read, and the rest waits for the end of a transaction.
pub(super) fn held_back(scene: &Scene<'_>) -> Vec<Finding> {
    if scene.members().is_empty() || scene.watched_ms() < MOMENT_MS {
        return Vec::new();
    }
    let held = scene.places.iter().filter(|place| is_held(place));
    held.filter_map(|place| held_one(scene, place)).collect()
}

/// Behind the end of what is stable, which did not move. One that reads on beyond it reads what is
/// not committed, and is not held back.
fn is_held(place: &Place<'_>) -> bool {
    let (Some(log), Some(before)) = (place.log, place.log_before) else {
        return false;
    };
    let frozen = log.last_stable < log.end && log.last_stable == before.last_stable;
    let here = place.position().is_none_or(|at| at <= log.last_stable);
    frozen && here && before.last_stable < before.end && !place.is_readable()
}

pub(in crate::diagnosis) fn transaction<'s>(
    scene: &Scene<'s>,
    place: &Place<'_>,
) -> Option<&'s OpenTransaction> {
    let open = scene.snapshot.open_transactions.iter();
    open.filter(|of| of.topic == place.topic && of.partition == place.partition)
        .min_by_key(|of| of.from)
}

/// How long a transaction has been open, in milliseconds.
pub(in crate::diagnosis) fn age_ms(scene: &Scene<'_>, of: &OpenTransaction) -> i64 {
    let started = of.known_as.known().and_then(|known| known.started_ms);
    scene.last.at_ms - started.unwrap_or(of.last_write_ms)
}

/// Whether the producers of a topic may not be seen.
fn is_hidden(scene: &Scene<'_>, topic: &str) -> bool {
    let producers = Hidden::producers(topic);
    scene.snapshot.hidden.contains(&producers)
}

fn held_one(scene: &Scene<'_>, place: &Place<'_>) -> Option<Finding> {
    let log = place.log?;
    let held = count(log.end - log.last_stable, "record", "records");
    let open = transaction(scene, place);
    let is_young = match open {
        Some(of) => age_ms(scene, of) < TRANSACTION_MS,
        // Whose it is may not be seen: it is at least as old as it was watched.
        None => is_hidden(scene, place.topic) && scene.watched_ms() < TRANSACTION_MS,
    };
    if is_young {
        return None;
    }
    let name = place.name();
    let for_long = open
        .map(|of| format!(" for {}", span(age_ms(scene, of))))
        .unwrap_or_default();
    let by = match open.map(|of| &of.known_as) {
        Some(Answer::Known(known)) => format!("the transaction of {}", known.id),
        Some(Answer::Missing(_)) => "a transaction that its coordinator does not know".to_owned(),
        _ => "a transaction".to_owned(),
    };
    let cause = format!(
        "up to {held} of {name} are held back by {by}, which has been open{for_long}: who reads \
         only what is committed waits at {} until it ends",
        log.last_stable
    );
    let finding = Finding::new(Code::DoctorHeldBack, Stage::Fetch, &name, cause);
    let finding =
        seen(finding, &[place]).evidence("last stable offset", log.last_stable.to_string());
    let Some(open) = open else {
        return Some(finding.command(
            "find the producer",
            format!(
                "{} describe-producers --topic {} --partition {}",
                scene.tool("kafka-transactions.sh"),
                quoted(place.topic),
                place.partition
            ),
        ));
    };
    let finding = finding
        .evidence(
            "producer",
            format!("id {}, epoch {}", open.producer, open.epoch),
        )
        .evidence("last wrote there", time(open.last_write_ms));
    Some(ended(scene, open, finding))
}

/// What is known of it by name is ended by name; of what is not, the marker is missing.
fn ended(scene: &Scene<'_>, open: &OpenTransaction, finding: Finding) -> Finding {
    let tool = scene.tool("kafka-transactions.sh");
    match &open.known_as {
        Answer::Known(known) => {
            let started = known.started_ms;
            let ends = started.map(|at| at + i64::from(known.timeout_ms));
            let finding = finding
                .evidence("transactional id", known.id.as_str())
                .evidence("state", known.state.as_str())
                .evidence("began", started.map_or("unknown".to_owned(), time))
                .evidence("aborted at", ends.map_or("unknown".to_owned(), time));
            finding
                .step(
                    "see to its producer: it began a transaction and neither commits nor aborts; \
                     restarted with the same transactional.id, it ends the old one at once",
                )
                .command(
                    "or end it for good (Kafka 4.1 or later); what it wrote is aborted",
                    format!(
                        "{tool} forceTerminateTransaction --transactionalId {}",
                        quoted(&known.id)
                    ),
                )
        }
        Answer::Missing(_) => finding.command(
            "write the missing marker: what the transaction wrote is aborted",
            format!(
                "{tool} abort --topic {} --partition {} --start-offset {}",
                quoted(&open.topic),
                open.partition,
                open.from
            ),
        ),
        Answer::Unauthorised(why)
        | Answer::Failed(why)
        | Answer::Barred(Barrier { text: why, .. }) => finding
            .evidence("its coordinator", why.as_str())
            .command("find its transactional id", format!("{tool} list")),
        Answer::Unasked => finding.command("find its transactional id", format!("{tool} list")),
    }
}

/// A commit that is part of a transaction which doesn't end: nobody may read it.
pub(super) fn commit_pending(scene: &Scene<'_>) -> Vec<Finding> {
    let pending = |of: &Option<Committed>| *of == Some(Committed::Unstable);
    let places: Vec<&Place<'_>> = scene
        .places
        .iter()
        .filter(|place| pending(&place.committed) && pending(&place.before))
        .collect();
    if places.is_empty() || scene.watched_ms() < MOMENT_MS {
        return Vec::new();
    }
    let cause = format!(
        "the group's commit in {} is part of a transaction that has not ended for {}: who is \
         assigned these partitions meanwhile can't learn where to begin",
        count(places.len() as i64, "partition", "partitions"),
        span(scene.watched_ms())
    );
    let finding = Finding::new(
        Code::DoctorCommitPending,
        Stage::Position,
        &scene.snapshot.group,
        cause,
    );
    vec![
        seen(finding, &places)
            .command(
                "find the transaction that has written to __consumer_offsets and does not end",
                format!(
                    "{} find-hanging --topic __consumer_offsets",
                    scene.tool("kafka-transactions.sh")
                ),
            )
            .step("restart its producer with the same transactional.id, which ends it at once"),
    ]
}
