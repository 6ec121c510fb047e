//! The JSON Schema by which an editor completes and checks a configuration file.

use serde_json::{Map, Value, json};

use super::client::{self, Property, Reader, Values};
use super::keys::{Key, Kind, Need, ROOT};

/// Where a string is read from the environment.
const VARIABLE: &str = r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}";
const DURATION: &str = "[0-9]+(ms|s|m|h)";

/// The schema of a configuration file, as JSON Schema draft 7, which editors know. It asks for no
/// key, since a file may be laid over another that has it: what is missing, `check` says.
pub fn schema() -> Value {
    let mut root = table(ROOT);
    root["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    root["title"] = json!("Penstock configuration");
    root
}

fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| (key.name.to_owned(), property(key)))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn property(key: &Key) -> Value {
    let mut schema = of_kind(&key.kind);
    let doc = match key.need {
        Need::Required => format!("{} Required.", key.doc),
        Need::Computed(default) => format!("{} By default {default}.", key.doc),
        Need::Default(_) | Need::Optional => key.doc.to_owned(),
    };
    schema["description"] = json!(doc);
    if let Need::Default(text) = key.need {
        schema["default"] = match key.kind {
            Kind::Count(..) | Kind::Boolean => text.parse().unwrap_or(Value::Null),
            _ => json!(text),
        };
    }
    schema
}

fn of_kind(kind: &Kind) -> Value {
    match kind {
        Kind::Text | Kind::Path | Kind::Brokers => json!({ "type": "string", "minLength": 1 }),
        Kind::Secret => json!({ "type": "string" }),
        Kind::Name => form("[A-Za-z0-9._-]{1,128}"),
        Kind::Topic => form("[A-Za-z0-9._-]{1,249}"),
        Kind::Address => form(r"[0-9a-fA-F.:\[\]]+:[0-9]+"),
        Kind::Duration(..) => form(DURATION),
        Kind::Bytes(..) => form("[0-9]+(B|KiB|MiB|GiB|kB|MB|GB)"),
        Kind::Backoff => form(&format!(r"{DURATION}\.\.{DURATION}")),
        Kind::Digest => form("[0-9a-fA-F]{64}"),
        Kind::Count(min, max) => {
            or_variable(json!({ "type": "integer", "minimum": min, "maximum": max }))
        }
        Kind::Boolean => or_variable(json!({ "type": "boolean" })),
        Kind::Choice(choices) => or_variable(json!({ "enum": choices })),
        // A TOML date and time reaches a schema as a string.
        Kind::Start => json!({ "anyOf": [
            { "enum": ["earliest", "latest"] },
            form(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*"),
        ] }),
        Kind::Handlers => json!({
            "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string" },
        }),
        Kind::Settings => map(json!({ "type": "string" })),
        Kind::Outputs => map(form("[A-Za-z0-9._-]{1,249}")),
        Kind::Client(reader) => client_table(*reader),
        Kind::Section(keys) => table(keys),
        Kind::Named(keys) => map(table(keys)),
    }
}

fn map(values: Value) -> Value {
    json!({ "type": "object", "additionalProperties": values })
}

/// A string of this form as a whole, or one with a variable in it.
fn form(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^({pattern})$|{VARIABLE}") })
}

fn or_variable(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "string", "pattern": VARIABLE }] })
}

fn client_table(reader: Reader) -> Value {
    let here =
        |p: &&Property| client::is_settable(p) && (p.reader == Reader::Both || p.reader == reader);
    let properties: Map<String, Value> = client::all()
        .filter(here)
        .map(|property| (property.name.to_owned(), client_value(&property.values)))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn client_value(values: &Values) -> Value {
    match values {
        Values::Boolean => json!({ "type": ["boolean", "string", "integer"] }),
        Values::Number(min, max) => json!({
            "type": ["number", "string"], "minimum": min, "maximum": max,
        }),
        Values::Choice(all) => json!({ "type": "string", "examples": all }),
        Values::Text | Values::Code | Values::Oidc => {
            json!({ "type": ["string", "number", "boolean"] })
        }
    }
}
