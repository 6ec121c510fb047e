//! How a transaction ends: committed, aborted, or never, since the producer is of no more use.

use std::sync::atomic::Ordering;

use super::{AGAIN_AFTER, Next, Phase, RESTS_DOUBLED_MAX, Transactor};
use crate::ports::Trouble;
use crate::token::Token;

impl Transactor {
    pub(super) fn commit(&mut self) -> Next {
        let (is_sent, is_asked) = match &self.phase {
            Phase::Committing { progress, asked } => (progress.is_empty(), *asked),
            _ => unreachable!("it was looked at"),
        };
        let is_reported = is_sent && self.awaits_all_reports();
        // In this order: what is refused is noted before it counts as reported.
        if !is_asked && self.must_abort() {
            return self.aborts();
        }
        if is_sent && !is_reported {
            return Next::Sleep(None);
        }
        let Phase::Committing { progress, asked } = &mut self.phase else {
            unreachable!("it was looked at");
        };
        let done = if is_sent {
            *asked = true;
            self.entering.end();
            self.transactions.commit().map(|()| true)
        } else {
            self.transactions.send_offsets(progress).map(|()| {
                progress.clear();
                false
            })
        };
        match done {
            Ok(true) => self.committed(),
            Ok(false) => Next::Step,
            Err(Trouble::Again(_)) => Next::Sleep(Some(self.shared.now() + AGAIN_AFTER)),
            Err(Trouble::Abort(why)) => {
                tracing::warn!("a transaction can't be committed, and is begun again: {why}");
                self.aborts()
            }
            Err(Trouble::Fatal(why)) => self.fail(why),
        }
    }

    /// Whether all that was sent is reported; until then, each report is listened for.
    fn awaits_all_reports(&self) -> bool {
        let desk = self.desk();
        desk.awaits.store(true, Ordering::SeqCst);
        let is_all = desk.all_is_reported();
        if is_all {
            desk.awaits.store(false, Ordering::SeqCst);
        }
        is_all
    }

    /// What can't be committed is not tried again without a pause.
    fn rest(&mut self) {
        let rest = AGAIN_AFTER * (1 << self.aborts.min(RESTS_DOUBLED_MAX));
        self.rests_until = self.shared.now() + rest;
        self.aborts += 1;
    }

    fn committed(&mut self) -> Next {
        self.aborts = 0;
        let mut told = Vec::new();
        for (partition, next) in std::mem::take(&mut self.members).into_values() {
            let mut state = partition.lock();
            state.machine.transacted(&mut told);
            if let Some(point) = &next {
                state.machine.committed(point.clone());
            }
            let oldest = state.machine.oldest();
            state.bundles.drop_until(oldest);
            state.bundles.entered = 0;
            partition.settle(&mut state);
            if state.machine.owes(self.shared.now()) {
                // What is committed made room to park what others waited for.
                self.shared.list(&partition, &mut state);
            }
            drop(state);
            if let Some(point) = &next
                && self.shared.watches.any()
            {
                self.shared.watches.committed(partition.stay(), point.next);
            }
            self.shared.tell(&partition, &mut told);
        }
        self.phase = Phase::Idle;
        Next::Step
    }

    pub(super) fn aborts(&mut self) -> Next {
        self.phase = Phase::Aborting { done: false };
        Next::Step
    }

    pub(super) fn abort(&mut self) -> Next {
        if let Phase::Aborting { done: false } = self.phase {
            match self.transactions.abort() {
                Ok(()) => self.phase = Phase::Aborting { done: true },
                Err(Trouble::Fatal(why)) => return self.fail(why),
                Err(Trouble::Again(_) | Trouble::Abort(_)) => return self.again(),
            }
        }
        if !self.awaits_all_reports() {
            return Next::Sleep(None);
        }
        let members = std::mem::take(&mut self.members);
        for (partition, _) in members.values() {
            let mut state = partition.lock();
            state.machine.aborted();
            state.bundles.sending = None;
            state.bundles.entered = 0;
        }
        if !self.blame() {
            self.rest();
        }
        for (epoch, (partition, _)) in members {
            partition.settle(&mut partition.lock());
            self.active.insert(epoch, partition);
        }
        self.phase = Phase::Idle;
        Next::Step
    }

    /// Looks who is to blame for the abort; whether that is news. If it isn't, nothing would come of
    /// trying again at once.
    fn blame(&mut self) -> bool {
        let refused = self.desk().take_refused();
        let shared = &self.shared;
        let lives = |token| shared.partition(Token::epoch(token)).is_some();
        let (blamed, suspects) = self.entering.judge(refused, lives);
        let mut is_news = suspects;
        for (refused, for_good) in blamed {
            let epoch = Token::epoch(refused.token);
            if let Some(partition) = self.shared.partition(epoch) {
                let mut told = Vec::new();
                is_news |= partition.blame(&mut partition.lock(), &refused, for_good, &mut told);
                self.shared.tell(&partition, &mut told);
            }
        }
        is_news
    }

    pub(super) fn again(&self) -> Next {
        Next::Sleep(Some(self.shared.now() + AGAIN_AFTER))
    }

    /// Nothing more can be committed.
    pub(super) fn fail(&mut self, why: String) -> Next {
        tracing::error!("transactions have come to their end: {why}");
        self.phase = Phase::Failed;
        self.desk().failed.store(true, Ordering::SeqCst);
        self.shared.signal_settled();
        if let Some(failed) = self.failed.take() {
            failed(why);
        }
        Next::Sleep(None)
    }
}
