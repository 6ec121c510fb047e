//! A guest's log lines, bounded per call, on their way to the host's log.

use tracing::Level;

use crate::bounds::{self, LINE_BYTES_MAX};
use crate::contract::LogLevel;
use crate::state::Origin;

/// What one call may log, and what it logged.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines_max: u32,
    bytes_max: u64,
    lines: u32,
    bytes: u64,
    dropped: u64,
    last_error: String,
}

macro_rules! event {
    ($level:ident, $origin:expr, $($text:tt)+) => {
        tracing::event!(
            target: "guest",
            Level::$level,
            handler = &*$origin.handler,
            topic = &*$origin.topic,
            partition = $origin.record.map(|record| record.partition),
            offset = $origin.record.map(|record| record.offset.0),
            $($text)+
        )
    };
}

impl Log {
    pub(crate) fn new(lines_max: u32, bytes_max: u64) -> Self {
        Log {
            lines_max,
            bytes_max,
            ..Log::default()
        }
    }

    /// A new call: its own lines and bytes.
    pub(crate) fn begin(&mut self) {
        self.lines = 0;
        self.bytes = 0;
        self.dropped = 0;
        self.last_error.clear();
    }

    pub(crate) fn write(&mut self, level: LogLevel, text: &str, origin: &Origin) {
        if level == LogLevel::Error {
            // An SDK's panic hook logs just before the trap: kept even if the line is dropped.
            self.last_error.clear();
            let end = text.floor_char_boundary(LINE_BYTES_MAX);
            self.last_error.push_str(&text[..end]);
        }
        let bytes = self.bytes.saturating_add(text.len() as u64);
        if self.lines >= self.lines_max || bytes > self.bytes_max {
            self.dropped += 1;
            return;
        }
        self.lines += 1;
        self.bytes = bytes;
        let text = bounds::printable(text);
        match level {
            LogLevel::Trace => event!(TRACE, origin, "{text}"),
            LogLevel::Debug => event!(DEBUG, origin, "{text}"),
            LogLevel::Info => event!(INFO, origin, "{text}"),
            LogLevel::Warn => event!(WARN, origin, "{text}"),
            LogLevel::Error => event!(ERROR, origin, "{text}"),
        }
    }

    /// The call is over: says once what was dropped.
    pub(crate) fn end(&mut self, origin: &Origin) {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            let (lines, bytes) = (self.lines_max, self.bytes_max);
            event!(
                WARN,
                origin,
                dropped,
                "dropped {dropped} log lines: over the limit of {lines} lines and {bytes} bytes \
                 a record"
            );
        }
    }

    /// The last line at error level of this call, or nothing.
    pub(crate) fn last_error(&self) -> &str {
        &self.last_error
    }
}

/// The most verbose level that the host's log keeps of a guest.
pub(crate) fn max_level() -> LogLevel {
    if tracing::enabled!(target: "guest", Level::TRACE) {
        LogLevel::Trace
    } else if tracing::enabled!(target: "guest", Level::DEBUG) {
        LogLevel::Debug
    } else if tracing::enabled!(target: "guest", Level::INFO) {
        LogLevel::Info
    } else if tracing::enabled!(target: "guest", Level::WARN) {
        LogLevel::Warn
    } else {
        LogLevel::Error
    }
}
