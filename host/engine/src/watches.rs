//! Records that somebody watches on their way. While nobody does, that costs a look at one number
//! a batch, a run, a commit and a row of acknowledgements.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use penstock_core::batch::Batch;
use penstock_core::decide::Decision;
use penstock_core::partition::Told;
use penstock_core::record::{AssignmentEpoch, NextOffset, Offset, Record};
use penstock_core::verdict::{Failure, Verdict};
use penstock_core::watch::{Decided, Event, Place, Step, Why};

use crate::plan::TopicPlan;

/// Watches at once.
const WATCHES_MAX: usize = 16;
/// Records of one watch; later ones that match are left out.
const RECORDS_MAX: usize = 64;
/// Steps of one watch; later ones are left out.
const STEPS_MAX: usize = 1024;
/// Bytes of a text; the log has it whole.
const TEXT_BYTES_MAX: usize = 4096;
/// Whoever does not ask for so long is gone.
const UNASKED_MAX: Duration = Duration::from_secs(10);

/// Says of a record whether it is watched.
pub type Matches = Box<dyn Fn(&Record<'_>) -> bool + Send + Sync>;

/// See the module.
#[derive(Default)]
pub(crate) struct Watches {
    open: AtomicUsize,
    /// A bit for each watched offset, by its last six bits: most records need no look at the list.
    offsets: AtomicU64,
    all: Mutex<All>,
    news: Condvar,
}

#[derive(Default)]
struct All {
    watches: Vec<Watch>,
    last: u64,
}

struct Watch {
    number: u64,
    topic: usize,
    matches: Matches,
    since: Instant,
    asked: Instant,
    records: Vec<Watched>,
    steps: Vec<Step>,
}

/// A record within a stay of its partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Watched {
    epoch: AssignmentEpoch,
    partition: i32,
    offset: Offset,
    /// Nothing more happens to it.
    over: bool,
}

/// A stay of a partition.
#[derive(Clone, Copy)]
pub(crate) struct Stay<'a> {
    pub plan: &'a TopicPlan,
    /// Index of the topic.
    pub topic: usize,
    pub partition: i32,
    pub epoch: AssignmentEpoch,
}

impl Watches {
    /// Whether anything is watched.
    pub fn any(&self) -> bool {
        self.open.load(Ordering::Relaxed) > 0
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, all: &All) {
        let records = all.watches.iter().flat_map(|of| &of.records);
        let offsets = records.fold(0, |bits, of| bits | bit(of.offset));
        self.offsets.store(offsets, Ordering::Relaxed);
        self.open.store(all.watches.len(), Ordering::Relaxed);
    }

    /// A new watch of a topic; its number. `None`: there are as many as allowed.
    pub fn open(&self, topic: usize, matches: Matches) -> Option<u64> {
        let mut all = self.lock();
        let now = Instant::now();
        all.forget(now);
        let number = (all.watches.len() < WATCHES_MAX).then(|| {
            all.last += 1;
            let number = all.last;
            all.watches.push(Watch {
                number,
                topic,
                matches,
                since: now,
                asked: now,
                records: Vec::new(),
                steps: Vec::new(),
            });
            number
        });
        self.count(&all);
        number
    }

