//! What a handler finds of WASI: clocks and randomness of the record, a log where it prints, and
//! otherwise nothing.

mod world;

use penstock_core::batch::Batch;
use penstock_core::config::Isolation;
use penstock_core::record::{Offset, Timestamp};
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::ports::HandlerPool;
use penstock_wasm::Pool;
use tracing::Level;

use crate::bench::{Bench, CALL, checkout};
use crate::capture::{self, Line};
use crate::odd::Odd;
use world::{BODY, odd, prints};

/// A handler that emits what it finds, however often it is asked.
struct Finds {
    bench: Bench,
}

impl Finds {
    fn new(odd: &Odd) -> Self {
        let (_folder, path) = odd.write();
        Finds {
            bench: Bench::new(&path),
        }
    }

    fn pool(&self) -> Pool {
        self.bench.pool(|_| {})
    }

    /// In a fresh instance, for the record at this offset, of this time.
    fn fresh(&self, offset: i64, ms: i64) -> Vec<u8> {
        handle(&self.pool(), offset, ms)
    }
}

fn handle(pool: &Pool, offset: i64, ms: i64) -> Vec<u8> {
    let mut batch = Batch::default();
    batch.push(Offset(offset), Timestamp::CreateTime(ms), None, None, []);
    let mut staging = Staging::default();
    let mut instance = checkout(pool);
    let result = instance.handle(&batch.record(0), CALL, &mut staging);
    pool.give_back(instance);
    assert_eq!(result, Ok(Outcome::Done));
    staging.output(0).value.unwrap().to_vec()
}

fn numbers(bytes: &[u8]) -> Vec<u64> {
    let (words, rest) = bytes.as_chunks::<8>();
    assert!(rest.is_empty(), "{} bytes", bytes.len());
    words.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

fn guest_lines(lines: Vec<Line>) -> Vec<(Level, String)> {
    let guest = lines.into_iter().filter(|line| line.target == "guest");
    guest.map(|line| (line.level, line.text)).collect()
}

#[test]
fn clocks_give_the_records_timestamp() {
    let finds = Finds::new(&odd().handle(
        "(call $wall (i32.const 1024))
         (call $wall_resolution (i32.const 1040))
         (i64.store (i32.const 1056) (call $monotonic))
         (i64.store (i32.const 1064) (call $resolution))
         (i64.store (i32.const 1072) (call $monotonic))
         (call $out (i32.const 1024) (i32.const 1080))",
    ));
    let ms = 1_700_000_000_123;
    let ns = ms as u64 * 1_000_000;
    let expected = [
        1_700_000_000,
        123_000_000,
        0,
        1_000_000,
        ns + 1_000,
        1_000,
        ns + 2_000,
    ];
    assert_eq!(numbers(&finds.fresh(7, ms)), expected);
    // The same record, the same time, whenever that is.
    assert_eq!(numbers(&finds.fresh(7, ms)), expected);
    let before_1970 = finds.fresh(7, -5);
    assert_eq!(numbers(&before_1970)[..2], [0, 0]);
    // An instance that lives on goes on from there, and never back.
    let pool = finds.pool();
    handle(&pool, 7, ms);
    let earlier = numbers(&handle(&pool, 8, ms - 1));
    assert_eq!(earlier[1], 122_000_000);
    assert_eq!(earlier[4], ns + 3_000);
}

#[test]
fn clocks_stand_still_until_there_is_a_record() {
    // `configure` keeps what the clocks say where `handle` finds it.
    let finds = Finds::new(
        &odd()
            .configure(
                "(call $wall (i32.const 1024)) (i64.store (i32.const 1040) (call $monotonic))",
            )
            .handle("(call $out (i32.const 1024) (i32.const 1048))"),
    );
    assert_eq!(numbers(&finds.fresh(7, 99_000)), [0, 0, 1_000_001_000]);
}

#[test]
fn a_wait_is_over_at_once_and_the_clock_has_moved() {
    // Two waits, of an hour and of a minute: the shorter is over first.
    let finds = Finds::new(&odd().handle(
        "(i32.store (i32.const 1024) (call $after (i64.const 3600000000000)))
         (i32.store (i32.const 1028) (call $after (i64.const 60000000000)))
         (call $poll (i32.const 1024) (i32.const 2) (i32.const 1032))
         (i64.store (i32.const 1040) (i64.load32_u (i32.load (i32.const 1032))))
         (i64.store (i32.const 1048) (i64.load32_u (i32.const 1036)))
         (i64.store (i32.const 1056) (call $monotonic))
         (i64.store (i32.const 1064)
           (i64.extend_i32_u (call $ready (i32.load (i32.const 1024)))))
         (call $block (i32.load (i32.const 1024)))
         (i64.store (i32.const 1072)
           (i64.extend_i32_u (call $ready (i32.load (i32.const 1024)))))
         (i64.store (i32.const 1080) (call $monotonic))
         (call $forget (i32.load (i32.const 1024)))
         (call $forget (i32.load (i32.const 1028)))
         (call $out (i32.const 1040) (i32.const 1088))",
    ));
    let begun = 5_000_000_000;
    let (minute, hour) = (60_000_000_000, 3_600_000_000_000);
    assert_eq!(
        numbers(&finds.fresh(7, 5_000)),
        [1, 1, begun + minute + 1_000, 0, 1, begun + hour + 1_000]
    );
}

#[test]
fn randomness_is_the_records() {
    let finds = Finds::new(&odd().handle(
        "(call $random (i64.const 40) (i32.const 1024))
         (i64.store (i32.const 1024) (i64.load (i32.load (i32.const 1024))))
         (i64.store (i32.const 1032) (call $random_u64))
         (i64.store (i32.const 1040) (call $insecure))
         (call $seed (i32.const 1048))
         (call $context_seed (i32.const 1064))
         (call $out (i32.const 1024) (i32.const 1080))",
    ));
    let first = numbers(&finds.fresh(7, 5));
    assert_eq!(numbers(&finds.fresh(7, 6)), first, "its time is no part");
    assert_eq!(first[3..5], first[5..7], "the contract's own seed");
    let mut drawn = [&first[..3], &numbers(&finds.fresh(8, 5))[..3]].concat();
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), 6, "nothing twice");
    // Nor does it depend on what the instance handled before.
    let pool = finds.pool();
    handle(&pool, 6, 5);
    assert_eq!(numbers(&handle(&pool, 7, 5)), first);
}

