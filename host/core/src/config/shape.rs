//! One file against the table of keys: unknown keys and values of a wrong type. What is wrong is
//! reported and then out of the way, so that nothing else is said about it.

use super::keys::{self, Key, Kind, ROOT};
use super::report::Diagnostic;
use super::tree::{Entry, Node, Table, Value};
use super::{suggest, variables};
use crate::codes::Code;

/// Checks a whole file.
pub(super) fn check(root: &mut Node, found: &mut Vec<Diagnostic>) {
    if let Value::Table(table) = &mut root.value {
        check_table(table, ROOT, "", "", found);
    }
}

/// `path` is the table's name in messages, `general` the same with `NAME` for the user's names.
fn check_table(
    table: &mut Table,
    keys: &'static [Key],
    path: &str,
    general: &str,
    found: &mut Vec<Diagnostic>,
) {
    for (name, entry) in table.iter_mut() {
        let Some(key) = keys.iter().find(|key| key.name == name) else {
            found.push(unknown_key(name, entry, keys, path, general));
            entry.node.value = Value::Wrong;
            continue;
        };
        let path = join(path, name);
        let general = join(general, name);
        match (&key.kind, &mut entry.node.value) {
            (Kind::Section(keys), Value::Table(inner)) => {
                check_table(inner, keys, &path, &general, found);
            }
            (Kind::Named(keys), Value::Table(named)) => {
                for (name, entry) in named.iter_mut() {
                    let path = join(&path, name);
                    match &mut entry.node.value {
                        Value::Table(inner) => {
                            check_table(inner, keys, &path, &join(&general, "NAME"), found);
                        }
                        _ => refuse_container(&mut entry.node, &path, &key.kind, found),
                    }
                }
            }
            (Kind::Handlers, Value::Array(items)) => {
                for item in items
                    .iter_mut()
                    .filter(|i| !matches!(i.value, Value::Text(_)))
                {
                    refuse(item, &format!("an item of `{path}`"), &Kind::Name, found);
                }
            }
            (Kind::Settings | Kind::Outputs | Kind::Client(_), Value::Table(map)) => {
                for (name, entry) in map
                    .iter_mut()
                    .filter(|(_, e)| !fits(&key.kind, &e.node.value))
                {
                    refuse(&mut entry.node, &join(&path, name), &key.kind, found);
                }
            }
            (
                Kind::Section(_)
                | Kind::Named(_)
                | Kind::Handlers
                | Kind::Settings
                | Kind::Outputs
                | Kind::Client(_),
                _,
            ) => refuse_container(&mut entry.node, &path, &key.kind, found),
            (kind, value) if fits(kind, value) => {}
            (kind, _) => refuse(&mut entry.node, &path, kind, found),
        }
    }
}

/// Whether a value, or a value of a map of this kind, has the right type.
fn fits(kind: &Kind, value: &Value) -> bool {
    match (value, kind) {
        // Only a string can be filled from the environment, so it stands for the others too.
        (Value::Text(text), Kind::Count(..) | Kind::Boolean) => variables::has_variable(&text.text),
        (Value::Text(_), _) | (Value::Wrong, _) => true,
        (Value::Integer(_), Kind::Count(..) | Kind::Client(_)) => true,
        (Value::Float(_), Kind::Client(_)) => true,
        (Value::Boolean(_), Kind::Boolean | Kind::Client(_)) => true,
        (Value::Datetime(_), Kind::Start) => true,
        _ => false,
    }
}

fn refuse(node: &mut Node, path: &str, kind: &Kind, found: &mut Vec<Diagnostic>) {
    let expected = match kind {
        Kind::Settings | Kind::Outputs => "a string".to_owned(),
        kind => kind.expected(),
    };
    let help = match (&node.value, kind) {
        (Value::Text(text), Kind::Count(..) | Kind::Boolean) if is_plain(&text.text) => {
            "write it without quotes".to_owned()
        }
        (
            Value::Integer(_) | Value::Boolean(_) | Value::Float(_) | Value::Datetime(_),
            Kind::Settings | Kind::Text | Kind::Secret | Kind::Outputs | Kind::Name | Kind::Topic,
        ) => "write it in quotes".to_owned(),
        // TOML takes a dot in a bare key for a table in a table.
        (Value::Table(_), Kind::Client(_)) => {
            "a setting with dots stands in quotes: `\"security.protocol\" = \"SSL\"`".to_owned()
        }
        _ => format!("write it as in {}", kind.example()),
    };
    push_wrong_type(node, path, &expected, Some(help), found);
}

/// A number or a boolean, had it no quotes.
fn is_plain(text: &str) -> bool {
    text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok()
}

fn refuse_container(node: &mut Node, path: &str, kind: &Kind, found: &mut Vec<Diagnostic>) {
    let (expected, help) = match kind {
        Kind::Handlers => (
            "an array of handlers' names",
            format!("write it as in `handlers = {}`", kind.example()),
        ),
        _ => (
            "a table",
            format!("write it as `[{path}]` with its keys in the lines below"),
        ),
    };
    push_wrong_type(node, path, expected, Some(help), found);
}

fn push_wrong_type(
    node: &mut Node,
    path: &str,
    expected: &str,
    help: Option<String>,
    found: &mut Vec<Diagnostic>,
) {
    let path = if path.contains('`') {
        path.to_owned()
    } else {
        format!("`{path}`")
    };
    found.push(
        Diagnostic::error(
            Code::WrongType,
            node.place,
            format!("{path} must be {expected}, not {}", node.value.kind()),
        )
        .label(format!("expected {expected}"))
        .maybe_help(help),
    );
    node.value = Value::Wrong;
}

fn unknown_key(
    name: &str,
    entry: &Entry,
    keys: &'static [Key],
    path: &str,
    general: &str,
) -> Diagnostic {
    let shown = name.escape_debug();
    let (message, label) = if path.is_empty() {
        (
            format!("unknown section `{shown}`"),
            "not a section".to_owned(),
        )
    } else {
        (
            format!("unknown key `{shown}` in `{path}`"),
            format!("not a key of `[{general}]`"),
        )
    };
    let known = keys.iter().map(|key| key.name);
    let help = match (
        suggest::nearest(name, known.clone()),
        keys::elsewhere(name, entry.node.table().is_some(), general),
    ) {
        (None, Some(other)) => Some(format!("`{shown}` belongs in `[{other}]`")),
        _ => suggest::advice(name, known, "known here"),
    };
    Diagnostic::error(Code::UnknownKey, entry.key, message)
        .label(label)
        .maybe_help(help)
}

/// A dotted path; a name that TOML would quote is quoted.
pub(super) fn join(path: &str, name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name = if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.escape_debug())
    };
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}

/// Whether a table has, reported by now, an unknown key that was meant to be this one.
pub(super) fn is_misspelt(table: &Table, name: &str) -> bool {
    table.iter().any(|(key, entry)| {
        matches!(entry.node.value, Value::Wrong) && suggest::nearest(key, [name]).is_some()
    })
}
