//! How `penstock peek` shows a record.

use std::fmt::Write;

use anstyle::{AnsiColor, Style as Paint};
use serde::de::IgnoredAny;

use crate::record_json::RecordJson;
use crate::{escape, json_text};

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Style {
    /// One JSON object a line.
    Json,
    /// People at a terminal: a JSON value over several lines.
    Pretty,
    /// People and tools like `grep`: a value on one line.
    Plain,
}

const PLACE: Paint = AnsiColor::Cyan.on_default().bold();
const NAME: Paint = Paint::new().dimmed();

/// One record, with the line end.
pub(in crate::commands) fn record(topic: &str, record: &RecordJson, style: Style) -> String {
    if style == Style::Json {
        return escape::json(&record.to_string()) + "\n";
    }
    let mut text = String::new();
    // Writing to a String does not fail.
    people(&mut text, topic, record, style).unwrap_or_default();
    text
}

fn people(text: &mut String, topic: &str, of: &RecordJson, style: Style) -> std::fmt::Result {
    let (partition, offset) = (of.partition.unwrap_or(-1), of.offset.unwrap_or(-1));
    write!(text, "{PLACE}{topic}[{partition}]@{offset}{PLACE:#}")?;
    match &of.timestamp {
        Some(time) => write!(text, "  {time}")?,
        None => write!(text, "  {NAME}no timestamp{NAME:#}")?,
    }
    text.push_str(&content(of, style, ""));
    Ok(())
}

/// Key, headers and value, from within a line on; further lines are indented by `indent` and two.
pub(in crate::commands) fn content(of: &RecordJson, style: Style, indent: &str) -> String {
    let mut text = String::new();
    key_headers_value(&mut text, of, style, indent).unwrap_or_default();
    text
}

fn key_headers_value(
    text: &mut String,
    of: &RecordJson,
    style: Style,
    indent: &str,
) -> std::fmt::Result {
    match &of.key {
        Some(key) => writeln!(text, "  {NAME}key{NAME:#} {}", shown(key))?,
        None => writeln!(text, "  {NAME}no key{NAME:#}")?,
    }
    for header in &of.headers {
        write!(
            text,
            "{indent}  {NAME}header{NAME:#} {}: ",
            shown(&header.name)
        )?;
        match &header.value {
            Some(value) => writeln!(text, "{}", shown(value))?,
            None => writeln!(text, "{NAME}null{NAME:#}")?,
        }
    }
    match &of.value {
        None => writeln!(text, "{indent}  {NAME}tombstone{NAME:#}"),
        Some(value) => value_lines(value, style)
            .lines()
            .try_for_each(|line| writeln!(text, "{indent}  {line}")),
    }
}

/// JSON as such, anything else escaped on one line.
fn value_lines(value: &[u8], style: Style) -> String {
    match (structured_json(value), style) {
        (Some(json), Style::Pretty) => escape::json(&json_text::pretty(json)),
        (Some(json), _) => escape::json(&json_text::compact(json)),
        (None, _) => shown(value),
    }
}

/// An object or array; any other JSON is text that shows itself.
fn structured_json(value: &[u8]) -> Option<&str> {
    let text = str::from_utf8(value).ok()?;
    let structured = text.trim_ascii_start().starts_with(['{', '[']);
    (structured && serde_json::from_str::<IgnoredAny>(text).is_ok()).then_some(text)
}

fn shown(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "\"\"".to_owned();
    }
    escape::text(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record_json::{HeaderJson, Millis};

    fn sample(value: Option<&[u8]>) -> RecordJson {
        RecordJson {
            topic: Some("t".to_owned()),
            partition: Some(2),
            offset: Some(7),
            timestamp: Some(Millis(1_767_261_600_000)),
            timestamp_type: None,
            key: Some(b"u7".to_vec()),
            value: value.map(<[u8]>::to_vec),
            headers: vec![],
        }
    }

    fn shown_as(style: Style, of: &RecordJson) -> String {
        anstream::adapter::strip_str(&record("t", of, style)).to_string()
    }

    #[test]
    fn json_is_shown_as_such_with_its_names_in_order() {
        let of = sample(Some(b"{\"z\": 1.0,\n \"a\": []}"));
        assert_eq!(
            shown_as(Style::Plain, &of),
            "t[2]@7  2026-01-01T10:00:00.000Z  key u7\n  {\"z\":1.0,\"a\":[]}\n"
        );
        assert_eq!(
            shown_as(Style::Pretty, &of),
            "t[2]@7  2026-01-01T10:00:00.000Z  key u7\n  {\n    \"z\": 1.0,\n    \"a\": []\n  }\n"
        );
    }

    #[test]
    fn null_and_empty_differ() {
        let null = RecordJson {
            key: None,
            timestamp: None,
            headers: vec![HeaderJson {
                name: b"h".to_vec(),
                value: None,
            }],
            ..sample(None)
        };
        assert_eq!(
            shown_as(Style::Plain, &null),
            "t[2]@7  no timestamp  no key\n  header h: null\n  tombstone\n"
        );
        let empty = RecordJson {
            key: Some(vec![]),
            ..sample(Some(b""))
        };
        assert_eq!(
            shown_as(Style::Plain, &empty),
            "t[2]@7  2026-01-01T10:00:00.000Z  key \"\"\n  \"\"\n"
        );
    }

    #[test]
    fn a_terminal_can_not_be_abused_by_any_part_of_a_record() {
        let hostile = "\u{1b}]0;x\u{7}\u{9b}2J\u{202e}";
        let json = format!("{{\"{}\": 1}}", "\u{9b}2J\u{202e}");
        for value in [hostile.as_bytes(), json.as_bytes()] {
            let of = RecordJson {
                key: Some(hostile.into()),
                headers: vec![HeaderJson {
                    name: hostile.into(),
                    value: Some(hostile.into()),
                }],
                ..sample(Some(value))
            };
            for style in [Style::Json, Style::Pretty, Style::Plain] {
                let text = record("t", &of, style);
                let painted = text.replace("\u{1b}[", "");
                let lines = if style == Style::Json { "" } else { "\n" };
                let bad = painted.trim_end().replace(lines, "");
                assert!(
                    !bad.contains(|c: char| c.is_control() || c == '\u{202e}'),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn a_json_line_reads_back_as_the_record() {
        let of = sample(Some("\u{202e}\u{9b} {\"a\": 1}".as_bytes()));
        let line = record("t", &of, Style::Json);
        assert_eq!(RecordJson::parse(line.trim_end()).expect("a record"), of);
        assert_eq!(line.lines().count(), 1);
    }
}
