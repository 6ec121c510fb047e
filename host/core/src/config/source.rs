//! One configuration file: from bytes to a tree, with every syntax error.

use std::ops::Range;
use std::path::PathBuf;

use toml::de::{DeTable, Error};

use super::report::{Diagnostic, Place};
use super::secrets;
use super::tree::{self, Node};
use crate::codes::Code;

/// A configuration file as it was read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its name as the report shows it.
    pub name: String,
    /// The folder to which the paths in it are relative.
    pub dir: PathBuf,
    /// What is in it, or why it can't be read.
    pub bytes: Result<Vec<u8>, String>,
}

/// A file after parsing.
pub(super) struct Parsed {
    /// The text, to show places of it.
    pub text: String,
    /// What could be read.
    pub tree: Option<Node>,
    /// Whether something in it could not be read, so that what seems to be missing may be there.
    pub broken: bool,
    /// What lies below headers that could not be read: nobody knows what its keys belong to.
    pub astray: Vec<Range<usize>>,
}

/// Beyond these, one broken line has usually broken the rest.
const SYNTAX_ERRORS_MAX: usize = 20;

/// Parses file number `index`.
pub(super) fn parse(index: usize, file: &SourceFile, found: &mut Vec<Diagnostic>) -> Parsed {
    let unreadable = |text| Parsed {
        text,
        tree: None,
        broken: true,
        astray: Vec::new(),
    };
    let bytes = match &file.bytes {
        Ok(bytes) => bytes,
        Err(why) => {
            let message = format!("can't read {}: {why}", file.name);
            let start = Place {
                file: index,
                start: 0,
                end: 0,
            };
            found.push(
                Diagnostic::error(Code::ConfigUnreadable, start, message)
                    .help("does the file exist, and may this user read it?"),
            );
            return unreadable(String::new());
        }
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) => {
            found.push(not_utf8(index, file, bytes, error.valid_up_to()));
            return unreadable(String::from_utf8_lossy(bytes).into_owned());
        }
    };
    let (document, errors) = DeTable::parse_recoverable(&text);
    let mut astray = Vec::new();
    let mut broken = false;
    let mut told = 0;
    let mut last_line = None;
    let mut twice = None;
    for error in errors {
        let diagnostic = syntax_error(index, &text, &error);
        if diagnostic.code == Some(Code::DuplicateName) {
            let at = diagnostic.place.map_or(0, |place| place.start);
            // The keys of a table that is there twice are as well: one word is enough.
            if twice.is_none_or(|header: usize| text[header..at].contains("\n[")) {
                twice = line_at(&text, at)
                    .trim_start()
                    .starts_with('[')
                    .then_some(at);
                found.push(diagnostic);
            }
            continue;
        }
        broken = true;
        astray.extend(diagnostic.place.and_then(|at| below(&text, at.start)));
        // The parser goes on after an error, and may stumble over the same line again.
        let line = diagnostic.place.map(|p| line_of(&text, p.start));
        if line != last_line && told < SYNTAX_ERRORS_MAX {
            found.push(diagnostic);
            told += 1;
        }
        last_line = line;
    }
    let tree = Some(tree::convert(index, document));
    Parsed {
        text,
        tree,
        broken,
        astray,
    }
}

/// From a place in a header to the next header; `None`: the place is in none.
fn below(text: &str, at: usize) -> Option<Range<usize>> {
    let is_header = line_at(text, at).trim_start().starts_with('[');
    let next = || text[at..].find("\n[").map_or(text.len(), |next| at + next);
    is_header.then(|| at..next())
}

fn not_utf8(index: usize, file: &SourceFile, bytes: &[u8], at: usize) -> Diagnostic {
    let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
    let replacement = char::REPLACEMENT_CHARACTER.len_utf8();
    let place = Place {
        file: index,
        start: at,
        end: at + replacement,
    };
    let message = format!(
        "{} is not UTF-8: byte 0x{:02X} in line {line}",
        file.name, bytes[at]
    );
    Diagnostic::error(Code::ConfigUnreadable, place, message)
        .label("here")
        .help("TOML is UTF-8: save the file in that encoding")
}

fn syntax_error(index: usize, text: &str, error: &Error) -> Diagnostic {
    let span = error.span().unwrap_or(text.len()..text.len());
    let start = floor(text, span.start);
    let end = floor(text, span.end.max(start));
    let place = Place {
        file: index,
        start,
        end,
    };
    if error.message() == "duplicate key" {
        let line = line_at(text, start).trim();
        let name = if line.starts_with('[') {
            line
        } else {
            text[start..end].trim_matches(['"', '\''])
        };
        return Diagnostic::error(
            Code::DuplicateName,
            place,
            format!("`{}` is given twice", name.escape_debug()),
        )
        .label("the second one")
        .help("keep one of them; to change a value for one environment, lay a second file over");
    }
    Diagnostic::error(Code::ConfigSyntax, place, "this is not TOML")
        .label(error.message())
        .help(unquoted(text, start).unwrap_or_else(|| repair(error.message()).to_owned()))
}

/// What a line needs, by the parser's words.
fn repair(words: &str) -> &'static str {
    let said = |part: &str| words.contains(part);
    if said("string values must be quoted") {
        "text stands in quotes: \"text\""
    } else if said("multi-line") {
        "a text of several lines ends with the three quotes that it begins with"
    } else if said("string, expected") {
        "text ends in the line where it begins, with the quote that it begins with"
    } else if said("unclosed table") || said("unclosed array table") {
        "a header stands in brackets, alone in its line: `[section]`"
    } else if said("unclosed") {
        "close what was opened in this line or above: `[` with `]`, `{` with `}`"
    } else {
        "a line is `key = value`, a header as `[section]`, or a comment after `#`"
    }
}

/// What a value without its quotes needs, the commonest slip.
fn unquoted(text: &str, at: usize) -> Option<String> {
    let (key, value) = line_at(text, at).split_once('=')?;
    let value = value.split('#').next()?.trim();
    let plain = |c: char| c.is_alphanumeric() || "-_./:".contains(c);
    let bare = !value.is_empty() && value.chars().all(plain) && !secrets::is_secret(key);
    bare.then(|| format!("text stands in quotes: \"{value}\""))
}

/// The line of a place.
fn line_at(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    text[start..].lines().next().unwrap_or_default()
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].bytes().filter(|b| *b == b'\n').count()
}

fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}
