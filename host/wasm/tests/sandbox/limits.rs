//! Every limit holds, and is told as what it is.

use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::ports::{EpochClock, HandlerPool};
use tracing::Level;

use crate::bench::{Bench, Ticking, checkout, limits, processor_time, run, run_in};
use crate::capture;
use crate::odd::Odd;

const DEADLINE: Failure = Failure::Deadline {
    limit: Duration::from_millis(200),
};
const MEMORY: Failure = Failure::Memory {
    limit_bytes: 64 << 20,
};

#[test]
fn an_endless_loop_meets_its_deadline_and_the_next_record_a_fresh_instance() {
    let bench = Bench::unruly();
    let _ticking = Ticking::start(&bench.runtime);
    let pool = bench.pool(|_| {});
    assert_eq!(run(&pool, "count").value(), "1");
    assert_eq!(run(&pool, "count").value(), "2");
    let endless = run(&pool, "loop");
    assert!(endless.spent);
    assert_eq!(endless.failure(), DEADLINE);
    assert_eq!(run(&pool, "count").value(), "1");
}

#[test]
fn a_loop_is_given_the_processor_time_of_its_deadline() {
    let bench = Bench::unruly();
    let pool = bench.pool(|_| {});
    let mut instance = checkout(&pool);
    let _ticking = Ticking::start(&bench.runtime);
    // As if the machine ran everybody but this thread: ticks pass without any work being done.
    let begun = Barrier::new(2);
    let used = thread::scope(|scope| {
        scope.spawn(|| {
            begun.wait();
            for _ in 0..150 {
                bench.runtime.tick();
            }
        });
        let before = processor_time();
        begun.wait();
        assert_eq!(run_in(&mut *instance, "loop").failure(), DEADLINE);
        processor_time() - before
    });
    assert!(used >= Duration::from_millis(200), "stopped after {used:?}");
    assert!(used < Duration::from_secs(1), "stopped after {used:?}");
}

/// A guest that is not run, since its thread waits in the host most of the time: for want of
/// processor time it is not timed out, and ends after ten deadlines, by ticks alone.
#[test]
fn a_guest_without_a_processor_is_not_timed_out_before_ten_deadlines() {
    // Writes a line each round, for ever.
    let (_folder, path) = Odd::default()
        .body(r#"(import "penstock:handler/log@0.1.0" "write" (func $write (param i32 i32 i32)))"#)
        .handle("(loop $l (call $write (i32.const 2) (i32.const 256) (i32.const 1)) (br $l))")
        .write();
    let bench = Bench::new(&path);
    let pool = bench.pool(|binding| {
        binding.limits.log_lines = u32::MAX;
        binding.limits.log_bytes = u64::MAX;
    });
    let (line, lines) = mpsc::sync_channel(0);
    let (ran, rans) = mpsc::channel();
    thread::spawn(move || {
        // Nobody listens any more once the test knows enough.
        let written = move |_| line.send(()).unwrap_or_default();
        ran.send(capture::watch(written, || run(&pool, "")))
            .unwrap();
    });
    let runs_on = || {
        for _ in 0..10 {
            lines.recv_timeout(Duration::from_secs(30)).unwrap();
        }
    };
    runs_on();
    bench.runtime.tick();
    // It sees the first tick, from which on it counts.
    runs_on();
    // 200 ms are 100 ticks of 2 ms.
    for _ in 0..10 {
        for _ in 0..99 {
            bench.runtime.tick();
        }
        runs_on();
        bench.runtime.tick();
    }
    while lines.recv_timeout(Duration::from_secs(30)).is_ok() {}
    assert_eq!(rans.recv().unwrap().failure(), DEADLINE);
}

#[test]
fn a_start_that_never_ends_meets_the_deadline() {
    let (_folder, path) = Odd::default().start("(loop $l (br $l))").write();
    let bench = Bench::new(&path);
    let _ticking = Ticking::start(&bench.runtime);
    let pool = bench.pool(|_| {});
    assert_eq!(pool.checkout().err(), Some(DEADLINE));
    // Its place is free again.
    assert_eq!(pool.checkout().err(), Some(DEADLINE));
    assert_eq!(pool.checkout().err(), Some(DEADLINE));
}

#[test]
fn wanting_too_much_memory_is_told_as_that() {
    let bench = Bench::unruly();
    let endless = bench.run("oom", |_| {});
    assert!(endless.spent);
    assert_eq!(endless.failure(), MEMORY);
    assert_eq!(bench.run("allocate 70000000", |_| {}).failure(), MEMORY);
    bench.run("allocate 1000", |_| {}).value();
}

#[test]
fn a_guest_may_live_with_a_refused_growth() {
    let (_folder, path) = Odd::default()
        .handle("(drop (memory.grow (i32.const 10000)))")
        .write();
    let ran = Bench::new(&path).run("", |_| {});
    assert_eq!(ran.result, Ok(Outcome::Done));
    assert!(!ran.spent);

    // A refusal of one call does not colour the trap of another.
    let (_folder, path) = Odd::default()
        .handle(
            "(if (i32.eqz (i32.load (i32.const 512)))
               (then (i32.store (i32.const 512) (memory.grow (i32.const 10000))))
               (else unreachable))",
        )
        .write();
    let bench = Bench::new(&path);
    let pool = bench.pool(|_| {});
    assert_eq!(run(&pool, "").result, Ok(Outcome::Done));
    let (message, _) = run(&pool, "").trap();
    assert!(message.contains("unreachable"), "{message}");
}

