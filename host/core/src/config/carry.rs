//! Values that are to stand in another file than the configuration's, as in a recorded test case.

use super::secrets;
use super::variables::{Part, parts};

/// A value whose `${file:PATH}` have other paths, as seen from another folder; all else in it stays
/// as it is written.
pub fn with_paths(text: &str, moved: impl Fn(&str) -> String) -> String {
    let carried = |part| match part {
        // How a `${` is written that is meant.
        Part::Literal("${") => Some("$${".to_owned()),
        Part::Literal(text) => Some(text.to_owned()),
        Part::Variable { written, .. } => Some(written.to_owned()),
        Part::File { path, default, .. } => {
            let default = default.map_or(String::new(), |default| format!(":-{default}"));
            Some(format!("${{file:{}{default}}}", moved(path)))
        }
        Part::Malformed => None,
    };
    let parts = parts(text).into_iter().map(carried);
    parts
        .collect::<Option<String>>()
        .unwrap_or_else(|| text.to_owned())
}

/// Whether a value, as it is written under this key, is itself what nobody should see: its key says
/// so, and it is more than variables, which only name where a secret is.
pub fn tells_a_secret(key: &str, text: &str) -> bool {
    let is_name = |part: &Part<'_>| match part {
        Part::Literal(text) => text.is_empty(),
        Part::Variable { default, .. } | Part::File { default, .. } => {
            default.is_none_or(str::is_empty)
        }
        Part::Malformed => false,
    };
    secrets::is_secret(key) && !text.is_empty() && !parts(text).iter().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_files_are_moved_and_nothing_else() {
        let moved = |path: &str| format!("../{path}");
        assert_eq!(
            with_paths("<${file:a}${A:-x}${file:b:-c}$${file:a} ${file:a}>", moved),
            "<${file:../a}${A:-x}${file:../b:-c}$${file:a} ${file:../a}>"
        );
        assert_eq!(with_paths("${file:a} ${", moved), "${file:a} ${");
    }

    #[test]
    fn a_secret_is_told_by_plain_words_and_by_defaults() {
        for told in ["hush", "${A:-hush}", "Bearer ${A}", "$${A}", "${"] {
            assert!(tells_a_secret("api-key", told), "{told}");
            assert!(!tells_a_secret("days", told), "{told}");
        }
        for kept in ["", "${A}", "${file:a}${B:-}"] {
            assert!(!tells_a_secret("api-key", kept), "{kept}");
        }
    }
}
