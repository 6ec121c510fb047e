//! What hosts of Penstock say of themselves: where they answer, nothing has to be guessed.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::patience::{BACKOFF_MS, NEXT_COMMIT_MS, OUTBOX_MS};
use crate::diagnosis::scene::{Inside, Place, Scene};
use crate::diagnosis::words::{quoted, span, times, wait};
use crate::status::{HostState, Status, WaitStatus};

use super::left_over::successor;

/// A deadline has passed after ten times as long by the clock at the latest, and is tried once
/// more.
const DEADLINES_MAX: u64 = 20;

/// What a host has latched: it met it itself.
pub(super) fn conditions(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (_, status) in scene.hosts() {
        for of in &status.conditions {
            let Some(code) = Code::named(&of.code) else {
                continue;
            };
            let Some(stage) = stage(code) else { continue };
            if code == Code::PluginCompiling && is_with_others(scene, &of.subject) {
                continue;
            }
            let same = |found: &&mut Finding| found.code == code && found.subject == of.subject;
            let known = findings.iter_mut().find(same);
            let seen = format!("since {}, {}", of.first_seen, times(of.count));
            let label = format!("host {}", status.host);
            match known {
                Some(finding) => *finding = finding.clone().evidence(label, seen),
                None => findings.push(
                    Finding::new(code, stage, &of.subject, of.text.clone())
                        .evidence(label, seen)
                        .step(step(code)),
                ),
            }
        }
    }
    findings
}

fn step(code: Code) -> String {
    let page = format!("docs/codes/{code}.md");
    match code {
        Code::Halted => format!(
            "do what the text says, and restart the host; or step over the record on purpose, \
             while the host runs: `penstock offsets reset -c FILE --topic TOPIC --partition N --to \
             OFFSET`, with the offset after it ({page})"
        ),
        Code::ParkingFull => format!(
            "see why the parked records fail: `penstock peek TOPIC -c FILE --partition N --from \
             OFFSET -n 1 --through HANDLER`; then mend it, or raise `[parking]` ({page})"
        ),
        _ => format!("what brings it about, and what mends it, is in {page}"),
    }
}

/// At which stage what is latched keeps records back; `None` if it is over and only told.
fn stage(code: Code) -> Option<Stage> {
    Some(match code {
        Code::KafkaUnreachable | Code::KafkaRefused => Stage::Broker,
        Code::ClientFatal | Code::GroupRefuses => Stage::Group,
        Code::TopicMissing | Code::PluginCompiling => Stage::Assignment,
        Code::RecordUnreadable | Code::Throttled => Stage::Fetch,
        Code::Halted | Code::ParkingFull => Stage::Handler,
        Code::OutputUnwritable | Code::DeadLetterUnwritable => Stage::Outcome,
        Code::CommitFailed => Stage::Commit,
        _ => return None,
    })
}

/// Whether each partition of a topic has an owner: what one host can't read yet, others do.
fn is_with_others(scene: &Scene<'_>, topic: &str) -> bool {
    let mut places = scene.places.iter().filter(|place| place.topic == topic);
    // What an earlier life of the host has left does not read it.
    let is_read = |place: &Place<'_>| place.owner.is_some() && successor(scene, place).is_none();
    // Of one that is not seen, nobody is known to read it.
    places.next().is_some_and(is_read) && places.all(is_read)
}

/// Whether a host says itself that it reads a topic once a plugin is compiled.
pub(super) fn compiles_for(scene: &Scene<'_>, topic: &str) -> bool {
    let mut conditions = scene.hosts().flat_map(|(_, status)| &status.conditions);
    conditions.any(|of| of.code == Code::PluginCompiling.as_str() && of.subject == topic)
}

/// Whether a host says itself why nothing of a kind goes on.
fn says(status: &Status, codes: &[Code]) -> bool {
    let conditions = status.conditions.iter();
    let mut held = conditions.filter_map(|of| Code::named(&of.code));
    held.any(|code| codes.contains(&code))
}

