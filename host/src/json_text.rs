//! JSON text laid out anew without being read into values: names keep their order and numbers
//! their digits, which a payload's reader may depend on.

/// Without the spaces between tokens. `json` must be valid.
pub fn compact(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for token in tokens(json) {
        text.push_str(token);
    }
    text
}

/// One name or element a line, indented by two spaces. `json` must be valid.
pub fn pretty(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0usize;
    let mut tokens = tokens(json).peekable();
    while let Some(token) = tokens.next() {
        let next = tokens.peek().copied();
        match token {
            "{" | "[" if matches!(next, Some("}" | "]")) => text.push_str(token),
            "{" | "[" => {
                depth += 1;
                text.push_str(token);
                new_line(&mut text, depth);
            }
            "," => {
                text.push(',');
                new_line(&mut text, depth);
            }
            ":" => text.push_str(": "),
            _ => text.push_str(token),
        }
        if matches!(next, Some("}" | "]")) && !matches!(token, "{" | "[") {
            depth = depth.saturating_sub(1);
            new_line(&mut text, depth);
        }
    }
    text
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    for _ in 0..depth {
        text.push_str("  ");
    }
}

/// The tokens of valid JSON, without the spaces between them.
fn tokens(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let first = rest.bytes().next()?;
        let len = match first {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            b'"' => string_len(rest),
            _ => rest
                .find(|c: char| c.is_ascii_whitespace() || "{}[],:\"".contains(c))
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(len);
        rest = after;
        Some(token)
    })
}

/// The length of the string that the text begins with, its quotes included.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOSE: &str = r#" { "z" : [ 1.0 , 1e3, 12345678901234567890123 ] ,
        "a b" : { } , "q\"\\" : [ ] , "t" : [{"x":null},true] } "#;

    #[test]
    fn compact_keeps_order_digits_and_the_spaces_within_strings() {
        assert_eq!(
            compact(LOOSE),
            r#"{"z":[1.0,1e3,12345678901234567890123],"a b":{},"q\"\\":[],"t":[{"x":null},true]}"#
        );
        assert_eq!(compact(" 7 "), "7");
    }

    #[test]
    fn pretty_is_one_name_a_line() {
        let text = "{\n  \"z\": [\n    1.0,\n    1e3,\n    12345678901234567890123\n  ],\n  \
                    \"a b\": {},\n  \"q\\\"\\\\\": [],\n  \"t\": [\n    {\n      \"x\": null\n    \
                    },\n    true\n  ]\n}";
        assert_eq!(pretty(LOOSE), text);
        assert_eq!(pretty("[]"), "[]");
    }

    #[test]
    fn compact_undoes_pretty() {
        assert_eq!(compact(&pretty(LOOSE)), compact(LOOSE));
    }
}
