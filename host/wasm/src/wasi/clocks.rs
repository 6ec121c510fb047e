//! Time as a guest sees it: the record's timestamp, which stands still while the guest works. Only
//! the monotonic clock moves, by being read and waited for, so that no guest waits in vain.

use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource, ResourceTable};
use wasmtime::{Error, Result, StoreContextMut};

use crate::state::State;

/// What reading the monotonic clock adds to it.
const READING_NS: u64 = 1_000;

/// Where the monotonic clock starts: some runtimes take zero for a clock that doesn't work.
const START_NS: u64 = 1_000_000_000;

/// A record may be as late as its producer likes. The monotonic clock never goes back, so it does
/// not follow beyond this: what waits must be able to count on from there, within 63 bits too.
const FOLLOWED_NS_MAX: u64 = 1 << 62;

/// Waits that are held at once: they lie in the host's memory.
const POLLABLES_MAX: usize = 1_000;

const MS_NS: u64 = 1_000_000;

/// A moment of the monotonic clock that is waited for; of a stream, one that has passed.
pub(super) struct Pollable {
    at_ns: u64,
}

/// The clocks of one instance.
pub(super) struct Clocks {
    wall_ms: u64,
    monotonic_ns: u64,
    pollables: ResourceTable,
}

impl Default for Clocks {
    fn default() -> Self {
        let mut pollables = ResourceTable::new();
        pollables.set_max_capacity(POLLABLES_MAX);
        Clocks {
            wall_ms: 0,
            monotonic_ns: START_NS,
            pollables,
        }
    }
}

impl Clocks {
    /// A record is taken up: it is as late as the record.
    pub(super) fn take_up(&mut self, now_ms: i64) {
        self.wall_ms = u64::try_from(now_ms).unwrap_or(0);
        let now_ns = self.wall_ms.saturating_mul(MS_NS).min(FOLLOWED_NS_MAX);
        self.wait_until(now_ns);
    }

    fn wait_until(&mut self, at_ns: u64) {
        self.monotonic_ns = self.monotonic_ns.max(at_ns);
    }

    fn read(&mut self) -> u64 {
        self.monotonic_ns = self.monotonic_ns.saturating_add(READING_NS);
        self.monotonic_ns
    }

    fn subscribe(&mut self, at_ns: u64) -> Result<Resource<Pollable>> {
        let pollable = self.pollables.push(Pollable { at_ns });
        pollable.map_err(|_| Error::msg(format!("over {POLLABLES_MAX} pollables at once")))
    }

    /// A pollable that is always ready.
    pub(super) fn subscribe_ready(&mut self) -> Result<Resource<Pollable>> {
        self.subscribe(0)
    }

    fn at_ns(&self, pollable: &Resource<Pollable>) -> Result<u64> {
        Ok(self.pollables.get(pollable)?.at_ns)
    }

