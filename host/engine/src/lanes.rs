//! The worker threads and the two queues they serve.
//!
//! `main` is served by as many threads as configured. A partition whose guest holds its worker up
//! is a suspect from then on: it waits in the other queue, for threads of its own that the system
//! runs after all others, so that guests in endless loops neither stand before healthy partitions
//! nor take their processors. When a main thread is held up, a new one takes its place at once,
//! and the late one is a suspects' thread for the rest of its life, since no thread can raise its
//! own priority (docs/architecture.md, "Lanes and suspects").

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};

use crate::cell::Partition;
use crate::machine::{Round, Rounds};
use crate::shared::Shared;
use crate::thread::{Priority, Thread};
use crate::worker::Worker;

enum Job {
    Run(Arc<Partition>),
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Main,
    Suspects,
}

pub(crate) struct Lanes {
    main: (Sender<Job>, Receiver<Job>),
    suspects: (Sender<Job>, Receiver<Job>),
    slots: Box<[Arc<Slot>]>,
    /// Taken after a slot's.
    threads: Mutex<Threads>,
    workers: usize,
    priority: Priority,
}

#[derive(Default)]
struct Threads {
    started: u64,
    /// By slot.
    taken: Vec<bool>,
    /// Suspects' threads that are free, less the runs that wait for one.
    spare: isize,
}

/// What the ticker can see of a thread.
pub(crate) struct Slot {
    /// 0 between calls; during one, a number that no other call has.
    pub call: AtomicU64,
    run: Mutex<CurrentRun>,
}

struct CurrentRun {
    lane: Lane,
    /// `None` before the thread runs, and after.
    thread: Option<Thread>,
    partition: Weak<Partition>,
}

/// Suspects' threads for each main thread; a further wedged guest waits for one of these.
const SUSPECTS_PER_WORKER: usize = 3;
/// Suspects' threads that are kept although they have nothing to do.
const SPARE_THREADS: isize = 1;
/// Bits of a call's number that count the calls of one thread.
const CALL_BITS: u32 = 40;

impl Lanes {
    /// The calling thread's priority is that of the workers.
    pub fn new(workers: usize) -> Lanes {
        let slot = || {
            Arc::new(Slot {
                call: AtomicU64::new(0),
                run: Mutex::new(CurrentRun {
                    lane: Lane::Main,
                    thread: None,
                    partition: Weak::new(),
                }),
            })
        };
        let slots = workers * (1 + SUSPECTS_PER_WORKER) + SPARE_THREADS as usize;
        Lanes {
            main: unbounded(),
            suspects: unbounded(),
            slots: (0..slots).map(|_| slot()).collect(),
            threads: Mutex::new(Threads {
                taken: vec![false; slots],
                ..Threads::default()
            }),
            workers,
            priority: Priority::current(),
        }
    }

    pub fn start(&self, shared: &Arc<Shared>) {
        let mut threads = self.threads();
        for _ in 0..self.workers {
            self.spawn(&mut threads, shared, Lane::Main);
        }
    }

    pub fn slots(&self) -> &[Arc<Slot>] {
        &self.slots
    }

    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn push(&self, partition: Arc<Partition>) {
        if !partition.suspect.load(Ordering::Relaxed) {
            send(&self.main.0, Job::Run(partition));
            return;
        }
        let mut threads = self.threads();
        if threads.spare <= 0 && self.spawn(&mut threads, &partition.shared, Lane::Suspects) {
            threads.spare += 1;
        }
        threads.spare -= 1;
        drop(threads);
        send(&self.suspects.0, Job::Run(partition));
    }

    /// The call holds its thread up: its partition is a suspect from now on. Of a main thread
    /// another takes the place, not when as many as allowed are held up already. Nothing happens
    /// if the call has ended.
    pub fn held_up(&self, shared: &Arc<Shared>, slot: &Slot, call: u64) {
        let mut run = slot.run();
        if slot.call.load(Ordering::Relaxed) != call {
            return;
        }
        // The thread can't leave its run while this lock is held.
        if let Some(partition) = run.partition.upgrade() {
            partition.good_runs.store(0, Ordering::Relaxed);
            partition.suspect.store(true, Ordering::Relaxed);
        }
        if run.lane == Lane::Main && self.spawn(&mut self.threads(), shared, Lane::Main) {
            run.lane = Lane::Suspects;
            if let Some(thread) = run.thread {
                thread.lower_priority(self.priority);
            }
        }
    }

