//! The examples in `config/` load, each as its head says.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use penstock_core::config::{Loaded, Surroundings, load};

/// Each example, with the files that it is laid over.
const EXAMPLES: [&[&str]; 4] = [
    &["minimal.toml"],
    &["penstock.toml"],
    &["penstock.toml", "prod.toml"],
    &["penstock.toml", "secured.toml"],
];

/// The environment of the tests, where every file is a mounted secret.
struct Mounted;

impl Surroundings for Mounted {
    fn variable(&self, name: &str) -> Option<String> {
        support::env(name)
    }

    fn file(&self, _: &Path) -> Result<Option<String>, String> {
        Ok(Some(support::SECRET.to_owned()))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

fn loaded(files: &[&str]) -> Loaded {
    let files: Vec<_> = files
        .iter()
        .map(|file| support::read(&folder().join(file)))
        .collect();
    let loaded = load(&files, &Mounted, &support::defaults(), &support::Fakes);
    loaded.unwrap_or_else(|report| panic!("{}", report.render(false)))
}

#[test]
fn each_example_loads_without_a_warning() {
    for files in EXAMPLES {
        let warnings = loaded(files).warnings;
        assert!(warnings.is_empty(), "{}", warnings.render(false));
    }
}

#[test]
fn no_example_is_left_out() {
    let tried: BTreeSet<&str> = EXAMPLES.iter().copied().flatten().copied().collect();
    for entry in std::fs::read_dir(folder()).expect("config/ can be read") {
        let name = entry.expect("an entry of the folder").file_name();
        assert!(
            tried.contains(name.to_str().unwrap_or_default()),
            "{name:?} is not tried"
        );
    }
}

#[test]
fn the_purchase_worker_is_the_chain_that_its_head_shows() {
    let config = loaded(&["penstock.toml"]).config;
    let reads = |topic: &str| config.topics[topic].handlers.clone();
    let writes = |handler: &str| config.handlers[handler].outputs.values().cloned().collect();
    assert_eq!(reads("purchase-confirmed"), ["purchase-to-access"]);
    let first: Vec<String> = writes("purchase-to-access");
    assert_eq!(first, ["course-access-granted"]);
    assert_eq!(reads(&first[0]), ["progress-updates"]);
    assert_eq!(reads("lesson-completed"), ["progress-updates"]);
    let second: Vec<String> = writes("progress-updates");
    assert_eq!(second, ["course-progress"]);
}
