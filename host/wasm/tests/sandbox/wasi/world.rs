//! A handler that imports WASI.

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
pub(super) const BODY: &str = r#"
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

pub(super) fn odd() -> Odd {
    Odd::default().world("acme:x/x", &WASI).body(BODY)
}

/// With a text at address 2048.
pub(super) fn prints(text: &str, handle: &str) -> Odd {
    odd()
        .body(&format!("{BODY} (data (i32.const 2048) {text:?})"))
        .handle(handle)
}
