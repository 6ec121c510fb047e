//! A member's value, judged when it is asked for.

use std::borrow::Cow;

use super::Invalid;

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
