//! The last step: new stays, at the new place or where the old ones had come to.

use std::time::{Duration, Instant};

use penstock_core::partition::CommitPoint;

use super::{Moving, Reset, ResetOutcome, Step};
use crate::intake::{Intake, Stay};
use crate::source::Poller;

/// How long the client may take for one seek.
const SEEK: Duration = Duration::from_millis(500);
/// After this, whoever asked is told that the seek fails; it is tried on.
const SEEK_PATIENCE: Duration = Duration::from_secs(5);

/// What came of the commit.
#[derive(Clone)]
pub(super) enum End {
    /// The new offsets are committed.
    Moved,
    /// Those of before hold, for this reason.
    Kept(String),
    /// Either may be committed; those of before are read on from, and committed next.
    Unknown(String),
}

impl<S: Stay> Reset<S> {
    pub(super) fn place(&mut self, end: End) {
        self.until = Instant::now() + SEEK_PATIENCE;
        self.step = Step::Placing(end);
    }
}

impl<I: Intake> Poller<I> {
    /// New stays, once the client has let go of what it had fetched. Whether all are there.
    pub(super) fn placed(&mut self, reset: &mut Reset<I::Stay>, end: &End) -> bool {
        let mut failed = None;
        for moving in reset.moves.iter_mut().filter(|of| !of.gone && !of.placed) {
            let at = match end {
                End::Moved => CommitPoint::at(moving.to),
                End::Kept(_) | End::Unknown(_) => moving.at.clone(),
            };
            // From here on, no record of before arrives any more.
            match self.handle.seek(&moving.entry(&at), SEEK) {
                Err(error) => failed = Some(error),
                Ok(()) => {
                    self.begin_stay(moving, &at, end);
                    moving.placed = true;
                }
            }
        }
        let Some(error) = failed else {
            self.note_assigned();
            reset.tell(match end.clone() {
                End::Moved => ResetOutcome::Done {
                    handed_back: reset.handed_back,
                },
                End::Kept(why) => ResetOutcome::Refused(why),
                End::Unknown(why) => ResetOutcome::Unknown(why),
            });
            return true;
        };
        if Instant::now() >= reset.until {
            let why =
                format!("the client does not seek ({error}); if this lasts, restart the host");
            tracing::warn!("{why}");
            reset.until = Instant::now() + SEEK_PATIENCE;
            if reset.reply.is_some() {
                reset.tell(match end.clone() {
                    End::Moved => ResetOutcome::NotRead(why),
                    End::Kept(first) => ResetOutcome::Refused(format!("{first}; {why}")),
                    End::Unknown(first) => ResetOutcome::Unknown(format!("{first}; {why}")),
                });
            }
        }
        false
    }

    fn begin_stay(&mut self, moving: &Moving<I::Stay>, at: &CommitPoint, end: &End) {
        let (topic, number) = (moving.stay.topic(), moving.stay.number());
        let stay = self.intake.assign(topic, number, at.next);
        if let Some((low, log_end)) = moving.stay.last_watermarks() {
            stay.watermarks(low, log_end);
        }
        stay.skip_completed(at.next, &moving.stay.metadata(at));
        match end {
            End::Moved => stay.committed(at),
            // The next commit makes it so, whatever holds now.
            End::Unknown(_) if self.producer.is_some() => stay.owes_start(),
            End::Unknown(_) => self.committer.owe(&[moving.entry(at)]),
            End::Kept(_) => {}
        }
        self.cells.insert(stay);
    }
}
