//! The name of a plugin: of a folder, a crate, a module, a handler and a `.wasm` file at once.

use crate::refused::Refused;

const LONGEST: usize = 50;

/// Words that one of the languages, or its package manager, keeps for itself.
const TAKEN: [&str; 42] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "final",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "main",
    "match",
    "mod",
    "move",
    "mut",
    "penstock-sdk",
    "pub",
    "ref",
    "return",
    "sdk",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "type",
    "use",
];

/// Whether a plugin may be called so.
pub fn check(name: &str) -> Result<(), Refused> {
    let problem = problem(name);
    let Some(problem) = problem else {
        return Ok(());
    };
    let help = match suggestion(name) {
        Some(better) => format!("call it `{better}`, for example"),
        None => "call it `purchase-to-access`, for example".to_owned(),
    };
    let what = format!("no plugin can be called `{name}`: {problem}");
    Err(Refused::new(what, help))
}

fn problem(name: &str) -> Option<String> {
    let is_word = |word: &str| {
        let all = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        !word.is_empty() && word.bytes().all(all)
    };
    if name.is_empty() {
        Some("that is no name".to_owned())
    } else if !name.split('-').all(is_word) {
        Some("a name is of small letters and digits, with single dashes between words".to_owned())
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        Some("a name begins with a letter".to_owned())
    } else if name.len() > LONGEST {
        Some(format!("it is longer than {LONGEST} letters"))
    } else if TAKEN.contains(&name) {
        Some("some language keeps that word for itself".to_owned())
    } else {
        None
    }
}

/// What may have been meant.
fn suggestion(name: &str) -> Option<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && was_small) {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric() {
            words.last_mut()?.push(c.to_ascii_lowercase());
        }
        was_small = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    let mut better = words.join("-");
    if better == name {
        better.insert_str(0, "my-");
    }
    problem(&better).is_none().then_some(better)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names() {
        for name in ["a", "greeter", "purchase-to-access", "v2", "a-1-b"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn bad_names_are_explained_and_a_better_one_is_named() {
        for (name, problem, better) in [
            ("", "that is no name", "purchase-to-access"),
            ("My Plugin", "small letters", "my-plugin"),
            ("purchaseToAccess", "small letters", "purchase-to-access"),
            ("purchase_to_access", "small letters", "purchase-to-access"),
            ("a--b", "single dashes", "a-b"),
            ("-a", "single dashes", "a"),
            ("ö", "small letters", "purchase-to-access"),
            ("2nd", "begins with a letter", "my-2nd"),
            ("match", "keeps that word", "my-match"),
        ] {
            let refused = check(name).expect_err(name);
            assert!(refused.what.contains(problem), "{refused}");
            assert!(refused.help.contains(&format!("`{better}`")), "{refused}");
        }
        assert!(check(&"a".repeat(LONGEST)).is_ok());
        let long = check(&"a".repeat(LONGEST + 1)).expect_err("too long");
        assert!(long.what.ends_with("longer than 50 letters"), "{long}");
    }
}
