//! The conformance plugin in Rust: `tests/conformance/README.md` says what it must do.

use std::time::Duration;

use penstock_sdk::prelude::*;
use serde_json::json;

const OUT: Output = Output::new(0, "out", "Whatever the record asks for");
const ABOUT: Output = Output::new(1, "about", "What the handler knows of each record");

/// The handler.
pub struct Conformance {
    topic: String,
    word: String,
    count: u64,
    note: Option<String>,
}

impl Handler for Conformance {
    fn describe() -> Description {
        Description::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .with_headers()
            .output(OUT)
            .output(ABOUT)
            .required_setting("word", "Any text")
            .setting("count", "A whole number", "1")
            .optional_setting("note", "Any text")
    }

    fn configure(topic: &str, settings: &Settings) -> Result<Self, Vec<SettingError>> {
        let count = settings.get("count").unwrap_or("1");
        let count = count.parse().map_err(|_| {
            let problem = format!("expected a whole number, found {count:?}");
            vec![SettingError::new("count", problem)]
        })?;
        Ok(Conformance {
            topic: topic.to_owned(),
            word: settings.get("word").unwrap_or_default().to_owned(),
            count,
            note: settings.get("note").map(str::to_owned),
        })
    }

    fn handle(&mut self, message: Message) -> Result<Outcome, Failure> {
        let text = message.value.and_then(|value| str::from_utf8(value).ok());
        let command = text.and_then(|text| text.strip_prefix('!'));
        match command.map(|command| command.split_once(' ').unwrap_or((command, ""))) {
            None => echo(&message),
            Some(("outputs", number)) => {
                for index in 0..whole(number)? {
                    OUT.emit(None, index.to_string());
                }
            }
            Some(("retry", delay)) => {
                echo(&message);
                if context::attempt() == 1 {
                    let delay = Duration::from_millis(whole(delay)?);
                    return Err(Failure::retry_after(delay, "asked-to", "once, and later"));
                }
            }
            Some(("reject", _)) => {
                echo(&message);
                return Err(Failure::reject("asked-to", "Grüße, 世界"));
            }
            Some(("skip", _)) => {
                echo(&message);
                return Ok(Outcome::skip("asked-to", "the record asked for it"));
            }
            Some(("crash", _)) => breaks(),
            Some(("trap", _)) => {
                echo(&message);
                trap();
            }
            Some(("log", _)) => {
                log::trace!("a trace line");
                log::debug!("a debug line");
                log::info!("an info line");
                log::warn!("a warn line");
                log::error!("an error line");
            }
            Some(("settings", _)) => {
                let settings = json!({"word": self.word, "count": self.count, "note": self.note});
                OUT.emit(None, settings.to_string());
            }
            Some(("surroundings", _)) => OUT.emit(None, surroundings()),
            Some((other, _)) => {
                let text = format!("no such command: {other}");
                return Err(Failure::reject("unknown-command", text));
            }
        }
        ABOUT.emit(None, self.about(&message));
        Ok(Outcome::Done)
    }
}

impl Conformance {
    fn about(&self, message: &Message) -> String {
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
            "now": context::now_ms(),
            "attempt": context::attempt(),
            "seed": format!("{high:016x}{low:016x}"),
        })
        .to_string()
    }
}

fn echo(message: &Message) {
    OUT.emit_record(Record {
        key: message.key,
        value: message.value,
        headers: &message.headers,
        timestamp_ms: message.timestamp.millis(),
    });
}

fn whole(text: &str) -> Result<u64, Failure> {
    text.parse()
        .map_err(|error| Failure::reject("bad-number", format!("{text:?}: {error}")))
}

/// Rust's own clock and random numbers need WASI, which this target is without: the SDK's are
/// what a handler uses.
fn surroundings() -> String {
    let (high, low) = context::seed();
    json!({
        "clock": context::now_ms(),
        "random": format!("{high} {low}"),
        "environment": std::env::var_os("PATH").is_some(),
        "file": std::fs::File::open("/etc/passwd").is_ok(),
        "network": std::net::TcpStream::connect("127.0.0.1:9092").is_ok(),
    })
    .to_string()
}

#[inline(never)]
fn breaks() {
    panic!("this is broken"); // HERE
}

#[inline(never)]
fn trap() {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

penstock_sdk::export!(Conformance);
