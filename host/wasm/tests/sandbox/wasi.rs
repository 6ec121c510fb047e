//! What a handler finds of WASI: clocks and randomness of the record, a log where it prints, and
//! otherwise nothing.

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

/// WASI as it is published, as far as these tests import it.
const WASI: [&str; 7] = [
    "package wasi:io@0.2.9;
     interface error { resource error { to-debug-string: func() -> string; } }
     interface poll {
       resource pollable { ready: func() -> bool; block: func(); }
       poll: func(in: list<borrow<pollable>>) -> list<u32>; }
     interface streams {
       use error.{error}; use poll.{pollable};
       variant stream-error { last-operation-failed(error), closed }
       resource input-stream {
         read: func(len: u64) -> result<list<u8>, stream-error>;
         subscribe: func() -> pollable; }
       resource output-stream {
         check-write: func() -> result<u64, stream-error>;
         write: func(contents: list<u8>) -> result<_, stream-error>;
         flush: func() -> result<_, stream-error>;
         blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>; } }",
    "package wasi:clocks@0.2.9;
     interface wall-clock {
       record datetime { seconds: u64, nanoseconds: u32 }
       now: func() -> datetime; resolution: func() -> datetime; }
     interface monotonic-clock {
       use wasi:io/poll@0.2.9.{pollable};
       now: func() -> u64; resolution: func() -> u64;
       subscribe-instant: func(when: u64) -> pollable;
       subscribe-duration: func(when: u64) -> pollable; }",
    "package wasi:random@0.2.9;
     interface random { get-random-bytes: func(len: u64) -> list<u8>; get-random-u64: func() -> u64; }
     interface insecure { get-insecure-random-u64: func() -> u64; }
     interface insecure-seed { insecure-seed: func() -> tuple<u64, u64>; }",
    "package wasi:filesystem@0.2.9;
     interface types { resource descriptor { sync: func(); } }
     interface preopens { use types.{descriptor};
       get-directories: func() -> list<tuple<descriptor, string>>; }",
    "package wasi:sockets@0.2.9;
     interface network { resource network; enum error-code { unknown, access-denied } }
     interface instance-network { use network.{network}; instance-network: func() -> network; }
     interface tcp { resource tcp-socket { is-listening: func() -> bool; } }
     interface tcp-create-socket {
       use network.{error-code}; use tcp.{tcp-socket};
       enum family { ipv4, ipv6 }
       create-tcp-socket: func(family: family) -> result<tcp-socket, error-code>; }",
    "package wasi:cli@0.2.9;
     interface environment {
       get-environment: func() -> list<tuple<string, string>>;
       get-arguments: func() -> list<string>;
       initial-cwd: func() -> option<string>; }
     interface exit { exit: func(status: result); }
     interface stdin { use wasi:io/streams@0.2.9.{input-stream}; get-stdin: func() -> input-stream; }
     interface stdout { use wasi:io/streams@0.2.9.{output-stream}; get-stdout: func() -> output-stream; }
     interface stderr { use wasi:io/streams@0.2.9.{output-stream}; get-stderr: func() -> output-stream; }
     interface terminal-input { resource terminal-input; }
     interface terminal-stdin { use terminal-input.{terminal-input};
       get-terminal-stdin: func() -> option<terminal-input>; }",
    "package acme:x@1.0.0;
     world x {
       include penstock:handler/plugin@0.1.0;
       import wasi:io/poll@0.2.9; import wasi:io/streams@0.2.9;
       import wasi:clocks/wall-clock@0.2.9; import wasi:clocks/monotonic-clock@0.2.9;
       import wasi:random/random@0.2.9; import wasi:random/insecure@0.2.9;
       import wasi:random/insecure-seed@0.2.9;
       import wasi:filesystem/preopens@0.2.9;
       import wasi:sockets/instance-network@0.2.9; import wasi:sockets/tcp-create-socket@0.2.9;
       import wasi:cli/environment@0.2.9; import wasi:cli/exit@0.2.9;
       import wasi:cli/stdin@0.2.9; import wasi:cli/stdout@0.2.9; import wasi:cli/stderr@0.2.9;
       import wasi:cli/terminal-stdin@0.2.9; }",
];

