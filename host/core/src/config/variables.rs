//! `${NAME}` and `${file:PATH}` in string values, each with a `:-default` if it likes, read from the
//! environment or from a file, such as a mounted secret.

use std::path::Path;

use super::report::{Diagnostic, Place};
use super::tree::{Node, Text, Value};
use crate::codes::Code;

/// Where values come from that don't stand in the configuration.
pub type Environment<'a> = &'a dyn Surroundings;

/// The environment and the files of the machine.
pub trait Surroundings {
    /// A variable's value by its name.
    fn variable(&self, name: &str) -> Option<String>;

    /// What is in a file; `None` if there is none.
    ///
    /// # Errors
    /// Why it can't be read.
    fn file(&self, path: &Path) -> Result<Option<String>, String>;
}

/// An environment without files.
impl<F: Fn(&str) -> Option<String>> Surroundings for F {
    fn variable(&self, name: &str) -> Option<String> {
        self(name)
    }

    fn file(&self, _: &Path) -> Result<Option<String>, String> {
        Ok(None)
    }
}

/// A part of a string value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Literal(&'a str),
    Variable {
        /// With `${` and `}`.
        written: &'a str,
        name: &'a str,
        default: Option<&'a str>,
    },
    File {
        /// With `${` and `}`.
        written: &'a str,
        path: &'a str,
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

/// A configuration file, as far as it matters here.
pub(super) struct File<'a> {
    /// What it says.
    pub text: &'a str,
    /// The folder to which its paths are relative.
    pub dir: &'a Path,
}

/// Fills in every string value of a tree. Where that fails the value becomes `Wrong`.
pub(super) fn fill_tree(
    node: &mut Node,
    env: Environment<'_>,
    files: &[File<'_>],
    found: &mut Vec<Diagnostic>,
) {
    match &mut node.value {
        Value::Text(text) => match fill_value(text, node.place, env, files) {
            Ok(()) => {}
            Err(diagnostics) => {
                found.extend(diagnostics);
                node.value = Value::Wrong;
            }
        },
        Value::Array(items) => {
            for item in items {
                fill_tree(item, env, files, found);
            }
        }
        Value::Table(table) => {
            for entry in table.values_mut() {
                fill_tree(&mut entry.node, env, files, found);
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
        Part::File { .. } | Part::Malformed => String::new(),
    };
    parts(text).into_iter().map(fill).collect()
}

/// Fills in a text that stands in no file.
///
/// # Errors
/// All that is wrong, in words.
pub(super) fn fill_text(
    text: &str,
    dir: &Path,
    env: Environment<'_>,
) -> Result<String, Vec<String>> {
    let filled = parts(text).into_iter().map(|part| fill(&part, dir, env));
    let (filled, wrong): (Vec<_>, Vec<_>) = filled.partition(Result::is_ok);
    if wrong.is_empty() {
        return Ok(filled.into_iter().flatten().collect());
    }
    let wrong = wrong.into_iter().filter_map(Result::err);
    Err(wrong.map(|problem| problem.message).collect())
}

fn fill_value(
    value: &mut Text,
    place: Place,
    env: Environment<'_>,
    files: &[File<'_>],
) -> Result<(), Vec<Diagnostic>> {
    let mut filled = String::new();
    let mut wrong = Vec::new();
    let dir = files.get(place.file).map_or(Path::new(""), |of| of.dir);
    let parts = parts(&value.text);
    for part in &parts {
        match fill(part, dir, env) {
            Ok(text) => filled.push_str(&text),
            Err(problem) => wrong.push(problem.at(place, files)),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    *value = Text {
        from_environment: parts.iter().any(|of| !matches!(of, Part::Literal(_))),
        text: filled,
    };
    Ok(())
}

fn fill<'a>(part: &Part<'a>, dir: &Path, env: Environment<'_>) -> Result<String, Problem<'a>> {
    match *part {
        Part::Literal(text) => Ok(text.to_owned()),
        Part::Variable {
            written,
            name,
            default,
        } => value_of(name, default, env).ok_or_else(|| missing(name, written)),
        Part::File {
            written,
            path,
            default,
        } => match (env.file(&dir.join(path)), default) {
            // The end of the last line is no part of a secret.
            (Ok(Some(text)), _) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
            (Ok(None), Some(default)) => Ok(default.to_owned()),
            (Ok(None), None) => Err(unread(path, written, "there is no such file")),
            (Err(why), _) => Err(unread(path, written, &why)),
        },
        Part::Malformed => Err(malformed()),
    }
}

/// As in a shell, a default also stands for a variable that is set and empty.
fn value_of(name: &str, default: Option<&str>, env: Environment<'_>) -> Option<String> {
    match (env.variable(name), default) {
        (Some(text), None) => Some(text),
        (Some(text), Some(_)) if !text.is_empty() => Some(text),
        (_, default) => default.map(str::to_owned),
    }
}

/// Why something can't be filled in.
struct Problem<'a> {
    /// `None`: the whole value.
    written: Option<&'a str>,
    code: Code,
    message: String,
    label: &'static str,
    help: String,
}

impl Problem<'_> {
    fn at(self, place: Place, files: &[File<'_>]) -> Diagnostic {
        let place = self.written.map_or(place, |of| within(place, of, files));
        Diagnostic::error(self.code, place, self.message)
            .label(self.label)
            .help(self.help)
    }
}

fn missing<'a>(name: &str, written: &'a str) -> Problem<'a> {
    Problem {
        written: Some(written),
        code: Code::MissingVariable,
        message: format!("the environment variable `{name}` is not set"),
        label: "needed here",
        help: format!("set it, or give a default: \"${{{name}:-default}}\""),
    }
}

fn unread<'a>(path: &str, written: &'a str, why: &str) -> Problem<'a> {
    Problem {
        written: Some(written),
        code: Code::ConfigUnreadable,
        message: format!("can't read the file `{}`: {why}", path.escape_debug()),
        label: "needed here",
        help: "its path is relative to the folder of this file; may this user read it?".to_owned(),
    }
}

fn malformed() -> Problem<'static> {
    Problem {
        written: None,
        code: Code::WrongType,
        message: "`${` begins no variable here".to_owned(),
        label: "expected `${NAME}`, `${NAME:-default}` or `${file:PATH}`",
        help: "write `$${` for the characters `${` themselves".to_owned(),
    }
}