#[test]
fn a_plugin_larger_than_its_memory_does_not_start() {
    let (_folder, path) = Odd::default().memory_pages(1025).write();
    let bench = Bench::new(&path);
    assert_eq!(bench.pool(|_| {}).checkout().err(), Some(MEMORY));
}

#[test]
fn tables_count_as_memory() {
    let (_folder, path) = Odd::default()
        .body("(table $t 1 funcref)")
        .handle(
            "(if (i32.eq (i32.const -1)
                   (table.grow $t (ref.null func) (i32.const 9000000)))
               (then unreachable))",
        )
        .write();
    assert_eq!(Bench::new(&path).run("", |_| {}).failure(), MEMORY);
}

#[test]
fn outputs_are_limited_in_number_and_bytes() {
    let bench = Bench::unruly();
    assert_eq!(bench.run("outputs 1000", |_| {}).outputs.len(), 1000);
    assert_eq!(
        bench.run("outputs 1001", |_| {}).failure(),
        Failure::TooManyOutputs { limit: 1000 }
    );
    // The key counts too.
    let most = (4 << 20) - 1;
    let ran = bench.run(&format!("output-bytes {most}"), |_| {});
    assert_eq!(ran.value().len(), most);
    assert_eq!(
        bench
            .run(&format!("output-bytes {}", most + 1), |_| {})
            .failure(),
        Failure::OutputTooLarge {
            limit_bytes: 4 << 20
        }
    );
    assert_eq!(
        bench.run("unknown-output", |_| {}).failure(),
        Failure::UnknownOutput { index: 99 }
    );
}

#[test]
fn millions_of_claimed_headers_are_too_large_an_output() {
    let (_folder, path) = Odd::default()
        .memory_pages(1000)
        .body(
            r#"(import "penstock:handler/outputs@0.1.0" "emit" (func $emit (param
                 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64)))"#,
        )
        .handle(
            "(call $emit (i32.const 0)
               (i32.const 0) (i32.const 0) (i32.const 0)
               (i32.const 0) (i32.const 0) (i32.const 0)
               (i32.const 512) (i32.const 600000)
               (i32.const 0) (i64.const 0))",
        )
        .write();
    assert_eq!(
        Bench::new(&path).run("", |_| {}).failure(),
        Failure::OutputTooLarge {
            limit_bytes: 4 << 20
        }
    );
}

#[test]
fn a_log_flood_is_bounded_and_counted() {
    let bench = Bench::unruly();
    let (ran, lines) = capture::lines(|| bench.run("log 1000", |_| {}));
    ran.value();
    let lines: Vec<_> = lines.iter().filter(|l| l.target == "guest").collect();
    assert_eq!(lines.len(), 101);
    let first = &lines[0].text;
    for part in [
        "line 0",
        "handler=\"h\"",
        "topic=\"t\"",
        "partition=1",
        "offset=7",
    ] {
        assert!(first.contains(part), "{first}");
    }
    assert_eq!(lines[100].level, Level::WARN);
    assert!(
        lines[100].text.contains("dropped 900 log lines"),
        "{:?}",
        lines[100]
    );

    let (ran, lines) = capture::lines(|| bench.run("log-bytes 1000000", |_| {}));
    ran.value();
    let lines: Vec<_> = lines.iter().filter(|l| l.target == "guest").collect();
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].text.contains("dropped 1 log lines"),
        "{:?}",
        lines[0]
    );
}

#[test]
fn each_record_has_its_own_log_lines() {
    let bench = Bench::unruly();
    let pool = bench.pool(|binding| binding.limits.log_lines = 2);
    let (_, lines) = capture::lines(|| {
        run(&pool, "log 2").value();
        run(&pool, "log 2").value();
    });
    assert_eq!(lines.iter().filter(|l| l.target == "guest").count(), 4);
}

#[test]
fn only_so_many_instances_are_out_at_once() {
    let bench = Bench::unruly();
    let pool = bench.pool(|_| {});
    let (first, second) = (checkout(&pool), checkout(&pool));
    assert!(pool.checkout().unwrap().is_none());
    pool.give_back(first);
    let mut again = checkout(&pool);
    assert!(pool.checkout().unwrap().is_none());
    // A dead one that never comes back frees its place all the same.
    run_in(&mut *again, "trap").trap();
    drop(again);
    assert!(pool.checkout().unwrap().is_some());
    drop(second);
}

#[test]
fn a_guest_that_hoards_memory_is_replaced() {
    let bench = Bench::unruly();
    let pool = bench.pool(|_| {});
    let small = run(&pool, "allocate 20000000");
    assert!(!small.spent);
    let large = run(&pool, "allocate 20000000");
    assert!(large.spent, "40 of 64 MB are in use");
    assert_eq!(run(&pool, "count").value(), "1");
    assert_eq!(limits().memory_bytes, 64 << 20);
}
