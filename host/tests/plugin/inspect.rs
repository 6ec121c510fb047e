//! `penstock plugin inspect`.

use std::fs;

use serde_json::{Value, json};

use crate::command::{folder_with, ran, write};

#[test]
fn inspect_shows_what_a_plugin_is() {
    let folder = folder_with("purchase-to-access");
    ran(
        &folder,
        &["plugin", "inspect", "it.wasm"],
        0,
        &[
            "it.wasm: a component, ",
            "penstock:handler@0.1.0; this host knows 0.1.0",
            "purchase-to-access 0.1.0",
            "penstock:handler/outputs@0.1.0",
            "access-granted: COURSE_ACCESS_GRANTED",
            "grant-days: optional; Days until",
            "Rust",
            "this host takes it",
        ],
    );
    let line = ran(&folder, &["plugin", "inspect", "it.wasm", "--json"], 0, &[]);
    let shown: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(shown["accepted"], true);
    assert_eq!(shown["contract"], "0.1.0");
    assert_eq!(shown["host-contract"], "0.1.0");
    assert_eq!(shown["kind"], "component");
    let exports = json!(["penstock:handler/handler@0.1.0"]);
    assert_eq!(shown["exports"], exports);
    assert_eq!(shown["description"]["outputs"][0]["name"], "access-granted");
    let bytes = fs::metadata(folder.path().join("it.wasm"))
        .expect("there")
        .len();
    assert_eq!(shown["bytes"], bytes);
}

#[test]
fn the_snippet_is_a_configuration_but_for_its_topics() {
    for plugin in ["purchase-to-access", "progress-updates", "unruly"] {
        let folder = folder_with(plugin);
        let line = ran(&folder, &["plugin", "inspect", "it.wasm", "--json"], 0, &[]);
        let shown: Value = serde_json::from_str(&line).expect("JSON");
        let snippet = shown["toml"].as_str().expect("a snippet");
        let rest = "[host]\nid = \"a\"\n[kafka]\nbootstrap = \"b:1\"\ngroup = \"g\"\n";
        write(&folder, "penstock.toml", &format!("{rest}{snippet}"));
        ran(&folder, &["check", "-c", "penstock.toml"], 0, &[plugin]);
    }
}

#[test]
fn inspect_tells_what_is_no_plugin_as_check_does() {
    let other = "(component (instance $i) \
        (export \"penstock:handler/handler@0.2.0\" (instance $i)))";
    let foreign = "(component (import \"wasi:http/types@0.2.3\" (instance)) (instance $i) \
        (export \"penstock:handler/handler@0.1.0\" (instance $i)))";
    let component = |text: &str| wat::parse_str(text).expect("WAT");
    for (bytes, kind, contract, imports) in [
        (
            b"\0asm\x01\0\0\0".to_vec(),
            "core-module",
            Value::Null,
            json!([]),
        ),
        (b"\x7fELF".to_vec(), "other", Value::Null, json!([])),
        (Vec::new(), "other", Value::Null, json!([])),
        (
            component("(component)"),
            "component",
            Value::Null,
            json!([]),
        ),
        (component(other), "component", json!("0.2.0"), json!([])),
        (
            component(foreign),
            "component",
            json!("0.1.0"),
            json!(["wasi:http/types@0.2.3"]),
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("it.wasm"), &bytes).expect("written");
        let line = ran(&folder, &["plugin", "inspect", "it.wasm", "--json"], 1, &[]);
        let shown: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(shown["accepted"], false, "{shown}");
        assert_eq!(shown["kind"], kind, "{shown}");
        assert_eq!(shown["contract"], contract, "{shown}");
        assert_eq!(shown["imports"], imports, "{shown}");
        // The same words as in a configuration.
        let config = "[host]\nid = \"a\"\n[kafka]\nbootstrap = \"b:1\"\ngroup = \"g\"\n\
            [handlers.h]\nplugin = \"it.wasm\"\n[topics.t]\nhandlers = [\"h\"]\nstart = \"latest\"\n";
        write(&folder, "penstock.toml", config);
        let line = ran(&folder, &["check", "-c", "penstock.toml", "--json"], 2, &[]);
        let checked: Value = serde_json::from_str(&line).expect("JSON");
        let found = &checked["diagnostics"][0];
        assert_eq!(found["code"], shown["problem"]["code"], "{checked}");
        let text = shown["problem"]["text"].as_str().expect("a text");
        let message = found["message"].as_str().expect("a message");
        assert!(message.ends_with(text), "{message}: {text}");
        let people = ran(
            &folder,
            &["plugin", "inspect", "it.wasm"],
            1,
            &["does not take it"],
        );
        let code = shown["problem"]["code"].as_str().expect("a code");
        assert!(
            people.contains(&format!("docs/codes/{code}.md")),
            "{people}"
        );
    }
}

#[test]
fn inspect_needs_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    ran(
        &folder,
        &["plugin", "inspect", "no.wasm"],
        2,
        &["no.wasm: there is no such file"],
    );
    ran(
        &folder,
        &["plugin", "inspect", "."],
        2,
        &["not a regular file"],
    );
}
