//! Pieces of TOML, as a configuration has them.

/// A key, quoted where it must be.
pub fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A string value that means itself: `${` begins no variable in it.
pub fn string(text: &str) -> String {
    quoted(&text.replace("${", "$${"))
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_quoted_where_they_must_be() {
        assert_eq!(key("grant-days"), "grant-days");
        for odd in ["", "a.b", "a b", "é", "a\"\n'"] {
            let table: toml::Table = format!("{} = 1", key(odd)).parse().expect("TOML");
            assert_eq!(table.keys().collect::<Vec<_>>(), [odd]);
        }
    }

    #[test]
    fn a_string_means_itself() {
        assert_eq!(string("a"), "\"a\"");
        assert_eq!(string("${HOME}"), "\"$${HOME}\"");
        for odd in ["", "it's \"a\"\n\t\u{1}", "C:\\x"] {
            let table: toml::Table = format!("k = {}", string(odd)).parse().expect("TOML");
            assert_eq!(table["k"].as_str(), Some(odd));
        }
    }
}
