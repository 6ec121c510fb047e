//! librdkafka's settings outside of a configuration file, as a command line gives them.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::variables::{self, Environment};
use super::{Property, Reader, Values, owned, properties, suggest};

/// Settings by name, with `${NAME}` and `${file:PATH}` filled in; relative paths of the latter are
/// in `dir`. Held to the same rules as `[kafka.common]`.
///
/// # Errors
/// All that is wrong with them, without their values.
pub fn client_settings(
    pairs: &[(String, String)],
    dir: &Path,
    env: Environment<'_>,
) -> Result<BTreeMap<String, String>, Vec<String>> {
    let mut settings = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, value) in pairs {
        match setting(name, value, dir, env) {
            Ok(value) => {
                settings.insert(name.clone(), value);
            }
            Err(problems) => wrong.extend(problems),
        }
    }
    if wrong.is_empty() {
        Ok(settings)
    } else {
        Err(wrong)
    }
}

fn setting(
    name: &str,
    value: &str,
    dir: &Path,
    env: Environment<'_>,
) -> Result<String, Vec<String>> {
    let one = |problem: String| vec![problem];
    let property = properties::find(name).ok_or_else(|| one(unknown(name)))?;
    let value = variables::fill_text(value, dir, env).map_err(|problems| {
        problems
            .iter()
            .map(|of| format!("`{name}`: {of}"))
            .collect::<Vec<_>>()
    })?;
    match problem(property, &value) {
        Some(problem) => Err(one(format!("`{name}` {problem}"))),
        None => Ok(value),
    }
}

fn problem(property: &Property, value: &str) -> Option<String> {
    if matches!(property.values, Values::Code | Values::Oidc) {
        return Some("is not supported".to_owned());
    }
    if let Some(reason) = owned::reason(property.meaning, None) {
        return Some(format!("can't be set: {reason}"));
    }
    if property.reader != Reader::Both {
        return Some("belongs to one of the clients alone: it needs a configuration".to_owned());
    }
    let expected = property.values.refuse(value);
    let bound = || owned::bound(property.meaning, value).map(|(expected, _)| expected.to_owned());
    expected
        .or_else(bound)
        .map(|expected| format!("must be {expected}"))
}

fn unknown(name: &str) -> String {
    let known = properties::all().map(|property| property.name);
    let near = suggest::nearest(name, known)
        .map(|best| format!(": did you mean `{best}`?"))
        .unwrap_or_default();
    format!("librdkafka has no setting `{}`{near}", name.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Result<BTreeMap<String, String>, Vec<String>> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let env = |name: &str| (name == "PASSWORD").then(|| "hush".to_owned());
        client_settings(&pairs, Path::new(""), &env)
    }

    #[test]
    fn settings_of_a_command_line_are_filled_in() {
        let settings = given(&[
            ("sasl.password", "${PASSWORD}"),
            ("security.protocol", "SASL_SSL"),
        ]);
        let settings = settings.expect("they are right");
        assert_eq!(settings["sasl.password"], "hush");
        assert_eq!(settings["security.protocol"], "SASL_SSL");
    }

    #[test]
    fn all_that_is_wrong_is_said_without_a_value() {
        let wrong = given(&[
            ("sasl.pasword", "hush"),
            ("security.protocol", "hush"),
            ("sasl.username", "${MISSING}"),
            ("group.id", "hush"),
            ("acks", "hush"),
        ]);
        let wrong = wrong.expect_err("none of them is right").join("\n");
        for part in [
            "did you mean `sasl.password`?",
            "`security.protocol` must be one of",
            "`sasl.username`: the environment variable `MISSING` is not set",
            "`group.id` can't be set",
            "`acks` can't be set",
        ] {
            assert!(wrong.contains(part), "no {part:?} in {wrong}");
        }
        assert!(!wrong.contains("hush"), "{wrong}");
    }
}
