//! The binary in a folder with a plugin.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs the binary in a folder.
pub fn penstock(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_penstock"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("the binary")
}

pub fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

pub fn built(name: &str) -> PathBuf {
    penstock_tests::plugin(name).expect("`make build` has built it")
}

/// The folder of a plugin's source, with its cases.
pub fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../plugins")
        .join(name)
}

/// A folder with a plugin as `it.wasm`.
pub fn folder_with(plugin: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(built(plugin), folder.path().join("it.wasm")).expect("copied");
    folder
}

pub fn write(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

/// A run's exit code and standard output, which must have said all of `said`.
pub fn ran(folder: &TempDir, args: &[&str], exit: i32, said: &[&str]) -> String {
    let output = penstock(folder.path(), args);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(exit), "{args:?}: {out}{err}");
    for words in said {
        assert!(
            out.contains(words) || err.contains(words),
            "{words:?} in {out}{err}"
        );
    }
    out.to_owned()
}