    /// Starts a thread; whether there is a place for it.
    fn spawn(&self, threads: &mut Threads, shared: &Arc<Shared>, lane: Lane) -> bool {
        let Some(index) = threads.taken.iter().position(|taken| !taken) else {
            return false;
        };
        let number = threads.started;
        let shared = Arc::clone(shared);
        let machine = &Arc::clone(&shared).machine;
        let thread = machine.start(format!("worker-{number}"), move || {
            Loop::enter(shared, index, lane, number)
        });
        match thread {
            Ok(_) => {
                threads.taken[index] = true;
                threads.started += 1;
                true
            }
            Err(error) => {
                tracing::warn!(%error, "no further worker thread: a guest in an endless loop may hold others up");
                false
            }
        }
    }

    /// A suspects' thread has nothing to do: whether it waits for more.
    fn stays(&self) -> bool {
        let mut threads = self.threads();
        let stays = threads.spare < SPARE_THREADS;
        if stays {
            threads.spare += 1;
        }
        stays
    }

    /// Tells all threads to end; a thread in a guest ends after the call.
    pub fn stop(&self) {
        for _ in 0..self.slots.len() {
            send(&self.main.0, Job::Stop);
            send(&self.suspects.0, Job::Stop);
        }
    }
}

/// A thread's life.
struct Loop {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    index: usize,
    lane: Lane,
    worker: Worker,
}

impl Loop {
    /// The calling thread serves the slot.
    fn enter(shared: Arc<Shared>, index: usize, lane: Lane, number: u64) -> Loop {
        let slot = Arc::clone(&shared.lanes.slots[index]);
        let thread = shared.machine.thread();
        slot.enter(lane, thread);
        if let (Lane::Suspects, Some(thread)) = (lane, thread) {
            thread.lower_priority(shared.lanes.priority);
        }
        let calls = number << CALL_BITS;
        Loop {
            worker: Worker::new(Arc::clone(&shared), Arc::clone(&slot), calls),
            shared,
            slot,
            index,
            lane,
        }
    }

    fn exit(&self) -> Round {
        self.slot.exit();
        self.shared.lanes.threads().taken[self.index] = false;
        Round::Over
    }
}

impl Rounds for Loop {
    fn round(&mut self, wait: bool) -> Round {
        let lanes = &self.shared.lanes;
        let queue = match self.lane {
            Lane::Main => &lanes.main.1,
            Lane::Suspects => &lanes.suspects.1,
        };
        let job = if wait {
            queue.recv().ok()
        } else {
            match queue.try_recv() {
                Err(TryRecvError::Empty) => return Round::Idle,
                job => job.ok(),
            }
        };
        match job {
            Some(Job::Run(partition)) => {
                let suspect = partition.suspect.load(Ordering::Relaxed);
                if suspect == (self.lane == Lane::Suspects) {
                    self.worker.run(&partition);
                } else {
                    lanes.push(partition);
                }
            }
            Some(Job::Stop) | None => return self.exit(),
        }
        self.lane = self.slot.leave_run();
        if self.lane == Lane::Suspects && !lanes.stays() {
            return self.exit();
        }
        Round::Again
    }
}

impl Slot {
    fn run(&self) -> MutexGuard<'_, CurrentRun> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long its thread has run on a processor.
    pub fn processor_time(&self) -> Duration {
        let run = self.run();
        run.thread.map(Thread::processor_time).unwrap_or_default()
    }

    /// This thread is the slot's.
    fn enter(&self, lane: Lane, thread: Option<Thread>) {
        let mut run = self.run();
        run.lane = lane;
        run.thread = thread;
    }

    /// Its thread begins a run.
    pub fn begin_run(&self, partition: &Arc<Partition>) {
        self.run().partition = Arc::downgrade(partition);
    }

    /// Its thread is between two runs: where the next one comes from.
    fn leave_run(&self) -> Lane {
        self.run().lane
    }

    fn exit(&self) {
        self.run().thread = None;
    }
}

fn send(queue: &Sender<Job>, job: Job) {
    queue
        .send(job)
        .unwrap_or_else(|_| unreachable!("the engine holds a receiver of its own"));
}
