//! Committed offsets that lie outside of their logs.

use crate::codes::Code;
use crate::diagnosis::words::{count, list};
use crate::preflight::finding::Finding;
use crate::preflight::positions::{Position, Why};
use crate::preflight::scene::Scene;

use super::Found;

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    for topic in scene.config.topics.keys() {
        let of: Vec<&Position> = scene
            .positions
            .iter()
            .filter(|of| of.topic == *topic)
            .collect();
        let mut lost = 0;
        let (mut below, mut beyond) = (Vec::new(), Vec::new());
        for position in of {
            match position.why {
                Why::BelowLog { lost: here } => {
                    lost += here;
                    below.push(position);
                }
                Why::BeyondLog { .. } => beyond.push(position),
                _ => {}
            }
        }
        if !below.is_empty() {
            found.add(deleted(topic, &below, lost));
        }
        if !beyond.is_empty() {
            found.add(behind_the_end(topic, &beyond));
        }
    }
}

fn deleted(topic: &str, below: &[&Position], lost: i64) -> Finding {
    let records = count(lost, "record of", "records of");
    let what = format!("up to {records} {topic} were deleted before the group had read them");
    Finding::warning(Code::PreflightOutsideLog, topic, what)
        .why(format!(
            "the committed offset lies before the first record in {}",
            each(below)
        ))
        .cost("they are gone; the host says so (PSK-K004) and goes on with the first that is left")
        .step("raise the topic's retention, so that it does not come again; see PSK-K004")
}

fn behind_the_end(topic: &str, beyond: &[&Position]) -> Finding {
    let again: i64 = beyond.iter().map(|of| of.ahead()).sum();
    let what = format!("the committed offset of {topic} lies behind the end of the log");
    Finding::problem(Code::PreflightOutsideLog, topic, what)
        .why(format!(
            "{}: the log was truncated, or the topic deleted and made again",
            each(beyond)
        ))
        .cost(format!(
            "the brokers refuse to read there: the host begins with the first record (PSK-K004), so \
             up to {} may be processed again",
            count(again, "record", "records")
        ))
        .step(
            "decide where to begin: `penstock offsets reset --to earliest`, or another place, with \
             --dry-run first",
        )
}

fn each(positions: &[&Position]) -> String {
    let each = positions.iter().map(|of| {
        let committed = match of.why {
            Why::BelowLog { lost } => of.log.start - lost,
            Why::BeyondLog { committed } => committed,
            _ => of.from,
        };
        let (partition, start, end) = (of.partition, of.log.start, of.log.end);
        format!("[{partition}] (committed {committed}, the log is {start} to {end})")
    });
    list(&each.collect::<Vec<_>>(), "and")
}