/// Each partition of which its host says something.
fn each<'p, 's>(
    scene: &'p Scene<'s>,
) -> impl Iterator<Item = (&'p Place<'s>, Inside<'s>)> + use<'p, 's> {
    let places = scene.places.iter();
    places.filter_map(|place| Some((place, place.inside?)))
}

/// One record is tried again and again.
pub(super) fn retrying(scene: &Scene<'_>) -> Vec<Finding> {
    let found = each(scene).filter_map(|(place, inside)| {
        let waits = inside.now.waits.as_ref()?;
        let long = waits.kind == "backoff" && waits.for_ms >= BACKOFF_MS;
        long.then(|| retry(scene, place, inside, waits))
    });
    found.collect()
}

fn retry(scene: &Scene<'_>, place: &Place<'_>, inside: Inside<'_>, waits: &WaitStatus) -> Finding {
    let code = waits.code.as_deref().and_then(Code::named);
    let handler = waits.handler.as_deref().unwrap_or("a handler");
    let record = waits.offset.map_or_else(String::new, |at| format!(" {at}"));
    let cause = format!(
        "record{record} of {} has been tried again by {handler} for {}; what comes after it in the \
         partition waits until it succeeds or its attempts are used up",
        place.name(),
        span_of(waits.for_ms)
    );
    let finding = Finding::new(
        code.unwrap_or(Code::RetriesExhausted),
        Stage::Handler,
        &place.name(),
        cause,
    );
    let finding = of_host(finding, place, inside).evidence("next", waits.text.clone());
    see(finding, scene, place, waits.offset).step(format!(
        "mend what {handler} waits for; `retry` in its table bounds attempts and backoff, and \
         `failures.retry` says what is done after them"
    ))
}

/// The brokers take nothing more, or no instance comes free.
pub(super) fn held_up(scene: &Scene<'_>) -> Vec<Finding> {
    let found = each(scene).filter_map(|(place, inside)| {
        let waits = inside.now.waits.as_ref()?;
        let (code, stage) = match waits.kind.as_str() {
            "outbox" => (Code::OutputUnwritable, Stage::Outcome),
            "instance" => (Code::DoctorHostStandsStill, Stage::Handler),
            _ => return None,
        };
        let told = says(
            inside.host,
            &[Code::OutputUnwritable, Code::KafkaUnreachable],
        );
        if waits.for_ms < OUTBOX_MS || told {
            return None;
        }
        let cause = format!(
            "{} has waited for {}: {}",
            place.name(),
            span_of(waits.for_ms),
            waits.text
        );
        let finding = Finding::new(code, stage, &place.name(), cause);
        Some(of_host(finding, place, inside).step(if stage == Stage::Outcome {
            "see what the brokers of the output topics do: a full disk, a quota, a slow replica; \
             `host.outbox` bounds what may be under way"
        } else {
            "the handler is called by more partitions than its `limits.instances` allow at once: \
             raise it, or make the handler faster"
        }))
    });
    found.collect()
}

/// A record is in hand for longer than its deadlines allow, and nothing is waited for.
pub(super) fn stands_still(scene: &Scene<'_>) -> Vec<Finding> {
    let outside = [
        Code::OutputUnwritable,
        Code::DeadLetterUnwritable,
        Code::KafkaUnreachable,
        Code::KafkaRefused,
    ];
    let found = each(scene).filter_map(|(place, inside)| {
        let open = inside.now.oldest_open_ms?;
        let most = deadline_ms(inside.host, place.topic) * DEADLINES_MAX + NEXT_COMMIT_MS as u64;
        if open < most || inside.now.waits.is_some() || says(inside.host, &outside) {
            return None;
        }
        let cause = format!(
            "a record of {} has been in hand for {}, longer than its handlers' deadlines allow, \
             and the host names nothing that it waits for",
            place.name(),
            span_of(open)
        );
        let code = Code::DoctorHostStandsStill;
        let finding = Finding::new(code, Stage::Handler, &place.name(), cause);
        let finding = of_host(finding, place, inside);
        let finding = see(finding, scene, place, Some(inside.now.position));
        Some(restart(finding, inside))
    });
    found.collect()
}

