//! What to do about a mistake, where many have one cause.

use std::fmt::Display;

use super::keys::{Key, Kind, Need};
use super::scalar;

/// Of a required key that is missing.
pub(super) fn missing(key: &Key) -> String {
    let example = key.kind.example();
    // The first of several.
    let example = example.split_once(", \"").map_or(example, |(one, _)| one);
    format!("add `{} = {example}`: {}", key.name, lower(key.doc))
}

/// Of a value that is too small or too large.
pub(super) fn range(key: &Key, min: impl Display, max: impl Display) -> String {
    let first_sentence = key.doc.split_once(". ").map_or(key.doc, |(one, _)| one);
    format!(
        "write a value from {min} to {max}{}: {}",
        or_leave_out(key),
        lower(first_sentence)
    )
}

/// Of a value that is none of a key's choices, nor near to one.
pub(super) fn choice(key: &Key) -> String {
    let what = match key.kind {
        Kind::Choice([only]) => format!("write \"{only}\""),
        _ => "write one of them".to_owned(),
    };
    format!("{what}{}: {}", or_leave_out(key), lower(key.doc))
}

/// Of a name that Kafka takes for no topic; `None`: it is not to be shown.
pub(super) fn topic(name: Option<&str>) -> String {
    let fits = |name: &str| scalar::topic_problem(name).is_none();
    match name.and_then(dashed).filter(|name| fits(name)) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => "write the topic's name as Kafka has it, such as \"course-progress\"".to_owned(),
    }
}

/// Of a name that no handler can have.
pub(super) fn handler(name: &str) -> String {
    let meant = dashed(name).filter(|name| scalar::is_name(name));
    let meant = meant.as_deref().unwrap_or("NAME");
    format!("write `[handlers.{meant}]`, and the same name where topics list it")
}

/// Of what can be no handler's reason code.
pub(super) fn reason_code(code: &str) -> String {
    let meant = dashed(code).map(|code| code.to_lowercase().replace(['.', '_'], "-"));
    match meant.filter(|code| scalar::is_reason_code(code)) {
        Some(meant) => format!("did you mean \"{meant}\"? a handler gives no other form"),
        None => "write the code as the handler gives it, such as \"no-such-course\"".to_owned(),
    }
}

/// A name with `-` for all that is no part of one, if that leaves something.
fn dashed(name: &str) -> Option<String> {
    let plain = |c: char| if scalar::is_plain(c) { c } else { '-' };
    let dashed: String = name.trim().chars().map(plain).collect();
    let dashed = dashed.trim_matches('-');
    let has_word = dashed.contains(|c: char| c.is_ascii_alphanumeric());
    has_word.then(|| dashed.to_owned())
}

fn or_leave_out(key: &Key) -> String {
    match key.need {
        Need::Default(text) | Need::Computed(text) => {
            format!(", or leave it out (default: {text})")
        }
        Need::Optional => ", or leave it out".to_owned(),
        Need::Required => String::new(),
    }
}

/// A sentence as the continuation of another.
fn lower(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first
        .into_iter()
        .chain(chars)
        .collect::<String>()
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_guessed_only_where_it_is_one_and_may_be_shown() {
        let generic = topic(None);
        assert_eq!(
            topic(Some(" course access")),
            "did you mean \"course-access\"?"
        );
        for name in ["", "..", "курс", &"x".repeat(250)] {
            assert_eq!(topic(Some(name)), generic, "{name}");
        }
        assert!(handler("a b").contains("[handlers.a-b]"));
        assert!(handler("é").contains("[handlers.NAME]"));
        assert!(reason_code("No_such Code").contains("\"no-such-code\""));
        assert!(reason_code("?").contains("\"no-such-course\""));
    }
}
