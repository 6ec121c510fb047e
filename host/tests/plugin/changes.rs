//! `penstock plugin test`, when a plugin, a case or a source has changed.

use std::fs;

use crate::command::{Watched, built, folder_with, penstock, text, write};

#[test]
fn a_change_is_tested_at_once() {
    let folder = folder_with("unruly");
    write(&folder, "tests/one/in.jsonl", "{\"value\":\"ok\"}\n");
    write(
        &folder,
        "tests/one/expected.jsonl",
        "{\"verdict\":\"skipped\"}\n",
    );
    let watched = Watched::begin(&folder);
    watched.says("1 failed");
    let right = "{\"verdict\":\"emitted\",\"outputs\":[{\"output\":\"out\",\"record\":{\"value\":\"ok\"}}]}\n";
    write(&folder, "tests/one/expected.jsonl", right);
    watched.says("1 ok");
    // A plugin that is broken for a moment does not end it.
    write(&folder, "it.wasm", "half of a plug");
    watched.says("can't be used");
    fs::copy(built("unruly"), folder.path().join("it.wasm")).expect("copied");
    watched.says("1 ok");
}

#[test]
fn a_plugin_that_is_older_than_its_sources_is_told_so_and_tested() {
    let folder = folder_with("unruly");
    write(&folder, "tests/a/in.jsonl", "{\"value\":\"skip\"}\n");
    let expected = "{\"verdict\":\"skipped\"}\n";
    write(&folder, "tests/a/expected.jsonl", expected);
    write(&folder, "plugin.toml", "");
    write(&folder, "src/handler.rs", "");
    let at = |name: &str, seconds: u64| {
        let file = fs::File::options()
            .append(true)
            .open(folder.path().join(name));
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        file.and_then(|file| file.set_modified(time)).expect(name);
    };
    at("plugin.toml", 1_000);
    at("src/handler.rs", 1_000);
    at("it.wasm", 2_000);
    let test = || penstock(folder.path(), &["plugin", "test"]);
    let output = test();
    assert_eq!(text(&output.stderr), "", "its cases are no sources of it");
    at("src/handler.rs", 3_000);
    let output = test();
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{err}");
    let said = "it.wasm is older than src/handler.rs";
    assert!(
        err.contains(said) && err.contains("penstock plugin build"),
        "{err}"
    );
}
