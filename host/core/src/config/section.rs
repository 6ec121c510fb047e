//! Reading typed values out of a table by the table of keys: defaults, forms and ranges.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::keys::{Key, Kind, Need};
use super::report::{Diagnostic, Place};
use super::shape::{is_misspelt, join};
use super::tree::{Entry, Node, Table, Text, Value};
use super::{hint, scalar, suggest, variables};
use crate::codes::Code;

/// What reading needs besides the table, and the mistakes found on the way.
pub(super) struct Context<'a> {
    /// The environment.
    pub env: variables::Environment<'a>,
    /// By file, the folder to which its paths are relative.
    pub dirs: Vec<&'a Path>,
    /// The mistakes.
    pub found: Vec<Diagnostic>,
}

/// A table of known keys.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    keys: &'static [Key],
    path: &'a str,
    /// Where to say that a key is missing.
    place: Option<Place>,
    table: Option<&'a Table>,
}

/// A value as it was given, or its default.
enum Given<'a> {
    Node(&'a Node),
    Default(&'static str),
}

impl<'a> Section<'a> {
    /// The section of an entry; `None` if the file doesn't have it.
    pub fn new(keys: &'static [Key], path: &'a str, entry: Option<&'a Entry>) -> Self {
        Self {
            keys,
            path,
            place: entry.map(|entry| entry.key),
            table: entry.and_then(|entry| entry.node.table()),
        }
    }

    /// The keys that it may have.
    pub fn keys(&self) -> &'static [Key] {
        self.keys
    }

    /// Where a key's value stands.
    pub fn place(&self, name: &str) -> Option<Place> {
        self.entry(name).map(|entry| entry.node.place)
    }

    /// A key's entry.
    pub fn entry(&self, name: &str) -> Option<&'a Entry> {
        self.table?.get(name)
    }

    /// The key's dotted path.
    pub fn path(&self, name: &str) -> String {
        join(self.path, name)
    }

    fn key(&self, name: &str) -> &'static Key {
        let key = self.keys.iter().find(|key| key.name == name);
        key.unwrap_or_else(|| panic!("`{name}` is not in the table of keys"))
    }

    fn given(&self, name: &str, cx: &mut Context<'_>) -> Option<Given<'a>> {
        match (self.entry(name), &self.key(name).need) {
            (Some(entry), _) => Some(Given::Node(&entry.node)),
            (None, Need::Default(text)) => Some(Given::Default(text)),
            (None, Need::Required) => {
                self.missing(name, cx);
                None
            }
            (None, Need::Computed(_) | Need::Optional) => None,
        }
    }

    /// Says that a required key is missing, unless its whole section is.
    pub fn missing(&self, name: &str, cx: &mut Context<'_>) {
        let Some(place) = self.place else { return };
        if self.table.is_some_and(|table| is_misspelt(table, name)) {
            return;
        }
        cx.found.push(
            Diagnostic::error(
                Code::MissingKey,
                place,
                format!("`{}` is missing", self.path(name)),
            )
            .label(format!("has no `{name}`"))
            .help(hint::missing(self.key(name))),
        );
    }

    /// A string in the form that `parse` reads; its own mistake otherwise.
    fn text<T>(
        &self,
        name: &str,
        cx: &mut Context<'_>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        match self.given(name, cx)? {
            Given::Default(text) => {
                let value = parse(text);
                debug_assert!(
                    value.is_some(),
                    "the default of `{name}` is not in its form"
                );
                value
            }
            Given::Node(node) => {
                let text = match &node.value {
                    Value::Text(text) => text.clone(),
                    Value::Datetime(text) => Text {
                        text: text.clone(),
                        from_environment: false,
                    },
                    _ => return None,
                };
                let value = parse(&text.text);
                if value.is_none() {
                    let path = self.path(name);
                    cx.found
                        .push(wrong_form(&path, self.key(name), node.place, &text));
                }
                value
            }
        }
    }

    /// A string that is not empty, without control characters.
    pub fn string(&self, name: &str, cx: &mut Context<'_>) -> Option<String> {
        let good = |text: &str| !text.trim().is_empty() && !text.contains(char::is_control);
        self.text(name, cx, |text| good(text).then(|| text.to_owned()))
    }

    /// A string that may be empty.
    pub fn any_string(&self, name: &str, cx: &mut Context<'_>) -> Option<String> {
        self.text(name, cx, |text| Some(text.to_owned()))
    }

    /// A name.
    pub fn name(&self, name: &str, cx: &mut Context<'_>) -> Option<String> {
        self.text(name, cx, |text| {
            scalar::is_name(text).then(|| text.to_owned())
        })
    }

    /// A list of brokers.
    pub fn brokers(&self, name: &str, cx: &mut Context<'_>) -> Option<String> {
        self.text(name, cx, |text| {
            scalar::is_brokers(text).then(|| text.to_owned())
        })
    }

    /// A topic's name.
    pub fn topic(&self, name: &str, cx: &mut Context<'_>) -> Option<String> {
        let entry = self.entry(name)?;
        topic(&self.path(name), &entry.node, cx)
    }

    /// A path, made relative to the folder of its file.
    pub fn file(&self, name: &str, cx: &mut Context<'_>) -> Option<PathBuf> {
        let text = self.string(name, cx)?;
        Some(match self.place(name) {
            Some(place) => cx.dirs[place.file].join(text),
            None => PathBuf::from(variables::fill_default(&text, cx.env)),
        })
    }

    /// A socket's address.
    pub fn address(&self, name: &str, cx: &mut Context<'_>) -> Option<SocketAddr> {
        self.text(name, cx, |text| text.parse().ok())
    }

    /// A SHA-256 digest.
    pub fn digest(&self, name: &str, cx: &mut Context<'_>) -> Option<[u8; 32]> {
        self.text(name, cx, scalar::digest)
    }

    /// A start position.
    pub fn start(&self, name: &str, cx: &mut Context<'_>) -> Option<super::Start> {
        self.text(name, cx, scalar::start)
    }

    /// A first and a largest delay.
    pub fn backoff(&self, name: &str, cx: &mut Context<'_>) -> Option<(Duration, Duration)> {
        self.text(name, cx, scalar::backoff)
    }

    /// One of a key's choices.
    pub fn choice(&self, name: &str, cx: &mut Context<'_>) -> Option<&'static str> {
        let Kind::Choice(choices) = self.key(name).kind else {
            return None;
        };
        self.text(name, cx, |text| {
            choices.iter().copied().find(|choice| *choice == text)
        })
    }

    /// A duration in its range.
    pub fn duration(&self, name: &str, cx: &mut Context<'_>) -> Option<Duration> {
        let value = self.text(name, cx, scalar::duration)?;
        let Kind::Duration(min, max) = self.key(name).kind else {
            return None;
        };
        self.in_range(name, value, min, max, scalar::show_duration, cx)
    }

    /// A number of bytes in its range.
    pub fn bytes(&self, name: &str, cx: &mut Context<'_>) -> Option<u64> {
        let value = self.text(name, cx, scalar::bytes)?;
        let Kind::Bytes(min, max) = self.key(name).kind else {
            return None;
        };
        self.in_range(name, value, min, max, scalar::show_bytes, cx)
    }

    /// A whole number in its range.
    pub fn count(&self, name: &str, cx: &mut Context<'_>) -> Option<u32> {
        let Kind::Count(min, max) = self.key(name).kind else {
            return None;
        };
        let value = match self.entry(name).map(|entry| &entry.node.value) {
            Some(Value::Integer(number)) => *number,
            _ => self.text(name, cx, |text| text.trim().parse().ok())?,
        };
        let value = self.in_range(name, value, min.into(), max.into(), |n: i64| n, cx)?;
        u32::try_from(value).ok()
    }

    /// `true` or `false`.
    pub fn boolean(&self, name: &str, cx: &mut Context<'_>) -> Option<bool> {
        match self.entry(name).map(|entry| &entry.node.value) {
            Some(Value::Boolean(value)) => Some(*value),
            _ => self.text(name, cx, |text| text.trim().parse().ok()),
        }
    }

    fn in_range<T: PartialOrd + Copy, S: Display>(
        &self,
        name: &str,
        value: T,
        min: T,
        max: T,
        show: impl Fn(T) -> S,
        cx: &mut Context<'_>,
    ) -> Option<T> {
        let (word, bound) = if value < min {
            ("small", format!("the least is {}", show(min)))
        } else if value > max {
            ("large", format!("the most is {}", show(max)))
        } else {
            return Some(value);
        };
        let message = format!("`{}` is too {word}", self.path(name));
        let place = self.place(name);
        cx.found.push(
            Diagnostic::error(Code::ImpossibleValue, place, message)
                .label(bound)
                .help(hint::range(self.key(name), show(min), show(max))),
        );
        None
    }
}

