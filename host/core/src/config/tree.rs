//! A TOML document as a tree whose every key and value knows its place, and laying one over
//! another.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::report::Place;

/// A table's entries by key.
pub(super) type Table = BTreeMap<String, Entry>;

/// One entry of a table.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Where the key stands; in a header, for `[a.b]`.
    pub key: Place,
    /// The value.
    pub node: Node,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Where the value stands.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// A string.
    Text(Text),
    /// An integer; one beyond 64 bits is held to them.
    Integer(i64),
    /// A float, as written.
    Float(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A date, a time or both, as written.
    Datetime(String),
    /// An array.
    Array(Vec<Node>),
    /// A table.
    Table(Table),
    /// A value that has been reported as wrong: nothing more is to be said about it.
    Wrong,
}

/// A string value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    /// With variables filled in.
    pub text: String,
    /// Whether any of it comes from the environment: then it may be a secret, and is never shown.
    pub from_environment: bool,
}

impl Text {
    /// As a message may show it: in backquotes, or "this value".
    pub fn shown(&self) -> String {
        if self.from_environment {
            "this value".to_owned()
        } else {
            format!("`{}`", self.text.escape_debug())
        }
    }
}

impl Value {
    /// As a message calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a string",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number with a fraction",
            Value::Boolean(_) => "true or false",
            Value::Datetime(_) => "a date or time",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
            Value::Wrong => "a mistake",
        }
    }
}

impl Node {
    /// The entries, of a table.
    pub fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Whether anything in it has been reported as wrong.
    pub fn has_wrong(&self) -> bool {
        match &self.value {
            Value::Wrong => true,
            Value::Array(items) => items.iter().any(Node::has_wrong),
            Value::Table(table) => table.values().any(|entry| entry.node.has_wrong()),
            _ => false,
        }
    }

    /// The entry at the end of a path of keys.
    pub fn entry(&self, path: &[&str]) -> Option<&Entry> {
        let (last, tables) = path.split_last()?;
        let mut node = self;
        for key in tables {
            node = &node.table()?.get(*key)?.node;
        }
        node.table()?.get(*last)
    }
}

/// The tree of a parsed document, which is file number `file`.
pub(super) fn convert(file: usize, document: toml::Spanned<DeTable<'_>>) -> Node {
    let place = place(file, document.span());
    let value = Value::Table(convert_table(file, document.into_inner()));
    Node { place, value }
}

fn convert_table(file: usize, table: DeTable<'_>) -> Table {
    let entry = |(key, value): (toml::Spanned<_>, toml::Spanned<_>)| {
        let at = place(file, key.span());
        let node = convert_value(file, value);
        (
            std::borrow::Cow::into_owned(key.into_inner()),
            Entry { key: at, node },
        )
    };
    table.into_iter().map(entry).collect()
}

fn convert_value(file: usize, value: toml::Spanned<DeValue<'_>>) -> Node {
    let place = place(file, value.span());
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(Text {
            text: text.into_owned(),
            from_environment: false,
        }),
        DeValue::Integer(n) => Value::Integer(
            i64::from_str_radix(n.as_str(), n.radix()).unwrap_or_else(|_| {
                if n.as_str().starts_with('-') {
                    i64::MIN
                } else {
                    i64::MAX
                }
            }),
        ),
        DeValue::Float(n) => Value::Float(n.as_str().to_owned()),
        DeValue::Boolean(b) => Value::Boolean(b),
        DeValue::Datetime(time) => Value::Datetime(time.to_string()),
        DeValue::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| convert_value(file, item))
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(convert_table(file, table)),
    };
    Node { place, value }
}

fn place(file: usize, span: std::ops::Range<usize>) -> Place {
    Place {
        file,
        start: span.start,
        end: span.end,
    }
}

/// Lays `top` over `base`: tables merge, everything else is replaced.
pub(super) fn lay_over(base: &mut Node, top: Node) {
    match (&mut base.value, top.value) {
        (Value::Table(below), Value::Table(above)) => {
            for (key, entry) in above {
                match below.get_mut(&key) {
                    Some(old) if old.node.table().is_some() && entry.node.table().is_some() => {
                        lay_over(&mut old.node, entry.node);
                    }
                    _ => {
                        below.insert(key, entry);
                    }
                }
            }
        }
        (_, value) => {
            *base = Node {
                place: top.place,
                value,
            }
        }
    }
}
