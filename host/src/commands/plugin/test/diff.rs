//! What differs between two outcomes, for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style as Paint};
use similar::{ChangeTag, TextDiff};

use crate::commands::peek::show::{self, Style};
use crate::escape;
use crate::trial::outcome::{Outcome, Retry};

const GONE: Paint = AnsiColor::Red.on_default();
const CAME: Paint = AnsiColor::Green.on_default();
const SAME: Paint = Paint::new().dimmed();

/// Both in one, line by line: with `-` what is only in the first, with `+` what is only in the
/// second.
pub(super) fn diff(first: &Outcome, second: &Outcome) -> String {
    let (mut left, mut right) = (people(first), people(second));
    if left == right {
        // They differ in what people are spared, as in the spaces of a JSON value.
        (left, right) = (json(first), json(second));
    }
    let mut text = String::new();
    for change in TextDiff::from_lines(left.as_str(), right.as_str()).iter_all_changes() {
        let (paint, sign) = match change.tag() {
            ChangeTag::Delete => (GONE, '-'),
            ChangeTag::Insert => (CAME, '+'),
            ChangeTag::Equal => (SAME, ' '),
        };
        let line = change.value().trim_end_matches('\n');
        // Writing to a String does not fail.
        writeln!(text, "{paint}{sign} {line}{paint:#}").unwrap_or_default();
    }
    text
}

fn json(of: &Outcome) -> String {
    escape::json(&serde_json::to_string(of).unwrap_or_default()) + "\n"
}

fn people(of: &Outcome) -> String {
    let mut text = String::new();
    lines(&mut text, of).unwrap_or_default();
    text
}

fn lines(text: &mut String, of: &Outcome) -> std::fmt::Result {
    writeln!(text, "{}", of.verdict.word())?;
    said(text, "  ", &of.code, &of.reason, &of.text)?;
    for Retry {
        after_ms,
        code,
        reason,
        text: words,
    } in of.retries.iter().flatten()
    {
        match after_ms {
            Some(ms) => writeln!(text, "  retried after {ms} ms")?,
            None => writeln!(text, "  retried")?,
        }
        said(text, "    ", code, reason, words)?;
    }
    for output in &of.outputs {
        let name = escape::text(output.output.as_bytes());
        let content = show::content(&output.record, Style::Pretty, "    ");
        let content = anstream::adapter::strip_str(&content).to_string();
        // The key has a line of its own, so that it differs alone.
        write!(text, "  output {name}\n    {}", content.trim_start())?;
        if let Some(time) = &output.record.timestamp {
            writeln!(text, "      timestamp {time}")?;
        }
    }
    Ok(())
}

fn said(
    text: &mut String,
    indent: &str,
    code: &Option<String>,
    reason: &Option<String>,
    words: &Option<String>,
) -> std::fmt::Result {
    for (name, value) in [("code", code), ("reason", reason), ("text", words)] {
        if let Some(value) = value {
            writeln!(text, "{indent}{name} {}", escape::text(value.as_bytes()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(value: &str) -> Outcome {
        let line = format!(
            r#"{{"verdict":"emitted","outputs":[{{"output":"out","record":{{"key":"k","value":{value}}}}}]}}"#
        );
        serde_json::from_str(&line).expect("an outcome")
    }

    fn plain(first: &Outcome, second: &Outcome) -> String {
        anstream::adapter::strip_str(&diff(first, second)).to_string()
    }

    #[test]
    fn what_differs_stands_out_of_what_is_the_same() {
        let text = plain(&outcome(r#"{"a":1,"b":2}"#), &outcome(r#"{"a":1,"b":3}"#));
        let expected = "  emitted\n    output out\n      key k\n        {\n          \"a\": 1,\n\
                        -         \"b\": 2\n+         \"b\": 3\n        }\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_difference_in_spaces_alone_is_shown_too() {
        let text = plain(&outcome(r#""{\"a\":1}""#), &outcome(r#""{\"a\": 1}""#));
        assert!(text.contains("-") && text.contains("+"), "{text}");
        assert!(text.contains(r#"{\"a\": 1}"#), "{text}");
    }
}
