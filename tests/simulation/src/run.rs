//! Plays seeds.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use crate::plan::{Options, Plan};
use crate::world::World;

/// What came of a seed.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The rule that was broken, or how the engine panicked.
    pub broken: Option<String>,
    /// What happened, if that was asked for.
    pub trace: Vec<String>,
}

thread_local! {
    static PLAYING: Cell<bool> = const { Cell::new(false) };
    static PANICKED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Plays one seed, from the beginning to its end.
pub fn play(options: &Options, with_trace: bool) -> Outcome {
    keep_panics_quiet();
    let world = World::new(Plan::new(options.clone()), with_trace);
    if with_trace {
        describe(&world);
    }
    PLAYING.set(true);
    let result = catch_unwind(AssertUnwindSafe(|| {
        world.start_host();
        world.run();
        let broken = world.inner().broken.is_some();
        if !broken {
            world.finish();
        }
    }));
    let hosts = std::mem::take(&mut *world.hosts());
    // Nothing that they do from now on is part of the history.
    for client in &mut world.inner().broker.clients {
        client.dead = true;
    }
    // What a panic left behind may panic again.
    let buried = catch_unwind(AssertUnwindSafe(|| {
        for host in &hosts {
            host.bury();
        }
    }));
    PLAYING.set(false);
    let mut inner = world.inner();
    let panicked = PANICKED.take();
    if let (true, Some(panic)) = (result.is_err() || buried.is_err(), panicked) {
        inner.hold::<()>(Err(format!("a panic: {panic}")));
    }
    Outcome {
        broken: inner.broken.take(),
        trace: inner.trace.take().unwrap_or_default(),
    }
}

/// Plays `count` seeds from `first` on `threads` threads; stops at the first that fails, and says
/// which it is. `done` counts.
pub fn many(first: u64, count: u64, threads: usize, done: &AtomicU64) -> Option<(u64, String)> {
    let next = AtomicU64::new(first);
    let stop = AtomicBool::new(false);
    let failed: Mutex<Option<(u64, String)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        break;
                    }
                    if let Some(broken) = play(&Options::all(seed), false).broken {
                        stop.store(true, Ordering::Relaxed);
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        if failed.as_ref().is_none_or(|(other, _)| seed < *other) {
                            *failed = Some((seed, broken));
                        }
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn describe(world: &World) {
    let plan = &world.plan;
    let mut inner = world.inner();
    for (number, place) in plan.places.iter().enumerate() {
        let topic = &plan.topics[place.topic];
        inner.note(|| {
            format!(
                "{}: {} records before offset {}, {} handlers, {} dead-letter topic",
                plan.name(number),
                place.records.len(),
                place.end(),
                topic.handlers,
                if topic.dead_letter { "a" } else { "no" },
            )
        });
    }
    inner.note(|| {
        format!(
            "{} hosts, {} workers, {} instances, {} attempts, an outbox of {} bytes, a queue of {} messages",
            plan.hosts,
            plan.workers,
            plan.instances,
            plan.policy.rules[0].retry.attempts,
            plan.outbox_bytes,
            plan.queue_messages
        )
    });
}

/// A panic within a play is an outcome, and not for the terminal.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if PLAYING.get() {
                PANICKED.with_borrow_mut(|first| {
                    first.get_or_insert_with(|| info.to_string().replace('\n', " "));
                });
            } else {
                before(info);
            }
        }));
    });
}