#[test]
fn there_is_nothing_outside() {
    let finds = Finds::new(&odd().handle(
        "(call $environment (i32.const 1024))
         (call $arguments (i32.const 1032))
         (call $cwd (i32.const 1040))
         (call $directories (i32.const 1056))
         (call $terminal (i32.const 1064))
         (drop (call $network))
         (call $socket (i32.const 0) (i32.const 1072))
         (call $read (call $stdin) (i64.const 100) (i32.const 1080))
         (i32.store (i32.const 1092) (call $ready (call $subscribe (call $stdin))))
         (call $out (i32.const 1024) (i32.const 1096))",
    ));
    let found = finds.fresh(7, 5);
    let word = |at: usize| u32::from_le_bytes(found[at - 1024..at - 1020].try_into().unwrap());
    assert_eq!(word(1028), 0, "no environment");
    assert_eq!(word(1036), 0, "no arguments");
    assert_eq!(word(1040) & 0xff, 0, "no directory to be in");
    assert_eq!(word(1060), 0, "no directories");
    assert_eq!(word(1064) & 0xff, 0, "no terminal");
    assert_eq!(
        (word(1072) & 0xff, word(1076) & 0xff),
        (1, 1),
        "access denied"
    );
    assert_eq!((word(1080) & 0xff, word(1084) & 0xff), (1, 1), "closed");
    assert_eq!(word(1092), 1, "ready to say so");
}

#[test]
fn what_is_printed_is_logged_line_by_line() {
    let text = "one\ntwo\n\n  three\r\nfour";
    let (_folder, path) = prints(
        text,
        "(local $out i32)
         (local.set $out (call $stdout))
         (call $room (local.get $out) (i32.const 1024))
         (if (i64.ne (i64.load (i32.const 1032)) (i64.const 65536)) (then unreachable))
         ;; One line in two pieces.
         (call $put (local.get $out) (i32.const 2048) (i32.const 2) (i32.const 768))
         (call $flush (local.get $out) (i32.const 768))
         (call $print (local.get $out) (i32.const 2050) (i32.const 20))
         (call $close (local.get $out))
         (call $print (call $stderr) (i32.const 2048) (i32.const 4))",
    )
    .write();
    let bench = Bench::new(&path);
    let (ran, lines) = capture::lines(|| bench.run("", |_| {}));
    assert_eq!(ran.result, Ok(Outcome::Done));
    let lines = guest_lines(lines);
    let told: Vec<_> = lines
        .iter()
        .map(|(level, text)| {
            (
                *level,
                text.split_once(" handler=")
                    .unwrap()
                    .0
                    .trim_start_matches("message="),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Level::INFO, "one"),
            (Level::INFO, "two"),
            (Level::INFO, "  three"),
            (Level::WARN, "one"),
            // It had no end until the call had.
            (Level::INFO, "four"),
        ]
    );
    assert!(lines[0].1.contains("offset=7"), "{}", lines[0].1);
}

