//! The ill-behaved plugin: it does what a record's value says, so that a test or the demo can have
//! each failure when it wants it.
//!
//! | value | what happens |
//! |---|---|
//! | `ok` | key and value go to `out` |
//! | `loop` | an endless loop |
//! | `spin N` | N rounds of work without memory, then `ok` |
//! | `panic` | a panic |
//! | `trap` | an `unreachable` without a panic |
//! | `recurse` | calls itself until the stack ends |
//! | `oom` | allocates until it is refused |
//! | `allocate N` | N bytes, touched and kept in the instance, then `ok` |
//! | `outputs N` | N outputs of one byte |
//! | `output-bytes N` | one output of N bytes |
//! | `unknown-output` | an output that is not declared |
//! | `emit-then-trap`, `emit-then-reject`, `emit-then-skip` | an output, then that |
//! | `retry` | asks for a retry, always |
//! | `retry-until N` | asks for a retry before attempt N, then `ok` |
//! | `retry-after MS` | asks for one retry, not before MS milliseconds have passed, then `ok` |
//! | `reject`, `skip`, `crash` | answers that |
//! | `bad-code` | rejects with a code that the contract forbids |
//! | `log N` | N lines, then `ok` |
//! | `log-bytes N` | one line of N bytes, then `ok` |
//! | `count` | how many records this instance has seen, this one too |
//! | `headers` | key, value and headers go to `out` |
//! | `tombstone` | the key goes to `out`, without a value |
//! | `echo-meta` | all that a handler may know, as JSON |
//!
//! Anything else is rejected, with the code `unknown-command`. A tombstone is skipped, unless the
//! setting `tombstone` names a command for it.

use std::hint::black_box;
use std::time::Duration;

use penstock_sdk::log::Level;
use penstock_sdk::prelude::*;
use serde_json::json;

#[cfg(test)]
mod tests;

const OUT: Output = Output::new(0, "out", "Whatever the record asks for");
const UNDECLARED: Output = Output::new(99, "undeclared", "Not in the description");

/// The handler.
pub struct Unruly {
    topic: String,
    seen: u64,
    on_tombstone: Option<Vec<u8>>,
    hoard: Vec<Vec<u8>>,
}

impl Handler for Unruly {
    fn describe() -> Description {
        Description::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .with_headers()
            .output(OUT)
            .optional_setting("refuse", "Configuring is refused, with this text")
            .optional_setting("trap-in-configure", "Configuring traps")
            .optional_setting("loop-in-configure", "Configuring never ends")
            .optional_setting("tombstone", "The command of a record without a value")
    }

    fn configure(topic: &str, settings: &Settings) -> Result<Self, Vec<SettingError>> {
        if let Some(text) = settings.get("refuse") {
            return Err(vec![SettingError::new("refuse", text)]);
        }
        if settings.get("trap-in-configure").is_some() {
            trap();
        }
        if settings.get("loop-in-configure").is_some() {
            spin(u64::MAX);
        }
        Ok(Unruly {
            topic: topic.to_owned(),
            seen: 0,
            on_tombstone: settings.get("tombstone").map(|it| it.as_bytes().to_vec()),
            hoard: Vec::new(),
        })
    }