    /// The steps of a watch from the one numbered `from` on; waits at most `wait` for the first.
    /// `None`: there is no such watch any more.
    pub fn steps(&self, number: u64, from: usize, wait: Duration) -> Option<Vec<Step>> {
        let deadline = Instant::now() + wait;
        let mut all = self.lock();
        loop {
            let watch = all.watches.iter_mut().find(|of| of.number == number)?;
            let now = Instant::now();
            watch.asked = now;
            let left = deadline.saturating_duration_since(now);
            if watch.steps.len() > from || left.is_zero() {
                return Some(watch.steps.get(from..).unwrap_or_default().to_vec());
            }
            let waited = self.news.wait_timeout(all, left);
            all = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Records of a batch arrived, from the one at `skip` on; `watched` is told the index of each
    /// that is watched.
    pub fn received(
        &self,
        stay: Stay<'_>,
        batch: &Batch,
        skip: usize,
        mut watched: impl FnMut(usize),
    ) {
        let mut all = self.lock();
        all.forget(Instant::now());
        for watch in all.watches.iter_mut().filter(|of| of.topic == stay.topic) {
            for index in skip..batch.len() {
                let record = batch.record(index);
                if watch.records.len() < RECORDS_MAX && (watch.matches)(&record) {
                    let record = Watched {
                        epoch: stay.epoch,
                        partition: stay.partition,
                        offset: record.offset,
                        over: false,
                    };
                    watch.records.push(record);
                    watch.add(record, Event::Received);
                    watched(index);
                }
            }
        }
        self.count(&all);
        self.news.notify_all();
    }

    /// A call came back.
    pub fn decided(
        &self,
        stay: Stay<'_>,
        offset: Offset,
        (handler, attempt): (usize, u32),
        decision: &Decision,
    ) {
        self.happened(stay, offset, || Event::Decided {
            handler: handler_name(stay, handler),
            attempt,
            what: decided(decision),
        });
    }

    /// A message is acknowledged.
    pub fn acknowledged(
        &self,
        stay: Stay<'_>,
        offset: Offset,
        (handler, dead_letter): (usize, bool),
        place: Place,
    ) {
        self.happened(stay, offset, || Event::Acknowledged {
            handler: handler_name(stay, handler),
            dead_letter,
            place: place.clone(),
        });
    }

    /// A message is refused.
    pub fn refused(
        &self,
        stay: Stay<'_>,
        offset: Offset,
        handler: usize,
        (topic, why, for_good): (&str, &str, bool),
    ) {
        self.happened(stay, offset, || Event::Refused {
            handler: handler_name(stay, handler),
            topic: topic.to_owned(),
            why: bounded(why),
            for_good,
        });
    }

    /// Deliveries ended.
    pub fn told(&self, stay: Stay<'_>, told: &[Told]) {
        for of in told {
            self.happened(stay, of.offset, || Event::Ended {
                handler: handler_name(stay, of.handler),
                verdict: verdict(&of.verdict).to_owned(),
            });
        }
    }

    /// All before `next` are committed.
    pub fn committed(&self, stay: Stay<'_>, next: NextOffset) {
        let before = |of: &Watched| of.offset.next() <= next;
        self.over(stay, before, Event::Committed { next: next.0 });
    }

    /// The stay is over.
    pub fn closed(&self, stay: Stay<'_>) {
        self.over(stay, |_| true, Event::HandedBack);
    }

    fn happened(&self, stay: Stay<'_>, offset: Offset, event: impl Fn() -> Event) {
        if self.offsets.load(Ordering::Relaxed) & bit(offset) == 0 {
            return;
        }
        let mut all = self.lock();
        for watch in all.watches.iter_mut().filter(|of| of.topic == stay.topic) {
            let mut records = watch.records.iter();
            let found = records.find(|of| of.is_of(stay) && of.offset == offset);
            if let Some(record) = found.copied() {
                watch.add(record, event());
            }
        }
        self.news.notify_all();
    }

    fn over(&self, stay: Stay<'_>, which: impl Fn(&Watched) -> bool, event: Event) {
        let mut all = self.lock();
        for watch in all.watches.iter_mut().filter(|of| of.topic == stay.topic) {
            for index in 0..watch.records.len() {
                let record = &mut watch.records[index];
                if !record.over && record.is_of(stay) && which(record) {
                    record.over = true;
                    let record = *record;
                    watch.add(record, event.clone());
                }
            }
        }
        self.news.notify_all();
    }
}

impl All {
    /// Forgets the watches that nobody asks for.
    fn forget(&mut self, now: Instant) {
        let gone = |of: &Watch| now.saturating_duration_since(of.asked) > UNASKED_MAX;
        self.watches.retain(|of| !gone(of));
    }
}

impl Watch {
    fn add(&mut self, record: Watched, event: Event) {
        if self.steps.len() < STEPS_MAX {
            self.steps.push(Step {
                after_us: self.since.elapsed().as_micros() as u64,
                partition: record.partition,
                offset: record.offset.0,
                event,
            });
        }
    }
}

impl Watched {
    fn is_of(&self, stay: Stay<'_>) -> bool {
        self.epoch == stay.epoch
    }
}

fn bit(offset: Offset) -> u64 {
    1 << (offset.0 & 63)
}

fn handler_name(stay: Stay<'_>, handler: usize) -> String {
    stay.plan.handlers[handler].name.to_string()
}

fn decided(decision: &Decision) -> Decided {
    match decision {
        Decision::Emit { outputs } => Decided::Emit { outputs: *outputs },
        Decision::Skip(reason) => Decided::Skip(Why {
            code: reason.code.clone(),
            text: bounded(&reason.text),
        }),
        Decision::Again { after, why, .. } => Decided::Again {
            after_ms: after.as_millis() as u64,
            why: of_failure(why),
        },
        Decision::DeadLetter(why) => Decided::DeadLetter(of_failure(why)),
        Decision::Halt(why) => Decided::Halt(of_failure(why)),
    }
}

fn of_failure(failure: &Failure) -> Why {
    Why {
        code: failure.code().to_string(),
        text: bounded(&failure.text()),
    }
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Emitted { .. } => "emitted",
        Verdict::Skipped(_) => "skipped",
        Verdict::DeadLettered { .. } => "dead-lettered",
    }
}

fn bounded(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
}
