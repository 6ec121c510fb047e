//! Asks for the logs' ends out of band, so that lag is known of partitions that get no records too.
//! What is not known stays unknown.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use penstock_core::codes::Code;

use crate::bootstrap::Bootstrap;
use crate::intake::Stay;
use crate::latch::{self, Latch};
use crate::native::{Error, Handle, OFFSET_BEGINNING, OFFSET_END, PartitionOffset};
use crate::stop::Stop;

/// Between two looks when everything is caught up.
const CALM: Duration = Duration::from_secs(10);
/// The same while there is lag, or Kafka could not be asked.
const BUSY: Duration = Duration::from_secs(2);
/// How long one question may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The stays to ask for; the poll thread keeps it current.
pub type Live<S> = Arc<Mutex<Vec<Arc<S>>>>;

/// Runs until asked to stop.
pub fn run<S: Stay>(handle: &Handle, live: &Live<S>, latch: &dyn Latch, stop: &Stop) {
    let (mut pause, mut bootstrap) = (BUSY, Bootstrap::default());
    while !stop.wait(pause) {
        let stays = live.lock().unwrap_or_else(PoisonError::into_inner).clone();
        pause = if stays.is_empty() {
            CALM
        } else {
            look(handle, &stays, latch, &mut bootstrap)
        };
    }
}

fn look<S: Stay>(
    handle: &Handle,
    stays: &[Arc<S>],
    latch: &dyn Latch,
    bootstrap: &mut Bootstrap,
) -> Duration {
    let asked = ask(handle, stays, OFFSET_BEGINNING)
        .and_then(|low| ask(handle, stays, OFFSET_END).map(|end| (low, end)));
    // A member that has no connection left does not hear that it is none any more.
    let is_stuck = asked.as_ref().is_err_and(latch::is_unreachable);
    bootstrap.look(is_stuck, handle);
    let (low, end) = match asked {
        Ok(answers) => answers,
        // The connection was closed under it, for what another request brought.
        Err(error) if latch::condition(error.code) == Some(Code::RecordUnreadable) => {
            tracing::debug!("asking for the logs' ends: {error}");
            return BUSY;
        }
        Err(error) => {
            let what = "asking for the logs' ends";
            latch::raise_error(latch, handle.who(), latch::CLUSTER, &error, what);
            return BUSY;
        }
    };
    latch::reachable(latch);
    let mut lagging = false;
    let mut known = BTreeSet::new();
    for stay in stays {
        let key = (Arc::clone(stay.topic()), stay.number());
        let (Some(low), Some(end)) = (low.get(&key), end.get(&key)) else {
            continue;
        };
        stay.watermarks(*low, *end);
        lagging |= stay.fetch_position().0 < *end;
        known.insert(key.0);
    }
    for topic in known {
        latch::clear(latch, Code::TopicMissing, &topic);
    }
    if lagging { BUSY } else { CALM }
}

type Answers = HashMap<(Arc<str>, i32), i64>;

fn ask<S: Stay>(handle: &Handle, stays: &[Arc<S>], at: i64) -> Result<Answers, Error> {
    let question = |stay: &Arc<S>| PartitionOffset::new(stay.topic(), stay.number(), at);
    let questions: Vec<_> = stays.iter().map(question).collect();
    let answers = handle.list_offsets(&questions, TIMEOUT)?;
    let good = answers.into_iter().filter(|entry| entry.error.is_none());
    Ok(good
        .map(|entry| ((entry.topic, entry.partition), entry.offset))
        .collect())
}