/// The place of a variable inside its value, as long as it is written there without escapes.
fn within(place: Place, written: &str, files: &[File<'_>]) -> Place {
    let found = files
        .get(place.file)
        .and_then(|file| file.text.get(place.start..place.end))
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

pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
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
        parts.push(match name.strip_prefix("file:") {
            Some(path) if !path.is_empty() => Part::File {
                written,
                path,
                default,
            },
            None if is_name(name) => Part::Variable {
                written,
                name,
                default,
            },
            _ => Part::Malformed,
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

    struct Mounted;

    impl Surroundings for Mounted {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }

        fn file(&self, path: &Path) -> Result<Option<String>, String> {
            match path.to_str() {
                Some("/secrets/password") => Ok(Some("hush\n".to_owned())),
                Some("/secrets/locked") => Err("permission denied".to_owned()),
                _ => Ok(None),
            }
        }
    }

    #[test]
    fn a_secret_comes_out_of_a_file_without_the_end_of_its_line() {
        let fill = |text: &str| fill_text(text, Path::new("/secrets"), &Mounted);
        assert_eq!(fill("<${file:password}>"), Ok("<hush>".to_owned()));
        assert_eq!(fill("${file:/secrets/password}"), Ok("hush".to_owned()));
        assert_eq!(fill("${file:none:-other}"), Ok("other".to_owned()));
        let wrong = fill("${file:none} ${file:locked} ${A} ${");
        let wrong = wrong.expect_err("nothing of it is there");
        assert_eq!(
            wrong,
            [
                "can't read the file `none`: there is no such file",
                "can't read the file `locked`: permission denied",
                "the environment variable `A` is not set",
                "`${` begins no variable here",
            ]
        );
    }

    #[test]
    fn what_is_no_variable_is_malformed() {
        for text in ["${", "${}", "${1A}", "${a b}", "${A", "${file:}"] {
            assert!(parts(text).contains(&Part::Malformed), "{text}");
        }
        assert!(!has_variable("$${A} and $A"));
    }
}
