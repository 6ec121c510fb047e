//! Whether the plugin or a case has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use super::project::CASES;
use crate::trial::case::{CONFIGURATION, EXPECTED, INPUT, find};

/// Between two looks; sooner than a finger leaves the keyboard.
const EVERY: Duration = Duration::from_millis(200);

/// The files that count, each with what changes when it is written.
pub(super) type Fingerprint = Vec<(PathBuf, Option<(SystemTime, u64)>)>;

/// Looks at the plugin (by default all in the folder) and the cases. What can't be seen is not
/// there.
pub(super) fn fingerprint(folder: &Path, plugin: Option<&Path>) -> Fingerprint {
    let mut files: Vec<PathBuf> = match plugin {
        Some(file) => vec![file.to_owned()],
        None => fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|of| of == "wasm"))
            .collect(),
    };
    files.sort();
    for case in find(&folder.join(CASES)).unwrap_or_default() {
        files.extend([INPUT, EXPECTED, CONFIGURATION].map(|name| case.join(name)));
    }
    let look = |path: PathBuf| {
        let seen = fs::metadata(&path).ok();
        let seen = seen.and_then(|of| Some((of.modified().ok()?, of.len())));
        (path, seen)
    };
    files.into_iter().map(look).collect()
}

/// Waits until something has changed.
pub(super) fn wait(changed: impl Fn() -> bool) {
    while !changed() {
        sleep(EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_plugin_and_case_is_seen_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let look = || fingerprint(folder.path(), None);
        fs::create_dir_all(at("tests/one")).expect("a folder");
        fs::write(at("tests/one/in.jsonl"), "").expect("written");
        let mut before = look();
        for changed in ["a.wasm", "tests/one/expected.jsonl", "tests/one/in.jsonl"] {
            fs::write(at(changed), changed).expect("written");
            assert_ne!(look(), before, "{changed}");
            before = look();
        }
        fs::write(at("tests/one/notes.md"), "x").expect("written");
        fs::write(at("source.rs"), "x").expect("written");
        assert_eq!(look(), before);
    }
}
