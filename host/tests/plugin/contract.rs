//! Plugins that were built against each released version of the contract: this host takes them, and
//! makes of their records what it always did.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command::{penstock, text};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).expect("it is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths.filter(|path| path.is_dir()).collect()
}

#[test]
fn plugins_of_every_released_version_are_taken_and_pass_their_cases() {
    for version in folders(&root().join("wit/penstock-handler")) {
        let version = version.file_name().expect("a name").to_string_lossy();
        let plugins = folders(&root().join("tests/contract").join(&*version));
        assert!(plugins.len() >= 2, "{version} has {plugins:?}");
        for plugin in plugins {
            let inspect = ["plugin", "inspect", "conformance.wasm", "--json"];
            let inspected = penstock(&plugin, &inspect);
            let shown: Value = serde_json::from_slice(&inspected.stdout).expect("JSON");
            assert_eq!(shown["accepted"], true, "{plugin:?}: {shown}");
            assert_eq!(shown["contract"], *version, "{plugin:?}");
            let tested = penstock(&plugin, &["plugin", "test"]);
            let said = text(&tested.stdout);
            assert_eq!(tested.status.code(), Some(0), "{plugin:?}: {said}");
            assert!(said.contains("\n3 ok, in "), "{plugin:?}: {said}");
        }
    }
}
