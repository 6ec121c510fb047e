//! JSON events, with errors that name the field: `userId: expected a string, found a number`.
//!
//! Name the fields, and get a [`Field`] for each: any value is taken, and judged when it is asked
//! for. So an event of another type can be told from a broken one in a single pass.
//!
//! ```
//! use penstock_sdk::json;
//!
//! let [user, course] = json::fields(br#"{"user":"u7","more":1}"#, ["user", "course"])?;
//! assert_eq!(user.str("user")?, "u7");
//! assert_eq!(course, json::Field::Missing);
//!
//! let [user] = json::fields(br#"{"user":7}"#, ["user"])?;
//! let error = user.str("user").unwrap_err();
//! assert_eq!(error.to_string(), "user: expected a string, found a number");
//! # Ok::<(), json::Invalid>(())
//! ```
//!
//! Outputs are written with a [`Writer`]. Both are the SDK's own because serde_json was the largest
//! single item of a call, in the profile of a host that was busy with small events.

use std::fmt;

use crate::Failure;

mod buffer;
mod field;
mod nesting;
mod reader;
mod scan;
mod strings;
mod writer;

pub use field::Field;
pub use writer::{Object, Writer};

use reader::{Problem, Reader};

/// Parse a JSON object, and take the members of these names. Others are checked and dropped.
///
/// It is fastest where the names come in the order of the object's members.
///
/// # Errors
/// If the bytes are not UTF-8, not JSON, or not an object; if one of the names comes twice; if the
/// number of one is beyond an `f64`.
// Not moved about: a copy of so many bytes is a call out of WebAssembly.
#[inline(always)]
pub fn fields<'a, const N: usize>(
    value: &'a [u8],
    names: [&str; N],
) -> Result<[Field<'a>; N], Invalid> {
    let mut fields = [const { Field::Missing }; N];
    fill(value, &names, &mut fields)?;
    Ok(fields)
}

fn fill<'a>(value: &'a [u8], names: &[&str], fields: &mut [Field<'a>]) -> Result<(), Invalid> {
    let mut reader = Reader::new(value);
    reader.space();
    if !reader.take(b'{') {
        let checked = reader.skip().and_then(|()| reader.end());
        return Err(match checked {
            Ok(()) => Invalid("expected a JSON object".to_owned()),
            Err(problem) => not_json(problem, value, &reader),
        });
    }
    match members(&mut reader, names, fields) {
        Ok(None) => Ok(()),
        Ok(Some(name)) => {
            let (line, column) = reader.place();
            Err(Invalid(format!(
                "duplicate field `{name}` at line {line} column {column}"
            )))
        }
        Err(problem) => Err(not_json(problem, value, &reader)),
    }
}

/// All of the object after its opening bracket, or up to a name that comes again.
#[inline(always)]
fn members<'a, 'n>(
    reader: &mut Reader<'a>,
    names: &[&'n str],
    fields: &mut [Field<'a>],
) -> Result<Option<&'n str>, Problem> {
    let mut likely = 0;
    reader.space();
    if !reader.take(b'}') {
        loop {
            let name = reader.name()?;
            match find(names, &name, likely) {
                Some(index) if matches!(fields[index], Field::Missing) => {
                    fields[index] = reader.value()?;
                    likely = index + 1;
                }
                Some(index) => return Ok(Some(names[index])),
                None => reader.skip()?,
            }
            reader.space();
            if reader.take(b'}') {
                break;
            }
            if !reader.take(b',') {
                return reader.expected("expected `,` or `}`");
            }
            reader.space();
        }
    }
    reader.end()?;
    Ok(None)
}

/// Which of the names it is; `likely` is looked at first.
#[inline(always)]
fn find(names: &[&str], name: &str, likely: usize) -> Option<usize> {
    let is_it = |it: &&str| scan::is_equal(it.as_bytes(), name.as_bytes());
    if names.get(likely).is_some_and(is_it) {
        return Some(likely);
    }
    names.iter().position(is_it)
}

#[cold]
fn not_json(problem: Problem, value: &[u8], reader: &Reader<'_>) -> Invalid {
    if let Err(error) = str::from_utf8(value) {
        return Invalid(format!(
            "expected JSON, found bytes that are no text: {error}"
        ));
    }
    let (line, column) = reader.place();
    Invalid(format!(
        "not JSON: {problem} at line {line} column {column}"
    ))
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