/// The longest deadline among a topic's handlers, in milliseconds.
fn deadline_ms(status: &Status, topic: &str) -> u64 {
    let handlers = status.handlers.iter().filter(|of| of.topic == topic);
    handlers.map(|of| of.deadline_ms).max().unwrap_or(0)
}

/// Records wait in the log, and the host has nothing in hand and gets nothing.
pub(super) fn fetch_stalled(scene: &Scene<'_>) -> Vec<Finding> {
    if scene.watched_ms() < NEXT_COMMIT_MS {
        return Vec::new();
    }
    let found = each(scene).filter_map(|(place, inside)| {
        let before = inside.before?;
        let at = inside.now.position;
        let idle = inside.now.unfinished == 0 && before.unfinished == 0 && before.position == at;
        let consumes = inside.host.state == HostState::Consuming && inside.now.waits.is_none();
        let waited = place.log_before?.last_stable > at && place.position() == Some(at);
        let damaged = place
            .next_batch()
            .is_some_and(|batch| batch.is_sound == Some(false));
        let outside = [
            Code::KafkaUnreachable,
            Code::KafkaRefused,
            Code::TopicMissing,
            Code::RecordUnreadable,
        ];
        let told = damaged || inside.now.paused || says(inside.host, &outside);
        if !idle || !consumes || !waited || !place.is_readable() || told {
            return None;
        }
        let cause = format!(
            "{} in {}, whose host has fetched none of them for {} and has nothing in hand",
            wait(place.waiting().unwrap_or(0)),
            place.name(),
            span(scene.watched_ms())
        );
        let code = Code::DoctorFetchStalled;
        let finding = Finding::new(code, Stage::Fetch, &place.name(), cause);
        Some(restart(of_host(finding, place, inside), inside))
    });
    found.collect()
}

/// What is finished is not committed, though nothing refuses it.
pub(super) fn uncommitted(scene: &Scene<'_>) -> Vec<Finding> {
    let found = each(scene).filter_map(|(place, inside)| {
        let patience = NEXT_COMMIT_MS + 2 * inside.host.commit_interval_ms as i64;
        let finished = inside.before?.position;
        let behind = place.position()? < finished && !place.has_moved();
        let told = says(inside.host, &[Code::CommitFailed, Code::KafkaUnreachable]);
        if scene.watched_ms() < patience || !behind || told {
            return None;
        }
        let cause = format!(
            "{} is finished up to {finished} and committed up to {}, and that has not changed for \
             {}",
            place.name(),
            place.position()?,
            span(scene.watched_ms())
        );
        let finding = Finding::new(Code::CommitFailed, Stage::Commit, &place.name(), cause);
        Some(restart(of_host(finding, place, inside), inside))
    });
    found.collect()
}

fn of_host(mut finding: Finding, place: &Place<'_>, inside: Inside<'_>) -> Finding {
    finding.topic = Some(place.topic.to_owned());
    finding.partitions = vec![place.partition];
    let (label, seen) = place.evidence();
    finding.evidence(label, seen).evidence(
        format!("host {}", inside.host.host),
        format!(
            "finished up to {}, {} in hand, {} bytes",
            inside.now.position, inside.now.unfinished, inside.now.buffered_bytes
        ),
    )
}

fn see(finding: Finding, scene: &Scene<'_>, place: &Place<'_>, at: Option<i64>) -> Finding {
    let Some(at) = at else { return finding };
    finding.command(
        "see the record",
        format!(
            "penstock peek {} --partition {} --from {at} -n 1 {}",
            quoted(place.topic),
            place.partition,
            scene.entrance()
        ),
    )
}

fn restart(finding: Finding, inside: Inside<'_>) -> Finding {
    finding.step(format!(
        "restart host {}: another one takes its partitions meanwhile, and nothing is lost. This is \
         a fault of Penstock or of the Kafka client: please report it, with `penstock status \
         --json` and `penstock doctor --save` from before the restart",
        inside.host.host
    ))
}

fn span_of(ms: u64) -> String {
    span(i64::try_from(ms).unwrap_or(i64::MAX))
}
