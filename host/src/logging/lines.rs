//! Lines on their way to a stream: gathered under a short lock, written by a thread of their own.
//!
//! A thread that logs waits for the stream only while [`BUFFER_BYTES_MAX`] are pending: a reader
//! that has stopped holds the host up in the end, but no line is dropped.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Pending bytes; one line may exceed it.
const BUFFER_BYTES_MAX: usize = 1024 * 1024;
/// What the end of the log gives a reader that has stopped.
const FLUSH_TIME_MAX: Duration = Duration::from_secs(2);

/// A stream that lines are written to; flushed and ended when dropped.
#[derive(Debug)]
pub struct Lines {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Something is pending, or the end has come.
    filled: Condvar,
    /// What was pending is taken, or written.
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    pending: Vec<u8>,
    writing: bool,
    ended: bool,
}

impl Shared {
    /// A panic elsewhere must not silence the log that tells of it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        while state.pending.len() >= BUFFER_BYTES_MAX && !state.ended {
            state = self
                .moved
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let asleep = state.pending.is_empty() && !state.writing;
        state.pending.extend_from_slice(line);
        drop(state);
        if asleep {
            self.filled.notify_one();
        }
    }

    /// Waits until all lines so far are written, [`FLUSH_TIME_MAX`] at most.
    fn flush(&self) {
        let deadline = Instant::now() + FLUSH_TIME_MAX;
        let mut state = self.lock();
        while state.writing || !state.pending.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            (state, _) = self
                .moved
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write_to(&self, mut stream: impl Write) {
        let mut taken = Vec::new();
        let mut state = self.lock();
        loop {
            if !state.pending.is_empty() {
                std::mem::swap(&mut state.pending, &mut taken);
                state.writing = true;
                drop(state);
                self.moved.notify_all();
                // Nobody is left to be told that the log's reader has gone.
                let _gone = stream
                    .write_all(&taken)
                    .and_then(|()| stream.flush())
                    .is_err();
                taken.clear();
                state = self.lock();
                state.writing = false;
                self.moved.notify_all();
            } else if state.ended {
                return;
            } else {
                state = self
                    .filled
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

static PROCESS_LOG: OnceLock<Arc<Shared>> = OnceLock::new();

pub(super) extern "C" fn flush_process_log() {
    if let Some(shared) = PROCESS_LOG.get() {
        shared.flush();
    }
}

impl Lines {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(stream: impl Write + Send + 'static) -> io::Result<Lines> {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new().name("log".to_owned()).spawn({
            let shared = shared.clone();
            move || shared.write_to(stream)
        })?;
        Ok(Lines {
            shared,
            thread: Some(thread),
        })
    }

    /// Has the rest written too when the process is ended without dropping this
    /// (`std::process::exit`). For one log of the process.
    pub(super) fn flush_at_exit(&self) {
        if PROCESS_LOG.set(self.shared.clone()).is_ok() {
            // SAFETY: the function is `extern "C"`, never unwinds, and lives as long as the
            // process.
            unsafe { libc::atexit(flush_process_log) };
        }
    }

    /// Where a subscriber writes to.
    pub(super) fn writer(&self) -> LineWriter {
        LineWriter(self.shared.clone())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.shared.flush();
        let mut state = self.shared.lock();
        state.ended = true;
        let stuck = state.writing || !state.pending.is_empty();
        drop(state);
        self.shared.filled.notify_one();
        self.shared.moved.notify_all();
        // A thread that a stopped reader holds up ends with the process.
        if let Some(thread) = self.thread.take().filter(|_| !stuck) {
            let _panicked = thread.join().is_err();
        }
    }
}

/// Hands each line over as it comes.
#[derive(Debug, Clone)]
pub(super) struct LineWriter(Arc<Shared>);

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for LineWriter {
    type Writer = LineWriter;

    fn make_writer(&'w self) -> LineWriter {
        self.clone()
    }
}
