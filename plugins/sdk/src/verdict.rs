//! What became of a record.

use std::time::Duration;

use crate::{CrashInfo, Failure, Outcome, Reason, RetryInfo};

impl Outcome {
    /// Deliberately nothing: what was emitted is dropped, and the skip is counted under `code`
    /// (`[a-z0-9-]{1,64}`).
    pub fn skip(code: &str, text: impl Into<String>) -> Self {
        Outcome::Skip(reason(code, text.into()))
    }
}

impl Failure {
    /// This record is never going to be handled: it goes to the dead letters, under `code`
    /// (`[a-z0-9-]{1,64}`).
    pub fn reject(code: &str, text: impl Into<String>) -> Self {
        Failure::Reject(reason(code, text.into()))
    }

    /// Call again, after the host's backoff.
    pub fn retry(code: &str, text: impl Into<String>) -> Self {
        Failure::Retry(RetryInfo {
            after_ms: None,
            why: reason(code, text.into()),
        })
    }

    /// Call again, not before `delay` (up to 49 days) has passed.
    pub fn retry_after(delay: Duration, code: &str, text: impl Into<String>) -> Self {
        Failure::Retry(RetryInfo {
            after_ms: Some(u32::try_from(delay.as_millis()).unwrap_or(u32::MAX)),
            why: reason(code, text.into()),
        })
    }

    /// Something broke, and this is where: for handlers that run an interpreter of their own.
    pub fn crash(message: impl Into<String>, trace: impl Into<String>) -> Self {
        Failure::Crash(CrashInfo {
            message: message.into(),
            trace: trace.into(),
        })
    }
}

fn reason(code: &str, text: String) -> Reason {
    Reason {
        code: code.to_owned(),
        text,
    }
}
