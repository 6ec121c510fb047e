//! The binary in a folder with a plugin.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

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

/// For whatever has to happen at last.
const SOON: Duration = Duration::from_secs(30);

/// A run of `plugin test --watch`; dropped, it is ended.
pub struct Watched {
    child: Child,
    lines: Receiver<String>,
}

impl Watched {
    pub fn begin(folder: &TempDir) -> Watched {
        let mut child = Command::new(env!("CARGO_BIN_EXE_penstock"))
            .args(["plugin", "test", "--watch"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary");
        let (said, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let too = said.clone();
        let pass_on = |line: std::io::Result<String>, to: &mpsc::Sender<String>| {
            // After the test's end nobody listens.
            line.is_ok_and(|line| to.send(line).is_ok())
        };
        thread::spawn(move || stdout.lines().all(|line| pass_on(line, &said)));
        thread::spawn(move || stderr.lines().all(|line| pass_on(line, &too)));
        Watched { child, lines }
    }

    /// Waits for a line with these words.
    #[track_caller]
    pub fn says(&self, words: &str) {
        let mut before = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(SOON) {
            if line.contains(words) {
                return;
            }
            before.push(line);
        }
        panic!("no {words:?} in {before:#?}");
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
