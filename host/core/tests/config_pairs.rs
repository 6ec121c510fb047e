//! Mistakes as pairs of files in `tests/config`: `NAME.toml` and the report that it must get,
//! `NAME.err`. A `NAME.top.toml` is laid over it. A file whose name begins with `warning-` loads,
//! with warnings.
//!
//! To write the reports anew, and then to read what changed:
//! `PENSTOCK_BLESS=1 cargo test -p penstock-core --test config_pairs; git diff tests/config`.

mod support;

use std::path::{Path, PathBuf};

use penstock_core::codes::Code;
use penstock_core::config::{Report, SourceFile, load};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/config")
}

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("tests/config can be read");
    let name = |entry: std::fs::DirEntry| {
        let name = entry
            .file_name()
            .into_string()
            .expect("a file name in UTF-8");
        let name = name.strip_suffix(".toml")?;
        (!name.ends_with(".top")).then(|| name.to_owned())
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| name(entry.expect("an entry of the folder")))
        .collect();
    names.sort();
    names
}

/// The paths in it are shown as from the repository, wherever that lies.
fn source(file: &str) -> SourceFile {
    SourceFile {
        dir: PathBuf::from("tests/config"),
        ..support::read(&folder().join(file))
    }
}

fn report(name: &str) -> Report {
    let mut files = vec![source(&format!("{name}.toml"))];
    let top = format!("{name}.top.toml");
    if folder().join(&top).exists() {
        files.push(source(&top));
    }
    match load(&files, &support::env, &support::defaults(), &support::Fakes) {
        Ok(loaded) if name.starts_with("warning-") => loaded.warnings,
        Err(report) if !name.starts_with("warning-") => report,
        Ok(_) => panic!("{name}.toml has a mistake, and loads"),
        Err(report) => panic!("{name}.toml must load:\n{}", report.render(false)),
    }
}

#[test]
fn each_mistake_gets_its_report() {
    let bless = std::env::var_os("PENSTOCK_BLESS").is_some();
    let mut differing = Vec::new();
    for name in names() {
        let actual = report(&name).render(false);
        assert!(
            !actual.contains(support::SECRET),
            "{name} shows a secret:\n{actual}"
        );
        let path = folder().join(format!("{name}.err"));
        if bless {
            std::fs::write(&path, &actual).expect("the report can be written");
            continue;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if actual != expected {
            differing.push(format!(
                "--- {name}.err ---\n{expected}--- but it is ---\n{actual}"
            ));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Of every mistake, and what to do is not what the label says already.
#[test]
fn each_mistake_says_what_to_do() {
    let mut silent = Vec::new();
    for name in names() {
        for mistake in report(&name).diagnostics() {
            let help = mistake.help.as_deref().unwrap_or_default();
            if help.is_empty() || help == mistake.label {
                silent.push(format!("{name}: {}", mistake.message));
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn each_code_of_the_configuration_has_a_pair() {
    let reports = names().into_iter().map(|name| report(&name));
    let codes = |report: Report| report.diagnostics().to_vec().into_iter();
    let seen: Vec<Code> = reports.flat_map(codes).filter_map(|of| of.code).collect();
    let of_check = |code: &&Code| {
        let code = code.as_str();
        code.starts_with("PSK-C") || code.starts_with("PSK-P")
    };
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .filter(of_check)
        .filter(|code| !seen.contains(code))
        .collect();
    assert!(missing.is_empty(), "no pair of files shows {missing:?}");
}

#[test]
fn no_report_is_left_without_its_file() {
    let names = names();
    for entry in std::fs::read_dir(folder()).expect("tests/config can be read") {
        let file = entry.expect("an entry of the folder").file_name();
        let file = file.to_string_lossy();
        let name = file.split('.').next().unwrap_or_default();
        assert!(
            names.iter().any(|known| known == name),
            "{file} belongs to no NAME.toml"
        );
    }
}
