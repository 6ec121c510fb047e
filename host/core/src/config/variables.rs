//! `${NAME}` and `${NAME:-default}` in string values, read from the environment.

use super::report::{Diagnostic, Place};
use super::tree::{Node, Text, Value};
use crate::codes::Code;

/// The environment: a variable's value by its name.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A part of a string value.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Literal(&'a str),
    Variable {
        /// With `${` and `}`.
        written: &'a str,
        name: &'a str,
        default: Option<&'a str>,
    },
    /// A `${` that begins no variable.
    Malformed,
}

/// Whether a text has something to fill in, right or wrong.
pub(super) fn has_variable(text: &str) -> bool {
    parts(text)
        .iter()
        .any(|part| !matches!(part, Part::Literal(_)))
}

/// Fills in every string value of a tree. Where that fails the value becomes `Wrong`.
pub(super) fn fill_tree(
    node: &mut Node,
    env: Environment<'_>,
    texts: &[&str],
    found: &mut Vec<Diagnostic>,
) {
    match &mut node.value {
        Value::Text(text) => match fill_value(text, node.place, env, texts) {
            Ok(()) => {}
            Err(diagnostics) => {
                found.extend(diagnostics);
                node.value = Value::Wrong;
            }
        },
        Value::Array(items) => {
            for item in items {
                fill_tree(item, env, texts, found);
            }
        }
        Value::Table(table) => {
            for entry in table.values_mut() {
                fill_tree(&mut entry.node, env, texts, found);
            }
        }
        _ => {}
    }
}

/// Fills in a text of the host's own, whose variables all have defaults.
pub(super) fn fill_default(text: &str, env: Environment<'_>) -> String {
    let fill = |part: Part<'_>| match part {
        Part::Literal(text) => text.to_owned(),
        Part::Variable { name, default, .. } => value_of(name, default, env).unwrap_or_default(),
        Part::Malformed => String::new(),
    };
    parts(text).into_iter().map(fill).collect()
}

fn fill_value(
    value: &mut Text,
    place: Place,
    env: Environment<'_>,
    texts: &[&str],
) -> Result<(), Vec<Diagnostic>> {
    let mut filled = String::new();
    let mut from_environment = false;
    let mut wrong = Vec::new();
    for part in parts(&value.text) {
        match part {
            Part::Literal(text) => filled.push_str(text),
            Part::Variable {
                written,
                name,
                default,
            } => match value_of(name, default, env) {
                Some(text) => {
                    from_environment = true;
                    filled.push_str(&text);
                }
                None => wrong.push(missing(name, within(place, written, texts))),
            },
            Part::Malformed => wrong.push(malformed(place)),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    *value = Text {
        text: filled,
        from_environment,
    };
    Ok(())
}

/// As in a shell, a default also stands for a variable that is set and empty.
fn value_of(name: &str, default: Option<&str>, env: Environment<'_>) -> Option<String> {
    match (env(name), default) {
        (Some(text), None) => Some(text),
        (Some(text), Some(_)) if !text.is_empty() => Some(text),
        (_, default) => default.map(str::to_owned),
    }
}

fn missing(name: &str, place: Place) -> Diagnostic {
    Diagnostic::error(
        Code::MissingVariable,
        place,
        format!("the environment variable `{name}` is not set"),
    )
    .label("needed here")
    .help(format!(
        "set it, or give a default: \"${{{name}:-default}}\""
    ))
}

fn malformed(place: Place) -> Diagnostic {
    Diagnostic::error(Code::WrongType, place, "`${` begins no variable here")
        .label("expected `${NAME}` or `${NAME:-default}`")
        .help("write `$${` for the characters `${` themselves")
}

/// The place of a variable inside its value, as long as it is written there without escapes.
fn within(place: Place, written: &str, texts: &[&str]) -> Place {
    let found = texts
        .get(place.file)
        .and_then(|text| text.get(place.start..place.end))
        .and_then(|value| value.find(written));
    match found {
        Some(at) => Place {
            start: place.start + at,
            end: place.start + at + written.len(),
            ..place
        },
        None => place,
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            // `$${` is a `${` that is meant: one dollar is dropped.
            parts.push(Part::Literal(&rest[..at - 1]));
            parts.push(Part::Literal("${"));
            rest = &rest[at + 2..];
            continue;
        }
        parts.push(Part::Literal(&rest[..at]));
        let Some(close) = rest[at..].find('}') else {
            parts.push(Part::Malformed);
            return parts;
        };
        let written = &rest[at..=at + close];
        let inner = &written[2..close];
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        parts.push(if is_name(name) {
            Part::Variable {
                written,
                name,
                default,
            }
        } else {
            Part::Malformed
        });
        rest = &rest[at + close + 1..];
    }
    parts.push(Part::Literal(rest));
    parts
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_stand_for_unset_and_empty_variables() {
        let env = |name: &str| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let fill = |text| fill_default(text, &env);
        assert_eq!(fill("a-${SET}-z"), "a-value-z");
        assert_eq!(fill("${EMPTY:-other}${UNSET:-}"), "other");
        assert_eq!(fill("${EMPTY}"), "");
        assert_eq!(fill("$${SET} $5 ${SET:-x}"), "${SET} $5 value");
    }

    #[test]
    fn what_is_no_variable_is_malformed() {
        for text in ["${", "${}", "${1A}", "${a b}", "${A"] {
            assert!(parts(text).contains(&Part::Malformed), "{text}");
        }
        assert!(!has_variable("$${A} and $A"));
    }
}
