//! A compiled plugin is taken from the cache only if this host wrote it and nobody else can have.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use penstock_wasm::{Loaded, Runtime};
use tempfile::TempDir;
use tracing::Level;

use crate::bench::processor_time;
use crate::capture::{self, Line};
use crate::odd::Odd;

struct Case {
    folder: TempDir,
    plugin: PathBuf,
    _plugin_folder: TempDir,
}

impl Case {
    fn new() -> Self {
        let (plugin_folder, plugin) = Odd::default().write();
        Case {
            folder: tempfile::tempdir().unwrap(),
            plugin,
            _plugin_folder: plugin_folder,
        }
    }

    fn directory(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Loads in a process that is new to it, as far as the runtime knows.
    fn load(&self) -> (Loaded, Vec<Line>) {
        capture::lines(|| {
            let runtime = Runtime::new(&self.directory()).unwrap();
            runtime.load(&self.plugin).unwrap().loaded()
        })
    }

    fn artefact(&self) -> PathBuf {
        let entries = fs::read_dir(self.directory()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut artefacts = paths.filter(|path| path.extension().is_some_and(|e| e == "cwasm"));
        let artefact = artefacts.next().expect("one artefact");
        assert!(artefacts.next().is_none());
        artefact
    }

    /// Loading compiles, warns with this text, and the load after it has a good artefact again.
    fn is_compiled_anew(&self, warning: &str) {
        let (loaded, lines) = self.load();
        assert_eq!(loaded, Loaded::Compiled);
        assert!(
            lines
                .iter()
                .any(|line| line.level == Level::WARN && line.text.contains(warning)),
            "{lines:?}"
        );
        assert_eq!(self.load().0, Loaded::Cached);
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_is_not_compiled_is_left_to_those_who_may_wait() {
    let case = Case::new();
    let runtime = Runtime::new(&case.directory()).unwrap();
    let compiled = |runtime: &Runtime| {
        let plugin = runtime.load_compiled(&case.plugin).unwrap();
        plugin.map(|plugin| plugin.loaded())
    };
    assert_eq!(compiled(&runtime), None);
    assert_eq!(
        runtime.load(&case.plugin).unwrap().loaded(),
        Loaded::Compiled
    );
    assert_eq!(compiled(&runtime), Some(Loaded::Compiled));
    let next_start = Runtime::new(&case.directory()).unwrap();
    assert_eq!(compiled(&next_start), Some(Loaded::Cached));
    fs::write(&case.plugin, "no plugin").unwrap();
    let error = next_start
        .load_compiled(&case.plugin)
        .map(drop)
        .unwrap_err();
    assert_eq!(error.text, "not a WebAssembly component");
}

#[test]
fn the_second_start_does_not_compile() {
    let case = Case::new();
    let (loaded, lines) = case.load();
    assert_eq!(loaded, Loaded::Compiled);
    assert_eq!(case.load().0, Loaded::Cached);
    assert!(
        lines.iter().all(|line| line.level > Level::WARN),
        "{lines:?}"
    );
    assert_eq!(mode(&case.directory()), 0o700);
    assert_eq!(mode(&case.artefact()), 0o600);
}

#[test]
fn another_plugin_is_not_taken_for_this_one() {
    let case = Case::new();
    case.load();
    let (_folder, other) = Odd::default().handle("(nop)").write();
    let runtime = Runtime::new(&case.directory()).unwrap();
    assert_eq!(runtime.load(&other).unwrap().loaded(), Loaded::Compiled);
}

#[test]
fn a_changed_byte_is_found() {
    let case = Case::new();
    case.load();
    let artefact = case.artefact();
    let mut bytes = fs::read(&artefact).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&artefact, bytes).unwrap();
    case.is_compiled_anew("not those that were written");
}

#[test]
fn a_torn_file_is_found() {
    let case = Case::new();
    case.load();
    let artefact = case.artefact();
    let bytes = fs::read(&artefact).unwrap();
    fs::write(&artefact, &bytes[..bytes.len() / 2]).unwrap();
    case.is_compiled_anew("not those that were written");
}

#[test]
fn a_file_that_others_may_write_is_not_used() {
    for open in [0o620, 0o602] {
        let case = Case::new();
        case.load();
        set_mode(&case.artefact(), open);
        case.is_compiled_anew("others may write it");
        assert_eq!(mode(&case.artefact()), 0o600);
    }
}

#[test]
fn a_link_is_not_followed() {
    let case = Case::new();
    case.load();
    let artefact = case.artefact();
    let elsewhere = case.folder.path().join("elsewhere");
    fs::rename(&artefact, &elsewhere).unwrap();
    symlink(&elsewhere, &artefact).unwrap();
    let (loaded, _) = case.load();
    assert_eq!(loaded, Loaded::Compiled);
    assert!(elsewhere.exists());
}

#[test]
fn a_directory_that_others_may_write_is_not_used() {
    let case = Case::new();
    case.load();
    set_mode(&case.directory(), 0o777);
    let (loaded, lines) = case.load();
    assert_eq!(loaded, Loaded::Compiled);
    assert!(
        lines
            .iter()
            .any(|line| line.text.contains("others may write it (mode 777)")),
        "{lines:?}"
    );
    set_mode(&case.directory(), 0o700);
    assert_eq!(case.load().0, Loaded::Cached);
}

#[test]
fn without_a_directory_plugins_are_compiled_each_time() {
    let case = Case::new();
    fs::write(case.directory(), "a file in its place").unwrap();
    for _ in 0..2 {
        let (loaded, lines) = case.load();
        assert_eq!(loaded, Loaded::Compiled);
        assert!(
            lines
                .iter()
                .any(|line| line.text.contains("compiled at each start")),
            "{lines:?}"
        );
    }
}

#[test]
fn the_same_file_is_the_same_plugin() {
    let case = Case::new();
    let runtime = Runtime::new(&case.directory()).unwrap();
    let first = runtime.load(&case.plugin).unwrap();
    let second = runtime.load(&case.plugin).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn a_change_is_found_though_the_times_are_put_back() {
    let case = Case::new();
    case.load();
    let artefact = case.artefact();
    let times = fs::metadata(&artefact).unwrap().modified().unwrap();
    let mut bytes = fs::read(&artefact).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&artefact, bytes).unwrap();
    let file = fs::File::options().write(true).open(&artefact).unwrap();
    file.set_modified(times).unwrap();
    case.is_compiled_anew("not those that were written");
}

#[test]
fn a_plugin_that_was_changed_in_place_is_another() {
    let case = Case::new();
    case.load();
    assert_eq!(case.load().0, Loaded::Cached);
    let other = Odd::default().handle("(nop)").bytes();
    fs::write(&case.plugin, other).unwrap();
    assert_eq!(case.load().0, Loaded::Compiled);
}

/// Ten plugins as large as Python's: neither they nor what was compiled of them are read again.
#[test]
fn ten_large_plugins_start_within_fifty_milliseconds_the_second_time() {
    const BYTES: usize = 16 << 20;
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let plugins: Vec<_> = (b'0'..=b'9')
        .map(|digit| {
            let data = String::from(char::from(digit)).repeat(BYTES);
            let odd = Odd::default()
                .memory_pages(1 + (BYTES >> 16) as u32)
                .body(&format!(r#"(data (i32.const 65536) "{data}")"#));
            let path = folder.path().join(format!("{}.wasm", char::from(digit)));
            fs::write(&path, odd.bytes()).unwrap();
            path
        })
        .collect();
    let load = |expected| {
        let runtime = Runtime::new(&cache).unwrap();
        let before = processor_time();
        for plugin in &plugins {
            assert_eq!(runtime.load(plugin).unwrap().loaded(), expected);
        }
        processor_time() - before
    };
    load(Loaded::Compiled);
    let took = load(Loaded::Cached);
    assert!(took < Duration::from_millis(50), "{took:?}");
}

#[test]
fn a_plugin_is_compiled_once_however_many_ask_for_it() {
    let case = Case::new();
    let runtime = Runtime::new(&case.directory()).unwrap();
    let plugins: Vec<_> = thread::scope(|scope| {
        let load = || runtime.load(&case.plugin).unwrap();
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
        asking
            .into_iter()
            .map(|asks| asks.join().unwrap())
            .collect()
    });
    for plugin in &plugins {
        assert!(Arc::ptr_eq(plugin, &plugins[0]));
    }
}
