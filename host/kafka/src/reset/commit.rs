//! The step that commits: the new offsets, or, where it is not known what came of them, those
//! again that the stays had come to.

use std::time::{Duration, Instant};

use super::{End, REBALANCED, Reset, ResetOutcome, Step};
use crate::commit::may_pass;
use crate::intake::{Intake, Stay};
use crate::native::PartitionOffset;
use crate::source::Poller;

/// For how long the new offsets are tried to be committed, if that fails for a passing reason.
const MOVE: Duration = Duration::from_secs(6);
/// The same for the old ones.
const PUT_BACK: Duration = Duration::from_secs(5);
/// Between two tries.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// A commit that waits for the one in flight, or for its answer.
#[derive(Clone)]
pub(super) struct Commit {
    /// Why the old offsets are committed; `None` for the new ones.
    back: Option<String>,
    sent: bool,
    again: Instant,
    until: Instant,
}

impl Commit {
    pub(super) fn of_the_new(now: Instant) -> Commit {
        Commit {
            back: None,
            sent: false,
            again: now,
            until: now + MOVE,
        }
    }

    fn of_the_old(now: Instant, why: String) -> Commit {
        Commit {
            back: Some(why),
            until: now + PUT_BACK,
            ..Commit::of_the_new(now)
        }
    }
}

impl<S: Stay> Reset<S> {
    pub(super) fn commit(&mut self, commit: Commit) {
        self.step = Step::Committing(commit);
    }

    /// What is to be committed.
    fn entries(&mut self, is_back: bool) -> Vec<PartitionOffset> {
        for moving in &mut self.moves {
            moving.put_back = is_back && !moving.gone;
        }
        let entry = |of: &super::Moving<S>| match is_back {
            true => of.entry(&of.at),
            false => of.new_entry(),
        };
        self.ours().map(entry).collect()
    }

    /// It is not committed, or not known to be.
    fn failed(&mut self, commit: Commit, why: String) {
        let Some(first) = commit.back else {
            if self.in_doubt {
                self.commit(Commit::of_the_old(Instant::now(), why));
            } else {
                self.place(End::Kept(why));
            }
            return;
        };
        self.place(End::Unknown(format!(
            "{first}; nor are the old ones known to be committed again: {why}"
        )));
    }

    fn succeeded(&mut self, commit: Commit) {
        let all_back = self.moves.iter().all(|of| of.put_back);
        self.place(match commit.back {
            None => End::Moved,
            Some(why) if all_back => {
                End::Kept(format!("{why}; the offsets of before are committed again"))
            }
            Some(why) => End::Unknown(format!("{why}; {REBALANCED}")),
        });
    }
}

impl<I: Intake> Poller<I> {
    pub(super) fn committing(&mut self, reset: &mut Reset<I::Stay>, commit: Commit) {
        if commit.sent {
            self.answered(reset, commit);
        } else {
            self.send(reset, commit);
        }
    }

    fn send(&mut self, reset: &mut Reset<I::Stay>, commit: Commit) {
        let now = Instant::now();
        let is_back = commit.back.is_some();
        let (gone, left) = (
            reset.moves.len() - reset.ours().count(),
            reset.ours().count(),
        );
        if left == 0 || (gone > 0 && !is_back) {
            return reset.failed(commit, REBALANCED.to_owned());
        }
        if now < commit.again {
            return;
        }
        let entries = reset.entries(is_back);
        match self.committer.begin_move(&entries) {
            Ok(true) => {
                reset.in_doubt = true;
                reset.commit(Commit {
                    sent: true,
                    ..commit
                });
            }
            Ok(false) if now < commit.until => {}
            Ok(false) => {
                let why = "the commit before this one is not answered";
                reset.failed(commit, why.to_owned());
            }
            Err(error) => reset.failed(commit, error.to_string()),
        }
    }

    fn answered(&mut self, reset: &mut Reset<I::Stay>, commit: Commit) {
        let now = Instant::now();
        match self.committer.moved() {
            None if now >= commit.until && reset.reply.is_some() => {
                let why = "the commit is sent and not answered; the partitions wait for the answer";
                reset.tell(ResetOutcome::Unknown(why.to_owned()));
            }
            None => {}
            Some(Ok(())) => reset.succeeded(commit),
            Some(Err(error)) if may_pass(error.code) && now < commit.until => {
                reset.commit(Commit {
                    sent: false,
                    again: now + AGAIN_AFTER,
                    ..commit
                });
            }
            Some(Err(error)) if commit.back.is_none() => {
                let why = format!("the new offsets were not acknowledged: {error}");
                reset.failed(commit, why);
            }
            Some(Err(error)) => reset.failed(commit, error.to_string()),
        }
    }
}
