//! Commands that are to be pasted into a shell.

/// A word for a shell. Without a backslash of its own: where a command is shown to people, one
/// would be doubled, as in any text of anybody's making.
pub fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r#"'"'"'"#))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_is_one_word_and_pastes_as_it_is_shown() {
        assert_eq!(quoted("a-1.b:9092"), "a-1.b:9092");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b; $c"), "'a b; $c'");
        assert_eq!(quoted("it's"), r#"'it'"'"'s'"#);
    }
}
