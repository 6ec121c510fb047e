//! A runtime, a plugin, and one record at a time through it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use penstock_core::batch::Batch;
use penstock_core::config::{Ceilings, HandlerLimits, Isolation};
use penstock_core::record::{Header, Offset, Timestamp};
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::ports::{Call, EpochClock, HandlerPool, Instance, TICK};
use penstock_wasm::{Binding, Plugin, Pool, Runtime};

/// A built plugin.
///
/// # Panics
/// If it isn't built.
pub fn built(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/plugins")
        .join(format!("{name}.wasm"));
    assert!(
        path.exists(),
        "{name}.wasm is not built: run `cargo run --release -p penstock-plugin-build`"
    );
    path
}

/// Compiled plugins outlive the test run here: compiling is most of a test's time.
pub fn cache() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/compiled-plugins"))
}

pub fn ceilings() -> Ceilings {
    Ceilings {
        deadline: Duration::from_millis(200),
        memory_bytes: 64 << 20,
    }
}

pub fn limits() -> HandlerLimits {
    HandlerLimits {
        deadline: Duration::from_millis(200),
        memory_bytes: 64 << 20,
        outputs: 1000,
        output_bytes: 4 << 20,
        log_lines: 100,
        log_bytes: 64 << 10,
        instances: 2,
    }
}

pub fn binding() -> Binding {
    Binding {
        handler: "h".into(),
        topic: "t".into(),
        settings: Vec::new(),
        limits: limits(),
        isolation: Isolation::Reused,
        headers: true,
        outputs: 1,
    }
}

/// One plugin in a runtime of its own: a tick of one test is none of another's.
pub struct Bench {
    pub runtime: Arc<Runtime>,
    pub plugin: Arc<Plugin>,
}

impl Bench {
    pub fn new(path: &Path) -> Self {
        let runtime = Arc::new(Runtime::new(cache()).unwrap());
        let plugin = runtime.load(path).unwrap();
        Bench { runtime, plugin }
    }

    pub fn unruly() -> Self {
        Bench::new(&built("unruly"))
    }

    pub fn pool(&self, change: impl FnOnce(&mut Binding)) -> Pool {
        let mut binding = binding();
        change(&mut binding);
        self.plugin.bind(binding)
    }

    /// One record through a fresh pool, with the clock ticking.
    pub fn run(&self, value: &str, change: impl FnOnce(&mut Binding)) -> Ran {
        let _ticking = Ticking::start(&self.runtime);
        run(&self.pool(change), value)
    }
}

/// Ticks as the engine does, until it is dropped.
pub struct Ticking {
    over: Arc<AtomicBool>,
    ticker: Option<JoinHandle<()>>,
}

impl Ticking {
    pub fn start(runtime: &Arc<Runtime>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ticker = thread::spawn({
            let (over, runtime) = (Arc::clone(&over), Arc::clone(runtime));
            move || {
                while !over.load(Ordering::Relaxed) {
                    thread::park_timeout(TICK);
                    runtime.tick();
                }
            }
        });
        Ticking {
            over,
            ticker: Some(ticker),
        }
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let ticker = self.ticker.take().expect("it runs until dropped");
        ticker.thread().unpark();
        ticker.join().expect("the ticker does not panic");
    }
}

/// What one record led to.
#[derive(Debug)]
pub struct Ran {
    pub result: Result<Outcome, Failure>,
    /// Keys and values.
    pub outputs: Vec<(Option<String>, Option<String>)>,
    pub spent: bool,
}

impl Ran {
    /// The one output's value.
    pub fn value(&self) -> &str {
        assert_eq!(self.result, Ok(Outcome::Done));
        let [(_, Some(value))] = &self.outputs[..] else {
            panic!("one output with a value expected: {self:?}");
        };
        value
    }

    pub fn failure(self) -> Failure {
        assert_eq!(self.outputs, [], "a failure leaves nothing staged");
        self.result.unwrap_err()
    }

    /// Message and trace of a trap.
    pub fn trap(self) -> (String, String) {
        assert!(self.spent, "a trapped instance is never called again");
        match self.failure() {
            Failure::Trap { message, trace } => (message, trace),
            other => panic!("not a trap: {other:?}"),
        }
    }
}

/// The record that tests use: partition 1, offset 7, created at 5 ms, key `k`.
pub fn batch(value: Option<&str>, headers: &[Header<'_>]) -> Batch {
    let mut batch = Batch::default();
    batch.push(
        Offset(7),
        Timestamp::CreateTime(5),
        Some(b"k"),
        value.map(str::as_bytes),
        headers.iter().copied(),
    );
    batch
}

pub const CALL: Call = Call {
    partition: 1,
    attempt: 1,
};

pub fn checkout(pool: &Pool) -> Box<dyn Instance> {
    pool.checkout().unwrap().expect("an instance is free")
}

/// One record through an instance of the pool, which then goes back.
pub fn run(pool: &Pool, value: &str) -> Ran {
    let mut instance = checkout(pool);
    let ran = run_in(&mut *instance, value);
    pool.give_back(instance);
    ran
}

pub fn run_in(instance: &mut dyn Instance, value: &str) -> Ran {
    let mut staging = Staging::default();
    // What others staged before is none of this call's.
    staging.push(0, None, Some(b"of another record"), [], None);
    let batch = batch(Some(value), &[]);
    let result = instance.handle(&batch.record(0), CALL, &mut staging);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let output = |index| {
        let output = staging.output(index);
        (output.key.map(text), output.value.map(text))
    };
    assert_eq!(output(0).1.as_deref(), Some("of another record"));
    Ran {
        result,
        outputs: (1..staging.len()).map(output).collect(),
        spent: instance.is_spent(),
    }
}

/// How long this thread has run on a processor.
pub fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is ours to write to.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(
        failed, 0,
        "every system that the tests run on has this clock"
    );
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