    /// Those that are ready; if none is, the clock moves on to the first that is.
    fn poll(&mut self, pollables: &[Resource<Pollable>]) -> Result<Vec<u32>> {
        let moments = pollables
            .iter()
            .map(|pollable| self.at_ns(pollable))
            .collect::<Result<Vec<_>>>()?;
        let Some(first) = moments.iter().min() else {
            return Err(Error::msg("`poll` was called without pollables"));
        };
        self.wait_until(*first);
        let moments = (0..).zip(moments);
        Ok(moments
            .filter(|(_, at_ns)| *at_ns <= self.monotonic_ns)
            .map(|(index, _)| index)
            .collect())
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

type Store<'a> = StoreContextMut<'a, State>;

pub(super) fn give(
    linker: &mut LinkerInstance<'_, State>,
    interface: &str,
    function: &str,
) -> Option<Result<()>> {
    Some(match (interface, function) {
        ("wasi:clocks/wall-clock", "now") => linker.func_wrap(function, wall_now),
        ("wasi:clocks/wall-clock", "resolution") => {
            linker.func_wrap(function, |_, (): ()| Ok((datetime(1),)))
        }
        ("wasi:clocks/monotonic-clock", "now") => linker.func_wrap(function, monotonic_now),
        ("wasi:clocks/monotonic-clock", "resolution") => {
            linker.func_wrap(function, |_, (): ()| Ok((READING_NS,)))
        }
        ("wasi:clocks/monotonic-clock", "subscribe-instant") => {
            linker.func_wrap(function, subscribe_instant)
        }
        ("wasi:clocks/monotonic-clock", "subscribe-duration") => {
            linker.func_wrap(function, subscribe_duration)
        }
        ("wasi:io/poll", "poll") => linker.func_wrap(function, poll),
        ("wasi:io/poll", "[method]pollable.ready") => linker.func_wrap(function, ready),
        ("wasi:io/poll", "[method]pollable.block") => linker.func_wrap(function, block),
        _ => return None,
    })
}

/// A guest dropped a pollable.
pub(super) fn forget(mut store: Store<'_>, pollable: u32) -> Result<()> {
    let pollables = &mut store.data_mut().wasi.clocks.pollables;
    pollables.delete(Resource::<Pollable>::new_own(pollable))?;
    Ok(())
}

fn datetime(ms: u64) -> Datetime {
    Datetime {
        seconds: ms / 1_000,
        nanoseconds: u32::try_from(ms % 1_000 * MS_NS).expect("less than a second"),
    }
}

fn clocks<'a>(store: &'a mut Store<'_>) -> &'a mut Clocks {
    &mut store.data_mut().wasi.clocks
}

fn wall_now(mut store: Store<'_>, (): ()) -> Result<(Datetime,)> {
    Ok((datetime(clocks(&mut store).wall_ms),))
}

fn monotonic_now(mut store: Store<'_>, (): ()) -> Result<(u64,)> {
    Ok((clocks(&mut store).read(),))
}

fn subscribe_instant(mut store: Store<'_>, (at_ns,): (u64,)) -> Result<(Resource<Pollable>,)> {
    Ok((clocks(&mut store).subscribe(at_ns)?,))
}

fn subscribe_duration(mut store: Store<'_>, (ns,): (u64,)) -> Result<(Resource<Pollable>,)> {
    let clocks = clocks(&mut store);
    let at_ns = clocks.monotonic_ns.saturating_add(ns);
    Ok((clocks.subscribe(at_ns)?,))
}

fn poll(mut store: Store<'_>, (pollables,): (Vec<Resource<Pollable>>,)) -> Result<(Vec<u32>,)> {
    Ok((clocks(&mut store).poll(&pollables)?,))
}

fn ready(mut store: Store<'_>, (pollable,): (Resource<Pollable>,)) -> Result<(bool,)> {
    let clocks = clocks(&mut store);
    Ok((clocks.at_ns(&pollable)? <= clocks.monotonic_ns,))
}

fn block(mut store: Store<'_>, (pollable,): (Resource<Pollable>,)) -> Result<()> {
    let clocks = clocks(&mut store);
    let at_ns = clocks.at_ns(&pollable)?;
    clocks.wait_until(at_ns);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_follows_the_records_and_never_goes_back() {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.read(), START_NS + READING_NS);
        clocks.take_up(5_000);
        assert_eq!(clocks.read(), 5_000 * MS_NS + READING_NS);
        clocks.take_up(4_000);
        assert_eq!(clocks.wall_ms, 4_000);
        assert_eq!(clocks.read(), 5_000 * MS_NS + 2 * READING_NS);
    }

    #[test]
    fn times_that_cant_be_stop_no_clock() {
        let mut clocks = Clocks::default();
        clocks.take_up(-1);
        assert_eq!(clocks.wall_ms, 0);
        clocks.take_up(i64::MAX);
        assert_eq!(clocks.wall_ms, i64::MAX as u64);
        let now = clocks.read();
        assert_eq!(now, FOLLOWED_NS_MAX + READING_NS);
        let hour = clocks.subscribe(now + 3_600_000 * MS_NS).unwrap();
        assert_eq!(clocks.poll(&[hour]).unwrap(), [0]);
        assert!(clocks.read() > now + 3_600_000 * MS_NS);
    }

    #[test]
    fn polling_moves_on_to_the_first_that_is_ready() {
        let mut clocks = Clocks::default();
        let at = |ns| START_NS + ns;
        let pollables = [at(30), at(10), at(10), at(20)].map(|ns| clocks.subscribe(ns).unwrap());
        assert_eq!(clocks.poll(&pollables).unwrap(), [1, 2]);
        assert_eq!(clocks.monotonic_ns, at(10));
        let stream = clocks.subscribe_ready().unwrap();
        assert_eq!(clocks.poll(&[stream]).unwrap(), [0]);
        assert_eq!(clocks.monotonic_ns, at(10));
        clocks.poll(&[]).unwrap_err();
    }
}
