//! The JSON Schema against real files: the examples fit, files with unknown keys or wrong types
//! don't.

use std::path::Path;

use penstock_core::config::schema;
use serde_json::Value;

/// The part of JSON Schema that ours is written in, patterns and bounds left out.
fn fits(schema: &Value, value: &Value) -> bool {
    let known = schema.as_object().expect("a schema is an object");
    known.iter().all(|(word, rule)| match word.as_str() {
        "type" => match rule {
            Value::Array(types) => types.iter().any(|name| is_of(value, name)),
            name => is_of(value, name),
        },
        "enum" => rule.as_array().expect("a list").contains(value),
        "anyOf" => rule
            .as_array()
            .expect("a list")
            .iter()
            .any(|schema| fits(schema, value)),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| fits(rule, item))),
        "properties" => value.as_object().is_none_or(|object| {
            let known = |(key, value)| rule.get(key).is_none_or(|schema| fits(schema, value));
            object.iter().all(known)
        }),
        "additionalProperties" => value.as_object().is_none_or(|object| {
            let properties = schema.get("properties");
            let other = |key: &str| properties.is_none_or(|known| known.get(key).is_none());
            let allowed = |value: &Value| rule.as_bool().unwrap_or_else(|| fits(rule, value));
            object
                .iter()
                .filter(|(key, _)| other(key))
                .all(|(_, value)| allowed(value))
        }),
        "$schema" | "title" | "description" | "default" | "examples" => true,
        "pattern" | "minimum" | "maximum" | "minLength" | "minItems" | "uniqueItems" => true,
        word => panic!("the schema uses `{word}`, which this test does not know"),
    })
}

fn is_of(value: &Value, name: &Value) -> bool {
    match name.as_str().expect("a type's name") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        name => panic!("the schema has the type `{name}`, which this test does not know"),
    }
}

/// The names of the files of a folder that are TOML, each with whether it fits.
fn tried(folder: &str) -> Vec<(String, bool)> {
    let schema = schema();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder);
    let mut tried = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
        let path = entry.expect("an entry of the folder").path();
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        if let Ok(value) = toml::from_str::<Value>(&text) {
            let name = path
                .file_name()
                .expect("a file")
                .to_string_lossy()
                .into_owned();
            tried.push((name, fits(&schema, &value)));
        }
    }
    tried
}

#[test]
fn the_examples_fit() {
    let tried = tried("config");
    assert!(tried.len() >= 3);
    for (name, fits) in tried {
        assert!(fits, "config/{name} does not fit");
    }
}

#[test]
fn what_has_unknown_keys_or_wrong_types_does_not_fit() {
    let wrong = [
        "unknown-key",
        "unknown-section",
        "wrong-type",
        "client-misplaced",
        "client-host-owned",
    ];
    let mut seen = 0;
    for (name, fits) in tried("tests/config") {
        if wrong.iter().any(|prefix| name.starts_with(prefix)) {
            assert!(!fits, "tests/config/{name} fits");
            seen += 1;
        }
    }
    assert!(seen >= 10, "only {seen} files were tried");
}
