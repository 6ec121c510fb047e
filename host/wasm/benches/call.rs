//! Nanoseconds per `handle` call: `purchase-to-access` on a record of 244 bytes.
//!
//! Run with `cargo bench -p penstock-wasm`; the guests must have been built. Rounds alternate
//! between what is compared, and the best of each is printed: noise only ever adds. The thread's
//! own CPU time is counted, so that a busy machine shows in it less.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use penstock_core::batch::Batch;
use penstock_core::config::{HandlerLimits, Isolation};
use penstock_core::record::{Offset, Timestamp};
use penstock_core::staging::Staging;
use penstock_core::verdict::Outcome;
use penstock_engine::ports::{Call, HandlerPool};
use penstock_wasm::{Binding, Pool, Runtime};

const BATCH: i64 = 64;
const BATCHES_PER_ROUND: u32 = 3_000;
const ROUNDS: u32 = 7;

/// With the fields of `docs` and one more that the handler ignores: 244 bytes.
const PURCHASE: &str = r#"{"eventId":"evt-000000000042","type":"PURCHASE_CONFIRMED","userId":"user-00000042","courseId":"course-0000017","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z","note":"....................................................."}"#;

fn main() -> ExitCode {
    assert_eq!(PURCHASE.len(), 244, "the record of every figure in docs");
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins");
    let guest = plugins.join("purchase-to-access.wasm");
    if !guest.exists() {
        eprintln!("build the guests first: cargo run --release -p penstock-plugin-build");
        return ExitCode::FAILURE;
    }
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-plugins");
    let runtime = Runtime::new(&cache).expect("the engine starts");
    let plugin = runtime.load(&guest).expect("the guest loads");
    let pool = plugin.bind(Binding {
        handler: "bench".into(),
        topic: "t".into(),
        settings: Vec::new(),
        limits: HandlerLimits {
            deadline: Duration::from_millis(200),
            memory_bytes: 64 << 20,
            outputs: 1000,
            output_bytes: 4 << 20,
            log_lines: 100,
            log_bytes: 64 << 10,
            instances: 1,
        },
        isolation: Isolation::Reused,
        headers: false,
        outputs: 1,
    });
    let purchases = batch(Some(PURCHASE));
    let tombstones = batch(None);
    let mut best = [f64::INFINITY; 2];
    for _ in 0..ROUNDS {
        for (best, batch) in best.iter_mut().zip([&purchases, &tombstones]) {
            *best = best.min(round(&pool, batch));
        }
    }
    println!(
        "purchase of 244 bytes, one output: {:7.0} ns of CPU per call",
        best[0]
    );
    println!(
        "tombstone, skipped:                {:7.0} ns of CPU per call",
        best[1]
    );
    ExitCode::SUCCESS
}

fn batch(value: Option<&str>) -> Batch {
    let mut batch = Batch::default();
    for offset in 0..BATCH {
        batch.push(
            Offset(offset),
            Timestamp::CreateTime(1),
            Some(b"user-00000042"),
            value.map(str::as_bytes),
            [],
        );
    }
    batch
}

/// Nanoseconds per call.
fn round(pool: &Pool, batch: &Batch) -> f64 {
    let mut instance = pool
        .checkout()
        .expect("the guest starts")
        .expect("an instance is free");
    let mut staging = Staging::default();
    let call = Call {
        partition: 0,
        attempt: 1,
    };
    let start = cpu_time();
    for _ in 0..BATCHES_PER_ROUND {
        staging.clear();
        for index in 0..batch.len() {
            let outcome = instance.handle(&batch.record(index), call, &mut staging);
            assert!(matches!(outcome, Ok(Outcome::Done | Outcome::Skip(_))));
        }
    }
    let elapsed = cpu_time() - start;
    pool.give_back(instance);
    elapsed.as_nanos() as f64 / f64::from(BATCHES_PER_ROUND) / batch.len() as f64
}

/// This thread's CPU time.
fn cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a timespec that the call may write.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(
        result, 0,
        "every system that Penstock runs on has this clock"
    );
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
