//! The worker threads and the two queues they serve.
//!
//! `main` is served by as many threads as configured. A partition whose guest holds its worker up
//! is a suspect from then on: it waits in the other queue, for threads of its own, so that guests
//! in endless loops never stand before healthy partitions. When a main thread is held up, another
//! takes its place at once, and the late one joins the suspects' threads
//! (docs/architecture.md, "Lanes and suspects").

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::cell::Partition;
use crate::shared::Shared;
use crate::worker::Worker;

pub(crate) enum Job {
    Run(Arc<Partition>),
    /// The suspects' thread that gets this serves the main queue from now on.
    JoinMain,
    Stop,
}

pub(crate) struct Lanes {
    main: (Sender<Job>, Receiver<Job>),
    suspects: (Sender<Job>, Receiver<Job>),
    idle_suspect_threads: AtomicUsize,
    slots: Box<[Slot]>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    workers: usize,
}

/// What the ticker can see of a thread.
pub(crate) struct Slot {
    /// 0 between calls; during one, a number that no other call of this thread has.
    pub call: AtomicU64,
    /// The partition of the current run.
    pub partition: Mutex<Weak<Partition>>,
    pub in_main: AtomicBool,
    /// The thread's own processor clock, once it runs.
    clock: OnceLock<libc::clockid_t>,
    /// Another thread took this one's place in the main queue.
    pub replaced: AtomicBool,
}

impl Slot {
    /// How long the thread has run on a processor; zero if the system can't tell.
    pub fn cpu_time(&self) -> Duration {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let Some(clock) = self.clock.get() else {
            return Duration::ZERO;
        };
        // SAFETY: `time` is ours to write to. A clock of a thread that is gone is an error, which
        // leaves it as it is.
        unsafe { libc::clock_gettime(*clock, &mut time) };
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }

    /// Notes the calling thread's clock.
    fn adopt(&self) {
        let mut clock = 0;
        // SAFETY: a thread's own handle is valid, and `clock` is ours to write to.
        let failed = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &mut clock) };
        if failed == 0 {
            self.clock.get_or_init(|| clock);
        }
    }
}

/// Suspects' threads for each main thread; a further wedged guest waits for one of these.
const SPARES_PER_WORKER: usize = 3;

impl Lanes {
    pub fn new(workers: usize) -> Lanes {
        let slot = || Slot {
            call: AtomicU64::new(0),
            partition: Mutex::default(),
            in_main: AtomicBool::new(false),
            clock: OnceLock::new(),
            replaced: AtomicBool::new(false),
        };
        Lanes {
            main: unbounded(),
            suspects: unbounded(),
            idle_suspect_threads: AtomicUsize::new(0),
            slots: (0..workers * (1 + SPARES_PER_WORKER))
                .map(|_| slot())
                .collect(),
            threads: Mutex::default(),
            workers,
        }
    }

    pub fn start(&self, shared: &Arc<Shared>) {
        for _ in 0..self.workers {
            self.spawn(shared, true);
        }
    }

    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub fn push(&self, partition: Arc<Partition>) {
        if partition.suspect.load(Ordering::Relaxed) {
            self.push_suspect(partition);
        } else {
            send(&self.main.0, Job::Run(partition));
        }
    }

    fn push_suspect(&self, partition: Arc<Partition>) {
        if self.idle_suspect_threads.load(Ordering::SeqCst) == 0 {
            let shared = Arc::clone(&partition.shared);
            self.spawn(&shared, false);
        }
        send(&self.suspects.0, Job::Run(partition));
    }

    /// A main thread is held up by a guest: has another take its place. Not when as many as
    /// allowed are held up already.
    pub fn replace(&self, shared: &Arc<Shared>, slot: &Slot) {
        if self.idle_suspect_threads.load(Ordering::SeqCst) > 0 {
            slot.replaced.store(true, Ordering::SeqCst);
            send(&self.suspects.0, Job::JoinMain);
        } else if self.spawn(shared, true) {
            slot.replaced.store(true, Ordering::SeqCst);
        }
    }

    fn spawn(&self, shared: &Arc<Shared>, in_main: bool) -> bool {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let index = threads.len();
        let Some(slot) = self.slots.get(index) else {
            return false;
        };
        slot.in_main.store(in_main, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        let thread = std::thread::Builder::new()
            .name(format!("worker-{index}"))
            .spawn(move || shared.lanes.serve(&shared, index));
        match thread {
            Ok(thread) => {
                threads.push(thread);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "no further worker thread: a guest in an endless loop may hold others up");
                false
            }
        }
    }

    /// A thread's life.
    fn serve(&self, shared: &Arc<Shared>, index: usize) {
        let slot = &self.slots[index];
        slot.adopt();
        let mut worker = Worker::new(shared, slot);
        loop {
            let in_main = slot.in_main.load(Ordering::SeqCst);
            let job = if in_main {
                self.main.1.recv()
            } else {
                self.idle_suspect_threads.fetch_add(1, Ordering::SeqCst);
                let job = self.suspects.1.recv();
                self.idle_suspect_threads.fetch_sub(1, Ordering::SeqCst);
                job
            };
            match job {
                Ok(Job::Run(partition)) if in_main && partition.suspect.load(Ordering::Relaxed) => {
                    self.push_suspect(partition);
                }
                Ok(Job::Run(partition)) => {
                    worker.run(&partition);
                    if slot.replaced.swap(false, Ordering::SeqCst) {
                        slot.in_main.store(false, Ordering::SeqCst);
                    }
                }
                Ok(Job::JoinMain) => slot.in_main.store(true, Ordering::SeqCst),
                Ok(Job::Stop) | Err(_) => return,
            }
        }
    }

    /// Tells all threads to end and gives their handles; a thread in a guest ends after the call.
    pub fn stop(&self) -> Vec<JoinHandle<()>> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..self.slots.len() {
            send(&self.main.0, Job::Stop);
            send(&self.suspects.0, Job::Stop);
        }
        std::mem::take(&mut *threads)
    }
}

fn send(queue: &Sender<Job>, job: Job) {
    queue
        .send(job)
        .unwrap_or_else(|_| unreachable!("the engine holds a receiver of its own"));
}
