//! The host's functions, recorded for the thread that calls them.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Emitted;
use crate::log::Level;
use crate::{Header, Message};

/// What the host keeps for one call of `handle`.
#[derive(Default)]
pub(super) struct Call {
    pub(super) outputs: Vec<(u32, Emitted)>,
    pub(super) log: Vec<(Level, String)>,
    now_ms: i64,
    seed: (u64, u64),
    attempt: u32,
}

thread_local! {
    static CALL: RefCell<Call> = RefCell::default();
}

pub(super) fn begin(handler: &str, topic: &str, message: &Message<'_>, attempt: u32) {
    let place = (handler, topic, message.partition, message.offset);
    CALL.set(Call {
        now_ms: message.timestamp.millis().unwrap_or(0),
        seed: (hash(0, place), hash(1, place)),
        attempt,
        ..Call::default()
    });
}

pub(super) fn end() -> Call {
    CALL.take()
}

fn hash(half: u8, place: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (half, place).hash(&mut hasher);
    hasher.finish()
}

pub(crate) fn emit(
    to: u32,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[Header],
    timestamp_ms: Option<i64>,
) {
    let emitted = Emitted {
        output: String::new(),
        key: key.map(<[u8]>::to_vec),
        value: value.map(<[u8]>::to_vec),
        headers: headers.to_vec(),
        timestamp_ms,
    };
    CALL.with_borrow_mut(|call| call.outputs.push((to, emitted)));
}

pub(crate) fn max_level() -> Level {
    Level::Trace
}

pub(crate) fn write(level: Level, text: &str) {
    CALL.with_borrow_mut(|call| call.log.push((level, text.to_owned())));
}

pub(crate) fn now_ms() -> i64 {
    CALL.with_borrow(|call| call.now_ms)
}

pub(crate) fn seed() -> (u64, u64) {
    CALL.with_borrow(|call| call.seed)
}

pub(crate) fn attempt() -> u32 {
    CALL.with_borrow(|call| call.attempt)
}
