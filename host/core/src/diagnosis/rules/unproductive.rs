//! Offsets that advance with nothing produced.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::outputs::{Arrival, arrivals, handled, nothing_arrived};
use crate::diagnosis::patience::NEXT_COMMIT_MS;
use crate::diagnosis::scene::{Place, Scene};
use crate::diagnosis::words::{count, list, quoted, span, time};

/// A group works, and no output topic of those that were named gets anything. A host of Penstock
/// says by its ledger what became of each record.
pub(super) fn rule(scene: &Scene<'_>) -> Vec<Finding> {
    let arrivals = arrivals(scene);
    let long = scene.is_settled() && scene.watched_ms() >= NEXT_COMMIT_MS;
    let works = |place: &&Place<'_>| handled(place).is_some_and(|records| records > 0);
    let places: Vec<&Place<'_>> = scene.places.iter().filter(works).collect();
    let quiet = nothing_arrived(&arrivals) && !arrivals.iter().any(|of| is_recent(scene, of));
    if places.is_empty() || !long || !quiet || !scene.is_of_consumers() || scene.is_seen_inside() {
        return Vec::new();
    }
    vec![finding(scene, &places, &arrivals)]
}

/// What was committed first may have been handled before the first look, with its outputs.
fn is_recent(scene: &Scene<'_>, of: &Arrival<'_>) -> bool {
    let last = of.last_ms.flatten();
    last.is_some_and(|last| last > scene.first.at_ms - NEXT_COMMIT_MS)
}

fn finding(scene: &Scene<'_>, places: &[&Place<'_>], arrivals: &[Arrival<'_>]) -> Finding {
    let records: i64 = places.iter().filter_map(|place| handled(place)).sum();
    let mut inputs: Vec<&str> = places.iter().map(|place| place.topic).collect();
    inputs.dedup();
    let outputs: Vec<&str> = arrivals.iter().map(|of| of.topic).collect();
    let (inputs, watched) = (list(&inputs, "and"), span(scene.watched_ms()));
    let cause = format!(
        "{} of {inputs} were handled and committed within {watched}, and nothing arrived in {}: the \
         handler takes an error for success, its own or its producer's, so that records are passed \
         over at lag 0",
        count(records, "record", "records"),
        list(&outputs, "or")
    );
    let subject = list(&outputs, "and");
    let mut finding = Finding::new(Code::DoctorNothingProduced, Stage::Outcome, &subject, cause);
    for place in places.iter().take(4) {
        let moved = place.position_before().zip(place.position());
        let (then, now) = moved.unwrap_or_default();
        finding = finding.evidence(place.name(), format!("committed {then}, then {now}"));
    }
    for of in arrivals {
        finding = finding.evidence(of.topic, arrived(scene, of));
    }
    let place = places[0];
    let passed = place.position().zip(handled(place));
    let finding = finding
        .or(
            "it filters: none of these records is to lead to an output. Then nothing is wrong; a \
             look at one of them tells",
        )
        .or("it writes elsewhere: to another topic, or another cluster; its configuration tells")
        .or(
            "its producer is refused, or can't reach the leaders, and nobody hears of it: the \
             producer's own log and its metric record-error-total tell; the user it connects as \
             needs Write on the topic",
        )
        .or("it gathers, and writes later: a longer --watch-for tells")
        .or(
            "it commits more seldom than it was watched: these records, and their outputs, were \
             before that; a longer --watch-for tells",
        );
    let finding = finding
        .command(
            "look at a record that was passed over, and give it to the handler by hand",
            format!(
                "penstock peek {} --partition {} --from {} -n 1 {}",
                quoted(place.topic),
                place.partition,
                passed.map_or(0, |(now, records)| now - records),
                scene.entrance()
            ),
        )
        .step(
            "let the handler end in an error if its output is not acknowledged: await what send() \
             promises (KafkaJS), the Future or the callback (Java), and don't catch what it throws",
        );
    finding.step(match arrivals.iter().filter_map(|of| of.last_ms).flatten().max() {
        Some(last) => format!(
            "what was passed over is still there, as long as the topic keeps it: once it is mended, \
             stop the members and put the group to where the outputs ended: penstock offsets reset \
             --to {}",
            time(last)
        ),
        None => "what was passed over is still there, as long as the topic keeps it: once it is \
                 mended, stop the members and put the group back: penstock offsets reset --to TIME"
            .to_owned(),
    })
}

fn arrived(scene: &Scene<'_>, of: &Arrival<'_>) -> String {
    match of.last_ms {
        None => "nothing arrived".to_owned(),
        Some(None) => "nothing arrived; it holds no record".to_owned(),
        Some(Some(last)) => format!(
            "nothing arrived; its last record is of {}, {} before",
            time(last),
            span((scene.last.at_ms - last).max(0))
        ),
    }
}