/// A topic's name out of a value.
pub(super) fn topic(path: &str, node: &Node, cx: &mut Context<'_>) -> Option<String> {
    let Value::Text(text) = &node.value else {
        return None;
    };
    let Some(problem) = scalar::topic_problem(&text.text) else {
        return Some(text.text.clone());
    };
    let message = format!("`{path}` can't be a topic's name: {problem}");
    let shown = (!text.from_environment).then_some(text.text.as_str());
    cx.found.push(
        Diagnostic::error(Code::WrongType, node.place, message)
            .label("expected a topic")
            .help(hint::topic(shown)),
    );
    None
}

/// A value of the right type in a wrong form.
fn wrong_form(path: &str, key: &Key, place: Place, text: &Text) -> Diagnostic {
    let expected = key.kind.expected();
    let message = format!("`{path}` must be {expected}; {} is not", text.shown());
    let help = match &key.kind {
        Kind::Choice(choices) => suggest::nearest(&text.text, choices.iter().copied()).map_or_else(
            || hint::choice(key),
            |best| format!("did you mean \"{best}\"?"),
        ),
        Kind::Address if text.text.starts_with("localhost") => {
            "write the address itself: \"127.0.0.1:9644\"".to_owned()
        }
        kind => format!("write it as in {}", kind.example()),
    };
    Diagnostic::error(Code::WrongType, place, message)
        .label(format!("expected {expected}"))
        .help(help)
}
