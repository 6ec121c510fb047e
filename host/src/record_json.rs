//! The one shape of a record as JSON: the lines that `emit` takes, that `peek --json` writes, and
//! that test cases are made of.
//!
//! ```json
//! {"topic":"purchase-confirmed","partition":0,"offset":7,"timestamp":"2026-01-01T10:00:00.000Z",
//!  "key":"u7","value":"{\"eventId\":\"e1\"}","headers":[{"name":"trace","value":"ab"}]}
//! ```
//!
//! | field | |
//! |---|---|
//! | `topic`, `partition`, `offset` | where the record lies, or came from; optional |
//! | `timestamp` | RFC 3339, or milliseconds since 1970 where no calendar has the date; optional |
//! | `timestamp-type` | `log-append-time` where the broker set it, otherwise left out: `create-time` |
//! | `key` | bytes or `null`; `null` where left out |
//! | `value` | bytes or `null`, a tombstone; required, lest a typing error becomes a tombstone |
//! | `headers` | in order, duplicates kept; a `name` and a `value`, both bytes, the value or `null` |
//!
//! Bytes are a string where they are UTF-8, otherwise `{"base64":"…"}`. Only a `value` may be any
//! other JSON too: it stands for its own text without spaces, names and digits as they are. It is
//! a convenience of whoever writes lines by hand; what is written here is always a string, so that
//! a reader finds one shape and the bytes come back exactly.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use penstock_core::record::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json_text;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct RecordJson {
    /// The topic it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The partition it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    /// Its offset there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// Its timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Millis>,
    /// Who set the timestamp; `None` is the producer.
    #[serde(
        default,
        rename = "timestamp-type",
        skip_serializing_if = "Option::is_none"
    )]
    pub timestamp_type: Option<TimestampType>,
    /// The key; `None` is null.
    #[serde(default, with = "bytes_or_null")]
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    #[serde(
        serialize_with = "bytes_or_null::serialize",
        deserialize_with = "value_or_null"
    )]
    pub value: Option<Vec<u8>>,
    /// The headers.
    #[serde(default)]
    pub headers: Vec<HeaderJson>,
}

/// Who set a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimestampType {
    /// The producer.
    CreateTime,
    /// The broker, on append.
    LogAppendTime,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderJson {
    /// The name's bytes.
    #[serde(with = "bytes")]
    pub name: Vec<u8>,
    /// The value; `None` is null.
    #[serde(with = "bytes_or_null")]
    pub value: Option<Vec<u8>>,
}

impl RecordJson {
    /// Its timestamp, as a handler is told it.
    pub fn time(&self) -> Timestamp {
        match (self.timestamp, self.timestamp_type) {
            (None, _) => Timestamp::Unknown,
            (Some(Millis(ms)), Some(TimestampType::LogAppendTime)) => Timestamp::LogAppendTime(ms),
            (Some(Millis(ms)), _) => Timestamp::CreateTime(ms),
        }
    }

    /// With this timestamp.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> RecordJson {
        self.timestamp = time.millis().map(Millis);
        self.timestamp_type = match time {
            Timestamp::LogAppendTime(_) => Some(TimestampType::LogAppendTime),
            Timestamp::CreateTime(_) | Timestamp::Unknown => None,
        };
        self
    }

    /// Reads one line.
    ///
    /// # Errors
    /// What is wrong with the line, and at which column.
    pub fn parse(line: &str) -> Result<RecordJson, serde_json::Error> {
        serde_json::from_str(line)
    }
}

impl fmt::Display for RecordJson {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&line)
    }
}

/// A time, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Millis(pub i64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => self.0.fmt(f),
        }
    }
}

impl FromStr for Millis {
    type Err = jiff::Error;

    /// Reads RFC 3339; what is finer than a millisecond is cut off.
    fn from_str(text: &str) -> Result<Millis, jiff::Error> {
        text.parse::<jiff::Timestamp>()
            .map(|time| Millis(time.as_nanosecond().div_euclid(1_000_000) as i64))
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(_) => serializer.collect_str(self),
            Err(_) => serializer.serialize_i64(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "an RFC 3339 time or milliseconds since 1970")]
        enum Form {
            Millis(i64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Millis(millis) => Ok(Millis(millis)),
            Form::Text(text) => text
                .parse()
                .map_err(|_| D::Error::custom(format!("{text:?} is no RFC 3339 time"))),
        }
    }
}

/// Bytes that are not UTF-8.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Base64<T> {
    base64: T,
}

mod bytes {
    use super::*;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        match str::from_utf8(bytes) {
            Ok(text) => to.serialize_str(text),
            Err(_) => Base64 {
                base64: STANDARD.encode(bytes),
            }
            .serialize(to),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        bytes_or_null::deserialize(from)?.ok_or_else(|| D::Error::custom("it can't be null"))
    }
}

/// Bytes or `null`.
pub(crate) mod bytes_or_null {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            None => to.serialize_none(),
            Some(bytes) => super::bytes::serialize(bytes, to),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        match read(raw.get()).map_err(D::Error::custom)? {
            Read::Null => Ok(None),
            Read::Bytes(bytes) => Ok(Some(bytes)),
            Read::OtherJson => Err(D::Error::custom(
                "only a record's value may be any JSON; here belongs a string, null or \
                 {\"base64\":\"…\"}",
            )),
        }
    }
}

fn value_or_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    let raw = Box::<RawValue>::deserialize(from)?;
    match read(raw.get()).map_err(D::Error::custom)? {
        Read::Null => Ok(None),
        Read::Bytes(bytes) => Ok(Some(bytes)),
        Read::OtherJson => Ok(Some(json_text::compact(raw.get()).into_bytes())),
    }
}

enum Read {
    Null,
    Bytes(Vec<u8>),
    OtherJson,
}

fn read(json: &str) -> Result<Read, String> {
    match json.bytes().next() {
        Some(b'n') => Ok(Read::Null),
        Some(b'"') => serde_json::from_str(json)
            .map(|text: String| Read::Bytes(text.into_bytes()))
            .map_err(|error| error.to_string()),
        Some(b'{') => match serde_json::from_str::<Base64<String>>(json) {
            Ok(Base64 { base64 }) => STANDARD
                .decode(base64)
                .map(Read::Bytes)
                .map_err(|error| format!("this is not base64: {error}")),
            Err(_) => Ok(Read::OtherJson),
        },
        _ => Ok(Read::OtherJson),
    }
}

#[cfg(test)]
mod tests;