    fn handle(&mut self, message: Message) -> Result<Outcome, Failure> {
        self.seen += 1;
        let on_tombstone = self.on_tombstone.clone();
        let Some(value) = message.value.or(on_tombstone.as_deref()) else {
            return Ok(Outcome::skip("tombstone", "no command"));
        };
        let text = String::from_utf8_lossy(value);
        let (command, argument) = text.split_once(' ').unwrap_or((&text, ""));
        let number = || {
            argument.trim().parse::<u64>().map_err(|error| {
                Failure::reject("bad-number", format!("`{command}` needs a number: {error}"))
            })
        };
        let key = message.key;

        match command {
            "ok" => {}
            "loop" => spin(u64::MAX),
            "spin" => spin(number()?),
            "panic" => panic!("the record at offset {} asked for it", message.offset),
            "trap" => trap(),
            "recurse" => drop(black_box(recurse(0))),
            "oom" => loop {
                self.allocate(1 << 20);
            },
            "allocate" => self.allocate(number()?),
            "outputs" => {
                for _ in 0..number()? {
                    OUT.emit(key, "x");
                }
                return Ok(Outcome::Done);
            }
            "output-bytes" => {
                OUT.emit(key, vec![b'x'; length(number()?)?]);
                return Ok(Outcome::Done);
            }
            "unknown-output" => UNDECLARED.emit(key, value),
            "emit-then-trap" => {
                OUT.emit(key, value);
                trap();
            }
            "emit-then-reject" => {
                OUT.emit(key, value);
                return Err(Failure::reject("asked-to", "after an output"));
            }
            "emit-then-skip" => {
                OUT.emit(key, value);
                return Ok(Outcome::skip("asked-to", "after an output"));
            }
            "retry" => return Err(retry()),
            "retry-until" if u64::from(context::attempt()) < number()? => return Err(retry()),
            "retry-until" => {}
            "retry-after" if context::attempt() == 1 => {
                let delay = Duration::from_millis(number()?);
                return Err(Failure::retry_after(delay, "asked-to", "once, and later"));
            }
            "retry-after" => {}
            "reject" => return Err(Failure::reject("asked-to", "the record asked for it")),
            "skip" => return Ok(Outcome::skip("asked-to", "the record asked for it")),
            "crash" => return Err(Failure::crash("the record asked for it", "at unruly:1")),
            "bad-code" => return Err(Failure::reject("Not A Code!", "")),
            "log" => {
                for line in 0..number()? {
                    log::info!("line {line}");
                }
            }
            "log-bytes" => log::write(Level::Info, &"x".repeat(length(number()?)?)),
            "count" => {
                OUT.emit(key, self.seen.to_string());
                return Ok(Outcome::Done);
            }
            "headers" => {
                OUT.emit_record(Record {
                    key,
                    value: Some(value),
                    headers: &message.headers,
                    timestamp_ms: message.timestamp.millis(),
                });
                return Ok(Outcome::Done);
            }
            "tombstone" => {
                OUT.emit_record(Record {
                    key,
                    ..Record::default()
                });
                return Ok(Outcome::Done);
            }
            "echo-meta" => {
                OUT.emit(key, self.meta(&message));
                return Ok(Outcome::Done);
            }
            _ => {
                let text = format!("no such command: {text}");
                return Err(Failure::reject("unknown-command", text));
            }
        }
        OUT.emit(key, value);
        Ok(Outcome::Done)
    }
}

impl Unruly {
    #[inline(never)]
    fn allocate(&mut self, bytes: u64) {
        self.hoard.push(black_box(vec![1; bytes as usize]));
    }

    fn meta(&self, message: &Message) -> String {
        let timestamp = match message.timestamp {
            Timestamp::Unknown => json!("unknown"),
            Timestamp::CreateTime(ms) => json!({ "create-time": ms }),
            Timestamp::LogAppendTime(ms) => json!({ "log-append-time": ms }),
        };
        let (high, low) = context::seed();
        json!({
            "topic": self.topic,
            "partition": message.partition,
            "offset": message.offset,
            "timestamp": timestamp,
            "now-ms": context::now_ms(),
            "attempt": context::attempt(),
            "seed": format!("{high:016x}{low:016x}"),
        })
        .to_string()
    }
}

fn retry() -> Failure {
    let attempt = context::attempt();
    Failure::retry("asked-to", format!("attempt {attempt} asked for another"))
}

fn length(bytes: u64) -> Result<usize, Failure> {
    usize::try_from(bytes)
        .map_err(|_| Failure::reject("bad-number", format!("{bytes} bytes are too many")))
}

#[inline(never)]
fn trap() {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

/// So many steps of a random number generator, which no compiler leaves out.
#[inline(never)]
fn spin(rounds: u64) {
    let mut state = 1u64;
    for _ in 0..rounds {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
}

#[inline(never)]
#[expect(unconditional_recursion, reason = "this is what it is for")]
fn recurse(depth: u64) -> u64 {
    black_box(recurse(black_box(depth + 1)) + depth)
}

penstock_sdk::export!(Unruly);
