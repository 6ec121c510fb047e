//! How long a call may last. What counts is the processor time of its thread, so that a guest is
//! not timed out for what others took of the machine (docs/decisions/0012).

use std::time::Duration;

use penstock_engine::ports::TICK;

/// A call ends after its deadline so many times over in ticks, however little its thread ran: a
/// record must not hold its partition for ever. A suspect's thread has a tenth of a core beside
/// one that takes all it can get.
const TICKS_PER_DEADLINE: u64 = 10;

/// The deadline of one call after the other.
///
/// The processor time is read only at ticks that a call sees: those that end before one, nearly
/// all, pay nothing.
#[derive(Debug)]
pub(crate) struct Deadline {
    limit: Duration,
    first_look: Option<Look>,
}

/// What was seen at a tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Ticks since the clock began.
    pub(crate) tick: u64,
    /// Processor time of the calling thread; `None` where the system can't tell.
    pub(crate) processor: Option<Duration>,
}

impl Deadline {
    pub(crate) fn new(limit: Duration) -> Self {
        Deadline {
            limit,
            first_look: None,
        }
    }

    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// A call begins; how many ticks it may last before [`Deadline::look`].
    pub(crate) fn begin(&mut self) -> u64 {
        self.first_look = None;
        1
    }

    /// The ticks have passed: how many more the call may last before the next look, `None` if
    /// none.
    pub(crate) fn look(&mut self, now: Look) -> Option<u64> {
        let first = *self.first_look.get_or_insert(now);
        let lasted = now.tick - first.tick;
        let used = match (first.processor, now.processor) {
            (Some(first), Some(now)) => now.saturating_sub(first),
            _ => TICK.saturating_mul(u32::try_from(lasted).unwrap_or(u32::MAX)),
        };
        let most = ticks(self.limit).saturating_mul(TICKS_PER_DEADLINE);
        let more = ticks(self.limit.saturating_sub(used)).min(most.saturating_sub(lasted));
        (more > 0).then_some(more)
    }
}

/// How many ticks last at least so long; at most what may still be added to a count of them.
fn ticks(time: Duration) -> u64 {
    let ticks = time.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks).unwrap_or(u64::MAX).min(u64::MAX >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(200);

    /// Looks whenever the deadline asks for it, and says at which tick the call ended; its thread
    /// runs for `per_tick` of each tick.
    fn ends_at(deadline: &mut Deadline, per_tick: impl Fn(u64) -> Option<Duration>) -> u64 {
        let mut tick = deadline.begin();
        loop {
            let processor = (0..tick).map(&per_tick).sum();
            match deadline.look(Look { tick, processor }) {
                Some(more) => tick += more,
                None => return tick,
            }
        }
    }

    #[test]
    fn a_guest_that_runs_all_the_time_ends_at_its_deadline() {
        // 100 ticks of 2 ms, and one more because the first may come at once.
        assert_eq!(ends_at(&mut Deadline::new(LIMIT), |_| Some(TICK)), 101);
        // A deadline is never shorter than configured.
        let limit = LIMIT + Duration::from_nanos(1);
        assert_eq!(ends_at(&mut Deadline::new(limit), |_| Some(TICK)), 102);
    }

    #[test]
    fn what_others_took_of_the_processor_does_not_count() {
        let mut deadline = Deadline::new(LIMIT);
        assert_eq!(ends_at(&mut deadline, |_| Some(TICK / 4)), 401);
        // Not run at all for five deadlines, then all the time.
        let late = |tick| Some(if tick < 500 { Duration::ZERO } else { TICK });
        let ended = ends_at(&mut deadline, late);
        assert!((600..=601).contains(&ended), "{ended}");
    }

    #[test]
    fn a_guest_that_is_never_run_ends_after_ten_deadlines() {
        let never = |_| Some(Duration::ZERO);
        assert_eq!(ends_at(&mut Deadline::new(LIMIT), never), 1001);
    }

    #[test]
    fn ticks_count_where_there_is_no_clock_of_the_thread() {
        assert_eq!(ends_at(&mut Deadline::new(LIMIT), |_| None), 101);
    }

    #[test]
    fn each_call_has_its_own_deadline() {
        let mut deadline = Deadline::new(LIMIT);
        for _ in 0..2 {
            assert_eq!(ends_at(&mut deadline, |_| Some(TICK)), 101);
        }
    }

    #[test]
    fn the_longest_deadline_does_not_overflow() {
        let mut deadline = Deadline::new(Duration::MAX);
        let look = |tick| Look {
            tick,
            processor: None,
        };
        assert_eq!(deadline.look(look(1)), Some(u64::MAX >> 1));
        assert!(deadline.look(look(u64::MAX >> 1)).is_some());
    }
}
