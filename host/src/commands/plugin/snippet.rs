//! A piece of configuration for a plugin, to be pasted: right as it stands, but for the topics,
//! which only its user knows.

use std::fmt::Write;

use penstock_core::config::PluginFacts;
use penstock_core::contract::SettingSpec;

use crate::escape;
use crate::toml_text::{key, string};
use crate::trial::name_of;

/// Of what a plugin says of an output or a setting.
const DOC_CHARS_MAX: usize = 100;

/// The snippet for the plugin of `file`.
pub(super) fn snippet(file: &str, facts: &PluginFacts) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    write(&mut text, file, facts).unwrap_or_default();
    text
}

fn write(text: &mut String, file: &str, facts: &PluginFacts) -> std::fmt::Result {
    let description = &facts.description;
    let name = name_of(description);
    let table = key(name);
    let digest: String = facts
        .sha256
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    writeln!(text, "[handlers.{table}]")?;
    writeln!(text, "plugin = {}", string(file))?;
    writeln!(text, "sha256 = \"{digest}\"  # this build and no other")?;
    if !description.settings.is_empty() {
        writeln!(text, "\n[handlers.{table}.settings]")?;
        for of in &description.settings {
            setting(text, of)?;
        }
    }
    if !description.outputs.is_empty() {
        writeln!(text, "\n[handlers.{table}.outputs]  # each to its topic")?;
        for of in &description.outputs {
            writeln!(text, "{} = \"output\"{}", key(&of.name), comment(&of.doc))?;
        }
    }
    writeln!(text, "\n[topics.input]  # the topic that it reads")?;
    writeln!(text, "handlers = [{}]", string(name))?;
    writeln!(text, "start = \"earliest\"")
}

/// What must be given stands there to be filled in; what may be is a comment.
fn setting(text: &mut String, of: &SettingSpec) -> std::fmt::Result {
    let name = key(&of.name);
    let doc = comment(&of.doc);
    match (&of.default, of.required) {
        (Some(default), _) => writeln!(text, "# {name} = {}{doc}", string(default)),
        (None, true) => writeln!(text, "{name} = \"\"{doc}"),
        (None, false) => writeln!(text, "# {name} = \"\"{doc}"),
    }
}

fn comment(doc: &str) -> String {
    let doc = escape::text(doc.as_bytes());
    if doc.is_empty() {
        return doc;
    }
    let short: String = doc.chars().take(DOC_CHARS_MAX).collect();
    let more = if short.len() < doc.len() { "…" } else { "" };
    format!("  # {short}{more}")
}

#[cfg(test)]
mod tests {
    use penstock_core::contract::{Description, OutputSpec};

    use super::*;

    fn facts(name: &str) -> PluginFacts {
        let setting = |name: &str, required, default: Option<&str>| SettingSpec {
            name: name.to_owned(),
            doc: "a\nb".to_owned(),
            required,
            default: default.map(str::to_owned),
        };
        let description = Description {
            name: name.to_owned(),
            outputs: vec![OutputSpec {
                name: "out put".to_owned(),
                doc: String::new(),
            }],
            settings: vec![
                setting("must", true, None),
                setting("may", false, None),
                setting("has", false, Some("${5}")),
            ],
            ..Description::default()
        };
        PluginFacts {
            sha256: [7; 32],
            description,
        }
    }

    #[test]
    fn a_snippet_is_toml_with_what_the_plugin_needs() {
        let text = snippet("a/b.wasm", &facts("greeter"));
        let table: toml::Table = text.parse().expect("TOML");
        let handler = &table["handlers"]["greeter"];
        assert_eq!(handler["plugin"].as_str(), Some("a/b.wasm"));
        assert_eq!(handler["sha256"].as_str(), Some("07".repeat(32).as_str()));
        assert_eq!(handler["outputs"]["out put"].as_str(), Some("output"));
        let settings = handler["settings"].as_table().expect("settings");
        assert_eq!(settings.keys().collect::<Vec<_>>(), ["must"]);
        assert_eq!(
            table["topics"]["input"]["handlers"][0].as_str(),
            Some("greeter")
        );
        assert!(text.contains("# may = \"\"  # a\\nb\n"), "{text}");
        assert!(text.contains("# has = \"$${5}\""), "{text}");
    }

    #[test]
    fn a_name_that_no_handler_may_have_is_replaced() {
        for odd in ["", "a b", "é", &"x".repeat(129)] {
            assert_eq!(name_of(&facts(odd).description), "handler");
        }
        assert!(snippet("x", &facts("a.b")).starts_with("[handlers.\"a.b\"]\n"));
    }
}