/// `$out` emits the bytes from the first to before the second address; `$print` writes a text of
/// the data section to a stream.
const BODY: &str = r#"
  (import "penstock:handler/outputs@0.1.0" "emit"
    (func $emit (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64)))
  (import "wasi:clocks/wall-clock@0.2.9" "now" (func $wall (param i32)))
  (import "wasi:clocks/wall-clock@0.2.9" "resolution" (func $wall_resolution (param i32)))
  (import "wasi:clocks/monotonic-clock@0.2.9" "now" (func $monotonic (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.9" "resolution" (func $resolution (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.9" "subscribe-instant"
    (func $at (param i64) (result i32)))
  (import "wasi:clocks/monotonic-clock@0.2.9" "subscribe-duration"
    (func $after (param i64) (result i32)))
  (import "wasi:io/poll@0.2.9" "poll" (func $poll (param i32 i32 i32)))
  (import "wasi:io/poll@0.2.9" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (import "wasi:io/poll@0.2.9" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.9" "[resource-drop]pollable" (func $forget (param i32)))
  (import "wasi:random/random@0.2.9" "get-random-bytes" (func $random (param i64 i32)))
  (import "wasi:random/random@0.2.9" "get-random-u64" (func $random_u64 (result i64)))
  (import "wasi:random/insecure@0.2.9" "get-insecure-random-u64" (func $insecure (result i64)))
  (import "wasi:random/insecure-seed@0.2.9" "insecure-seed" (func $seed (param i32)))
  (import "penstock:handler/context@0.1.0" "seed" (func $context_seed (param i32)))
  (import "wasi:filesystem/preopens@0.2.9" "get-directories" (func $directories (param i32)))
  (import "wasi:filesystem/types@0.2.9" "[method]descriptor.sync" (func $sync (param i32)))
  (import "wasi:sockets/instance-network@0.2.9" "instance-network" (func $network (result i32)))
  (import "wasi:sockets/tcp-create-socket@0.2.9" "create-tcp-socket" (func $socket (param i32 i32)))
  (import "wasi:cli/environment@0.2.9" "get-environment" (func $environment (param i32)))
  (import "wasi:cli/environment@0.2.9" "get-arguments" (func $arguments (param i32)))
  (import "wasi:cli/environment@0.2.9" "initial-cwd" (func $cwd (param i32)))
  (import "wasi:cli/exit@0.2.9" "exit" (func $exit (param i32)))
  (import "wasi:cli/stdin@0.2.9" "get-stdin" (func $stdin (result i32)))
  (import "wasi:cli/stdout@0.2.9" "get-stdout" (func $stdout (result i32)))
  (import "wasi:cli/stderr@0.2.9" "get-stderr" (func $stderr (result i32)))
  (import "wasi:cli/terminal-stdin@0.2.9" "get-terminal-stdin" (func $terminal (param i32)))
  (import "wasi:io/streams@0.2.9" "[method]input-stream.read" (func $read (param i32 i64 i32)))
  (import "wasi:io/streams@0.2.9" "[method]input-stream.subscribe"
    (func $subscribe (param i32) (result i32)))
  (import "wasi:io/streams@0.2.9" "[method]output-stream.check-write" (func $room (param i32 i32)))
  (import "wasi:io/streams@0.2.9" "[method]output-stream.write" (func $put (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.9" "[method]output-stream.flush" (func $flush (param i32 i32)))
  (import "wasi:io/streams@0.2.9" "[method]output-stream.blocking-write-and-flush"
    (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.9" "[resource-drop]output-stream" (func $close (param i32)))
  (func $out (param $from i32) (param $to i32)
    (call $emit (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 1) (local.get $from) (i32.sub (local.get $to) (local.get $from))
      (i32.const 0) (i32.const 0)
      (i32.const 0) (i64.const 0)))
  (func $print (param $stream i32) (param $at i32) (param $len i32)
    (call $write (local.get $stream) (local.get $at) (local.get $len) (i32.const 768)))"#;

fn odd() -> Odd {
    Odd::default().world("acme:x/x", &WASI).body(BODY)
}

/// With a text at address 2048.
fn prints(text: &str, handle: &str) -> Odd {
    odd()
        .body(&format!("{BODY} (data (i32.const 2048) {text:?})"))
        .handle(handle)
}

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
