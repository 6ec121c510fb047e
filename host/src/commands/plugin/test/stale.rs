//! Whether a plugin was built before its sources were last changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use penstock_plugin_build::MANIFEST;

use super::project::CASES;

/// Folders that have no sources of the plugin: the native tests, and what the tools leave.
const NO_SOURCES: [&str; 6] = [
    CASES,
    "test",
    "target",
    "build",
    "node_modules",
    "__pycache__",
];

/// Files beside the sources that the plugin is not built of.
const NO_SOURCE: [&str; 2] = ["penstock.toml", "handler_test.go"];

/// The latest source of the project in `folder`, if it is newer than its `plugin`. `None` as well where
/// that can't be seen.
pub(super) fn newer_source(folder: &Path, plugin: &Path) -> Option<PathBuf> {
    // A project's sources are known to lie in its folder.
    if !folder.join(MANIFEST).exists() {
        return None;
    }
    let built = fs::metadata(plugin).and_then(|of| of.modified()).ok()?;
    let mut latest = None;
    look(folder, &mut latest);
    let (time, path) = latest?;
    let path = path.strip_prefix(folder).unwrap_or(&path).to_owned();
    (time > built).then_some(path)
}

fn look(folder: &Path, latest: &mut Option<(SystemTime, PathBuf)>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() && !NO_SOURCES.contains(&&*name) {
            look(&entry.path(), latest);
        } else if kind.is_file() && is_source(&name) {
            let changed = entry.metadata().and_then(|of| of.modified());
            let changed = changed.ok().map(|time| (time, entry.path()));
            *latest = latest.take().max(changed);
        }
    }
}

fn is_source(name: &str) -> bool {
    let extension = Path::new(name).extension().unwrap_or_default();
    extension != "wasm" && extension != "md" && !NO_SOURCE.contains(&name)
}
