//! The contract's types (`wit/penstock-handler/0.1.0`) as wasmtime lowers and lifts them: records
//! go in borrowed, answers come out bounded.

use std::time::Duration;

use penstock_core::contract::{Description, OutputSpec, SettingError, SettingSpec};
use penstock_core::record::Timestamp;
use penstock_core::verdict::{Failure, Outcome, Reason};
use wasmtime::component::{ComponentType, Lift, Lower, WasmList, WasmStr};

use crate::bounds::{self, TEXT_BYTES_MAX};

/// The interface that a plugin exports.
pub(crate) const HANDLER: &str = "handler";

/// Those that it may import: what the host gives, and the types of all.
pub(crate) const LOG: &str = "log";
pub(crate) const CONTEXT: &str = "context";
pub(crate) const OUTPUTS: &str = "outputs";
pub(crate) const TYPES: &str = "types";

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Message<'a> {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) timestamp: MessageTimestamp,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: Option<&'a [MessageHeader<'a>]>,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum MessageTimestamp {
    #[component(name = "unknown")]
    Unknown,
    #[component(name = "create-time")]
    CreateTime(i64),
    #[component(name = "log-append-time")]
    LogAppendTime(i64),
}

impl From<Timestamp> for MessageTimestamp {
    fn from(timestamp: Timestamp) -> Self {
        match timestamp {
            Timestamp::Unknown => MessageTimestamp::Unknown,
            Timestamp::CreateTime(ms) => MessageTimestamp::CreateTime(ms),
            Timestamp::LogAppendTime(ms) => MessageTimestamp::LogAppendTime(ms),
        }
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct MessageHeader<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Option<&'a [u8]>,
}

/// A header of an output, still in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct EmittedHeader {
    pub(crate) name: WasmStr,
    pub(crate) value: Option<WasmList<u8>>,
}

#[derive(ComponentType, Lift, Lower, Debug, Clone, Copy, PartialEq, Eq)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum LogLevel {
    #[component(name = "trace")]
    Trace,
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct GuestReason {
    code: String,
    text: String,
}

impl From<GuestReason> for Reason {
    fn from(reason: GuestReason) -> Self {
        let (code, text) = bounds::reason(reason.code, reason.text);
        Reason { code, text }
    }
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum GuestOutcome {
    #[component(name = "done")]
    Done,
    #[component(name = "skip")]
    Skip(GuestReason),
}

impl From<GuestOutcome> for Outcome {
    fn from(outcome: GuestOutcome) -> Self {
        match outcome {
            GuestOutcome::Done => Outcome::Done,
            GuestOutcome::Skip(reason) => Outcome::Skip(reason.into()),
        }
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct RetryInfo {
    #[component(name = "after-ms")]
    after_ms: Option<u32>,
    why: GuestReason,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct CrashInfo {
    message: String,
    trace: String,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum GuestFailure {
    #[component(name = "retry")]
    Retry(RetryInfo),
    #[component(name = "reject")]
    Reject(GuestReason),
    #[component(name = "crash")]
    Crash(CrashInfo),
}

impl From<GuestFailure> for Failure {
    fn from(failure: GuestFailure) -> Self {
        match failure {
            GuestFailure::Retry(retry) => Failure::Retry {
                after: retry
                    .after_ms
                    .map(|ms| Duration::from_millis(u64::from(ms))),
                why: retry.why.into(),
            },
            GuestFailure::Reject(reason) => Failure::Reject(reason.into()),
            GuestFailure::Crash(crash) => Failure::Crash {
                message: bounds::one_line(&crash.message),
                trace: bounds::cut(crash.trace, TEXT_BYTES_MAX),
            },
        }
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct GuestOutputSpec {
    name: String,
    doc: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct GuestSettingSpec {
    name: String,
    doc: String,
    required: bool,
    default: Option<String>,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct GuestDescription {
    name: String,
    version: String,
    sdk: String,
    headers: bool,
    outputs: Vec<GuestOutputSpec>,
    settings: Vec<GuestSettingSpec>,
}

impl From<GuestDescription> for Description {
    fn from(description: GuestDescription) -> Self {
        let cut = |text| bounds::cut(text, TEXT_BYTES_MAX);
        let output = |output: GuestOutputSpec| OutputSpec {
            name: cut(output.name),
            doc: cut(output.doc),
        };
        let setting = |setting: GuestSettingSpec| SettingSpec {
            name: cut(setting.name),
            doc: cut(setting.doc),
            required: setting.required,
            default: setting.default.map(cut),
        };
        Description {
            name: cut(description.name),
            version: cut(description.version),
            sdk: cut(description.sdk),
            headers: description.headers,
            outputs: description.outputs.into_iter().map(output).collect(),
            settings: description.settings.into_iter().map(setting).collect(),
        }
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct GuestSettingError {
    name: String,
    problem: String,
}

impl From<GuestSettingError> for SettingError {
    fn from(error: GuestSettingError) -> Self {
        SettingError {
            name: bounds::one_line(&error.name),
            problem: bounds::one_line(&error.problem),
        }
    }
}
