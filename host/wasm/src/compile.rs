//! Compiling plugins: on few threads, behind everything else that runs on the machine, and with
//! lines in the log where it takes long.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use penstock_core::codes::Code;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::error::LoadError;
use crate::shape;

/// Few, so that compiling leaves the records that are being handled their cores.
const THREADS: usize = 2;

/// What takes longer is worth a line.
const LONG: Duration = Duration::from_secs(1);
/// Between that line and the next.
const STILL: Duration = Duration::from_secs(5);

/// Compiles one plugin after the other.
#[derive(Default)]
pub(crate) struct Compiler {
    one_at_a_time: Mutex<()>,
}

impl Compiler {
    /// Compiles the component of a file at `path`.
    ///
    /// # Errors
    /// [`Code::NotAPlugin`], if it is none that can be.
    pub(crate) fn compile(
        &self,
        engine: &Engine,
        path: &Path,
        binary: &[u8],
    ) -> Result<Component, LoadError> {
        let failed = |why: String| {
            LoadError::new(Code::NotAPlugin, format!("can't be compiled: {why}"))
                .help("if it is damaged or cut off, copy it again, or build it anew")
        };
        shape::check(binary).map_err(failed)?;
        let _one = self
            .one_at_a_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let threads = threads().map_err(|error| failed(error.to_string()))?;
        let compile = || threads.install(|| Component::from_binary(engine, binary));
        // What it stumbles over is one plugin; a host that runs already is to end in order.
        let caught = || catch_unwind(AssertUnwindSafe(compile));
        told(path, binary.len(), caught)
            .map_err(|_| failed("the compiler panicked".to_owned()))?
            .map_err(|error| failed(format!("{error:#}")))
    }
}

thread_local! {
    static COMPILES: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread compiles a plugin: a panic of such a thread is caught, and refuses that
/// plugin.
pub fn is_compiling() -> bool {
    COMPILES.get()
}

fn threads() -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(THREADS)
        .thread_name(|index| format!("compile-{index}"))
        .start_handler(|_| {
            COMPILES.set(true);
            lower_priority();
        })
        .build()
}

/// Puts the calling thread behind the process's main one, which it may be begun below already: beside
/// one that takes all it can get, it has a tenth of a core.
#[cfg(target_os = "linux")]
pub fn lower_priority() {
    const LOWER_BY: i32 = 10;
    // SAFETY: no pointers; the main thread has the number of the process. An error would be -1, which
    // is as good.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, std::process::id()) };
    // SAFETY: no pointers; 0 is the calling thread. Values beyond the lowest priority mean that one.
    let failed = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice + LOWER_BY) };
    if failed != 0 {
        let error = std::io::Error::last_os_error();
        tracing::warn!(%error, "the priority of compiling can't be lowered");
    }
}

/// Does nothing: it is not known how, here.
#[cfg(not(target_os = "linux"))]
pub fn lower_priority() {}

/// Says that it is being compiled, where that takes long, and that it was.
fn told<R>(path: &Path, bytes: usize, compile: impl FnOnce() -> R) -> R {
    let plugin = path.display();
    let begun = Instant::now();
    let (running, over) = mpsc::channel::<()>();
    // Lines belong to the log of the thread that asked.
    let log = tracing::dispatcher::get_default(Clone::clone);
    let compiled = thread::scope(|scope| {
        let (log, plugin) = (&log, &plugin);
        scope.spawn(move || {
            tracing::dispatcher::with_default(log, || {
                let mut wait = LONG;
                while over.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                    let seconds = begun.elapsed().as_secs();
                    tracing::info!(
                        %plugin,
                        bytes,
                        seconds,
                        "compiling a plugin, which is done once for each version of it"
                    );
                    wait = STILL;
                }
            });
        });
        // Moved in, so that it is dropped, and the watcher ends, even if the compiler panics.
        let running = running;
        let compiled = compile();
        drop(running);
        compiled
    });
    let took = begun.elapsed();
    if took >= LONG {
        tracing::info!(%plugin, bytes, seconds = took.as_secs_f64(), "compiled");
    }
    compiled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compilers_threads_are_known() {
        let threads = threads().expect("threads");
        assert!(threads.broadcast(|_| is_compiling()).iter().all(|is| *is));
        assert!(!is_compiling());
    }
}
