//! JSON events, with errors that name the field: `userId: expected a string, found a number`.
//!
//! Declare the fields as [`Field`]: any value is taken, and judged when it is asked for. So an
//! event of another type can be told from a broken one in a single pass.
//!
//! ```
//! use penstock_sdk::json::{self, Field};
//!
//! #[derive(Default, serde::Deserialize)]
//! #[serde(default)]
//! struct Event<'a> {
//!     #[serde(borrow)]
//!     user: Field<'a>,
//! }
//!
//! let event: Event = json::object(br#"{"user":"u7","more":1}"#)?;
//! assert_eq!(event.user.str("user")?, "u7");
//!
//! let event: Event = json::object(br#"{"user":7}"#)?;
//! let error = event.user.str("user").unwrap_err();
//! assert_eq!(error.to_string(), "user: expected a string, found a number");
//! # Ok::<(), json::Invalid>(())
//! ```

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::Failure;

/// Parse a JSON object. Unknown fields are ignored.
///
/// # Errors
/// If the bytes are not UTF-8, not JSON, or not an object; if a known field comes twice.
pub fn object<'a, T: Deserialize<'a>>(value: &'a [u8]) -> Result<T, Invalid> {
    let text = str::from_utf8(value).map_err(|error| {
        Invalid(format!(
            "expected JSON, found bytes that are no text: {error}"
        ))
    })?;
    // An array would do for a struct, too.
    if !text.trim_ascii_start().starts_with('{') {
        serde_json::from_str::<IgnoredAny>(text).map_err(not_json)?;
        return Err(Invalid("expected a JSON object".to_owned()));
    }
    serde_json::from_str(text).map_err(not_json)
}

fn not_json(error: serde_json::Error) -> Invalid {
    Invalid(if error.is_data() {
        error.to_string()
    } else {
        format!("not JSON: {error}")
    })
}

/// What is wrong with an event, for people. As a [`Failure`] it is a reject, `invalid-event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid(String);

impl Invalid {
    /// A field that is not what it must be.
    pub fn field(name: &str, problem: impl fmt::Display) -> Self {
        Invalid(format!("{name}: {problem}"))
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Failure::reject("invalid-event", invalid.0)
    }
}

/// Any JSON value, borrowed where it can be.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Field<'a> {
    /// The field is not there.
    #[default]
    Missing,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that is not negative and below 2⁶⁴.
    Unsigned(u64),
    /// Any other number.
    Number(f64),
    /// A string.
    String(Cow<'a, str>),
    /// An array; what is in it is checked and dropped.
    Array,
    /// An object; what is in it is checked and dropped.
    Object,
}

impl Field<'_> {
    /// The string.
    ///
    /// # Errors
    /// If it is anything else; `name` is the field's, for the error.
    pub fn str(&self, name: &str) -> Result<&str, Invalid> {
        match self {
            Field::String(text) => Ok(text),
            other => Err(other.unlike(name, "a string")),
        }
    }

    /// The whole number.
    ///
    /// # Errors
    /// If it is anything else, negative, or 2⁶⁴ and more; `name` is the field's, for the error.
    pub fn u64(&self, name: &str) -> Result<u64, Invalid> {
        match self {
            Field::Unsigned(number) => Ok(*number),
            Field::Number(number) => Err(Invalid::field(
                name,
                format_args!("expected a whole number from 0 to 2^64-1, found {number}"),
            )),
            other => Err(other.unlike(name, "a whole number")),
        }
    }

    /// The number, to the precision of an `f64`.
    ///
    /// # Errors
    /// If it is anything else; `name` is the field's, for the error.
    pub fn number(&self, name: &str) -> Result<f64, Invalid> {
        match self {
            Field::Unsigned(number) => Ok(*number as f64),
            Field::Number(number) => Ok(*number),
            other => Err(other.unlike(name, "a number")),
        }
    }

    fn unlike(&self, name: &str, expected: &str) -> Invalid {
        let found = match self {
            Field::Missing => {
                return Invalid::field(name, format_args!("missing, expected {expected}"));
            }
            Field::Null => "null",
            Field::Bool(_) => "a boolean",
            Field::Unsigned(_) | Field::Number(_) => "a number",
            Field::String(_) => "a string",
            Field::Array => "an array",
            Field::Object => "an object",
        };
        Invalid::field(name, format_args!("expected {expected}, found {found}"))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Field::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Field::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Field::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Field::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Field::String(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Field::String(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Object)
    }
}