#[test]
fn printing_has_the_logs_limits() {
    let (_folder, path) = prints(
        "a line\n",
        "(local $i i32)
         (loop $l
           (call $print (call $stdout) (i32.const 2048) (i32.const 7))
           (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
             (i32.const 1000))))",
    )
    .write();
    let bench = Bench::new(&path);
    let (ran, lines) = capture::lines(|| bench.run("", |_| {}));
    assert_eq!(ran.result, Ok(Outcome::Done));
    let lines = guest_lines(lines);
    assert_eq!(lines.len(), 101);
    assert!(lines[100].1.contains("dropped 900 log lines"), "{lines:?}");
}

#[test]
fn a_trap_is_told_with_what_was_written_to_standard_error() {
    let (_folder, path) = prints(
        "panic: boom\n\ngoroutine 1:\n\tmain.go:12\n",
        "(call $print (call $stderr) (i32.const 2048) (i32.const 38)) (call $exit (i32.const 1))",
    )
    .write();
    let (message, trace) = Bench::new(&path).run("", |_| {}).trap();
    assert_eq!(
        message,
        "panic: boom goroutine 1: main.go:12 (the handler called `exit` with failure, and a \
         handler answers instead)"
    );
    let stderr = "standard error:\npanic: boom\n\ngoroutine 1:\n\tmain.go:12";
    assert!(trace.ends_with(stderr), "{trace}");
    assert!(trace.starts_with("at "), "{trace}");
}

#[test]
fn what_an_earlier_call_wrote_is_not_beside_a_later_trap() {
    let (_folder, path) = prints(
        "all is well\n",
        "(if (i32.load (i32.const 1024)) (then unreachable))
         (i32.store (i32.const 1024) (i32.const 1))
         (call $print (call $stderr) (i32.const 2048) (i32.const 12))",
    )
    .write();
    let bench = Bench::new(&path);
    let pool = bench.pool(|_| {});
    assert_eq!(crate::bench::run(&pool, "").result, Ok(Outcome::Done));
    let (message, trace) = crate::bench::run(&pool, "").trap();
    assert!(message.contains("unreachable"), "{message}");
    assert!(!format!("{message}{trace}").contains("well"), "{trace}");
}

#[test]
fn asking_for_too_much_is_a_trap() {
    for (handle, told) in [
        (
            "(call $random (i64.const 1048577) (i32.const 1024))",
            "1048577 random bytes were asked for at once, and 1048576 are the limit",
        ),
        (
            "(call $print (call $stdout) (i32.const 0) (i32.const 65537))",
            "65537 bytes were written at once, and 65536 are the limit",
        ),
        (
            "(loop $l (drop (call $after (i64.const 1))) (br $l))",
            "over 1000 pollables at once",
        ),
        (
            "(loop $l (drop (call $stdout)) (br $l))",
            "cannot allocate another handle",
        ),
        (
            "(call $poll (i32.const 0) (i32.const 0) (i32.const 1024))",
            "`poll` was called without pollables",
        ),
        ("(call $sync (i32.const 1))", "handle"),
    ] {
        let (_folder, path) = odd().memory_pages(2).handle(handle).write();
        let (message, _) = Bench::new(&path).run("", |_| {}).trap();
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn a_failure_to_start_is_told_with_what_was_written() {
    let text = "no such module: foo\n";
    let (_folder, path) = odd()
        .body(&format!("{BODY} (data (i32.const 2048) {text:?})"))
        .configure("(call $print (call $stderr) (i32.const 2048) (i32.const 20)) unreachable")
        .write();
    let bench = Bench::new(&path);
    let pool = bench.pool(|binding| binding.isolation = Isolation::Record);
    let Some(Failure::Trap { message, .. }) = pool.checkout().err() else {
        panic!("not a trap");
    };
    assert!(message.starts_with("no such module: foo ("), "{message}");
}
