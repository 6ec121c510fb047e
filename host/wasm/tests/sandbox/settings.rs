//! What becomes of settings that a handler refuses, and of a handler that can't be asked.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use penstock_core::codes::Code;
use penstock_core::config::{
    self, ConfigureProblem, Defaults, Loaded, Plugins, Report, SourceFile,
};
use penstock_core::contract::SettingError;
use penstock_core::verdict::Failure;
use penstock_engine::ports::HandlerPool;
use penstock_wasm::{Binding, Runtime};
use sha2::{Digest, Sha256};

use crate::bench::{self, Bench, Ticking, built};
use crate::odd::Odd;

fn set(name: &str) -> impl FnOnce(&mut Binding) {
    let setting = (name.to_owned(), "not today".to_owned());
    move |binding| binding.settings.push(setting)
}

#[test]
fn refused_settings_are_told_without_a_ticking_clock() {
    let bench = Bench::unruly();
    assert_eq!(bench.pool(|_| {}).try_configure(), Ok(Vec::new()));
    let refused = SettingError {
        name: "refuse".to_owned(),
        problem: "not today".to_owned(),
    };
    assert_eq!(bench.pool(set("refuse")).try_configure(), Ok(vec![refused]));
    assert_eq!(
        bench.pool(set("loop-in-configure")).try_configure(),
        Err(Failure::Deadline {
            limit: Duration::from_millis(200)
        })
    );
}

#[test]
fn at_run_time_a_refusal_is_the_records_failure() {
    let bench = Bench::unruly();
    let _ticking = Ticking::start(&bench.runtime);
    let failure = |setting| bench.pool(set(setting)).checkout().err().unwrap();
    assert_eq!(
        failure("refuse"),
        Failure::Trap {
            message: "the handler refused its settings: `refuse`: not today".to_owned(),
            trace: String::new(),
        }
    );
    assert!(matches!(
        failure("loop-in-configure"),
        Failure::Deadline { .. }
    ));
    let Failure::Trap { message, trace } = failure("trap-in-configure") else {
        panic!("not a trap");
    };
    assert!(message.contains("unreachable"), "{message}");
    assert!(trace.contains("unruly/src/lib.rs:"), "{trace}");
}

/// The codes of the mistakes of a configuration with this plugin and these settings.
fn check(plugin: &Path, settings: &str) -> (Result<Loaded, Report>, Vec<Code>) {
    check_with(
        plugin,
        &format!("settings = {{ {settings} }}"),
        bench::cache(),
    )
}

/// With these lines for the handler, and this folder for what is compiled.
fn check_with(plugin: &Path, lines: &str, cache: &Path) -> (Result<Loaded, Report>, Vec<Code>) {
    let runtime = Runtime::new(cache).unwrap();
    let text = format!(
        r#"
        [host]
        id = "test"
        [kafka]
        bootstrap = "127.0.0.1:9092"
        group = "g"
        [handlers.h]
        plugin = "{}"
        {lines}
        outputs = {{ out = "o" }}
        [topics.t]
        handlers = ["h"]
        start = "earliest"
        "#,
        plugin.display()
    );
    let file = SourceFile {
        name: "penstock.toml".to_owned(),
        dir: "/".into(),
        bytes: Ok(text.into_bytes()),
    };
    let defaults = Defaults {
        workers: NonZeroUsize::MIN,
    };
    let loaded = config::load(&[file], &|_: &str| None, &defaults, &runtime);
    let report = loaded.as_ref().err();
    let codes = report.map_or(Vec::new(), |report| {
        let diagnostics = report.diagnostics().iter();
        diagnostics.filter_map(|found| found.code).collect()
    });
    (loaded, codes)
}

#[test]
fn the_configurations_check_asks_the_plugin() {
    let path = built("unruly");
    let (loaded, codes) = check(&path, "");
    assert_eq!(codes, []);
    let loaded = loaded.unwrap();
    assert_eq!(loaded.plugins["h"].description.name, "unruly");
    let digest = Sha256::digest(fs::read(&path).unwrap());
    assert_eq!(loaded.plugins["h"].sha256[..], digest[..]);

    let (loaded, codes) = check(&path, r#"refuse = "not today""#);
    assert_eq!(codes, [Code::SettingsRefused]);
    assert!(loaded.unwrap_err().render(false).contains("not today"));

    let (loaded, codes) = check(&path, r#"trap-in-configure = "yes""#);
    assert_eq!(codes, [Code::SettingsRefused]);
    assert!(loaded.unwrap_err().render(false).contains("unreachable"));

    let (_, codes) = check(Path::new("/no-such.wasm"), "");
    assert_eq!(codes, [Code::PluginMissing]);
}

#[test]
fn a_plugin_that_is_not_the_pinned_one_is_refused() {
    let path = built("unruly");
    let digest = Sha256::digest(fs::read(&path).unwrap());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let pinned = |digest: &str| {
        let line = format!("sha256 = \"{digest}\"");
        check_with(&path, &line, bench::cache())
    };
    assert_eq!(pinned(&digest).1, []);
    let other = "0".repeat(64);
    let (report, codes) = pinned(&other);
    assert_eq!(codes, [Code::DigestMismatch]);
    assert!(report.unwrap_err().render(false).contains(&digest));
}

/// Whether a file is what it should be is known before it may cost or do anything.
#[test]
fn of_a_file_that_is_not_the_pinned_one_nothing_is_compiled() {
    // Whoever runs it waits for the deadline.
    let (_folder, path) = Odd::default().start("(loop $l (br $l))").write();
    let cache = tempfile::tempdir().unwrap();
    let compiled = || {
        let names = fs::read_dir(cache.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".cwasm")).count()
    };
    for (lines, code) in [
        (
            format!("sha256 = \"{}\"", "0".repeat(64)),
            Code::DigestMismatch,
        ),
        ("sha256 = \"0\"".to_owned(), Code::WrongType),
        (format!("sha265 = \"{}\"", "0".repeat(64)), Code::UnknownKey),
    ] {
        assert_eq!(check_with(&path, &lines, cache.path()).1, [code], "{lines}");
        assert_eq!(compiled(), 0, "{lines}");
    }
    assert_eq!(
        check_with(&path, "", cache.path()).1,
        [Code::DescribeFailed]
    );
    assert_eq!(compiled(), 1);
}

/// A file may be replaced between one question and the next.
#[test]
fn settings_are_checked_by_the_file_that_was_inspected_or_by_none() {
    let (_folder, path) = Odd::default().write();
    let cache = tempfile::tempdir().unwrap();
    let runtime = Runtime::new(cache.path()).unwrap();
    let limits = bench::limits();
    let configure = |sha256| runtime.configure(&path, sha256, "t", &BTreeMap::new(), &limits);
    let Err(ConfigureProblem::Failed(why)) = configure([0; 32]) else {
        panic!("another file was asked");
    };
    assert_eq!(why, "the file has another digest");
    assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
    let sha256 = Sha256::digest(fs::read(&path).unwrap());
    assert_eq!(configure(sha256.into()), Ok(()));
}
