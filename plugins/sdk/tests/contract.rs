//! The released versions of the contract, `wit/penstock-handler`: none changes, and a component that
//! was built for one is one for each later version of the same line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wit_component::semver_check;
use wit_parser::Resolve;

/// Major, minor, patch.
type Version = [u32; 3];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/penstock-handler")
}

fn released() -> BTreeMap<Version, String> {
    let entries = fs::read_dir(folder()).expect("it is there");
    let folders = entries.map(|entry| entry.expect("it can be read").path());
    let folders = folders.filter(|path| path.is_dir());
    let version = |path: PathBuf| {
        let text = fs::read_to_string(path.join("handler.wit")).expect("a contract");
        let name = path.file_name().expect("a name").to_string_lossy();
        let numbers = name.split('.').map(|number| number.parse().ok());
        let numbers: Option<Vec<u32>> = numbers.collect();
        let version = numbers.and_then(|numbers| numbers.try_into().ok());
        let package = format!("package penstock:handler@{name};\n");
        assert!(text.contains(&package), "{name} has not {package}");
        (version.unwrap_or_else(|| panic!("{name}")), text)
    };
    folders.map(version).collect()
}

/// What components of both have in common that fit each other's hosts: before 1.0, the first two
/// numbers.
fn line([major, minor, _]: Version) -> (u32, u32) {
    (major, if major == 0 { minor } else { 0 })
}

/// Whether components for `old` are components for `new`.
fn keeps(old: &str, new: &str) -> bool {
    let mut resolve = Resolve::default();
    let mut world = |text: &str| {
        let package = resolve.push_str("handler.wit", text).expect("WIT");
        resolve
            .select_world(&[package], Some("plugin"))
            .expect("a world")
    };
    let (old, new) = (world(old), world(new));
    semver_check(resolve, old, new).is_ok()
}

#[test]
fn a_released_version_never_changes() {
    let kept = fs::read_to_string(folder().join("SHA256SUMS")).expect("it is there");
    let kept: BTreeSet<&str> = kept.lines().collect();
    let released = released();
    assert!(!released.is_empty());
    let is = released.iter().map(|([major, minor, patch], text)| {
        let digest = Sha256::digest(text);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{digest}  {major}.{minor}.{patch}/handler.wit")
    });
    let is: Vec<String> = is.collect();
    let is: BTreeSet<&str> = is.iter().map(String::as_str).collect();
    assert_eq!(
        is, kept,
        "a released version changed, or a new one is not in SHA256SUMS"
    );
}

#[test]
fn a_later_version_of_a_line_keeps_all_of_the_earlier() {
    let released: Vec<_> = released().into_iter().collect();
    for pair in released.windows(2) {
        let [(old, old_text), (new, new_text)] = pair else {
            unreachable!("windows of two");
        };
        if line(*old) == line(*new) {
            assert!(
                keeps(old_text, new_text),
                "{new:?} lacks something of {old:?}"
            );
        }
    }
}

/// Until there is a second version: what may change, and what is found.
#[test]
fn functions_may_be_added_and_nothing_else() {
    for (_, old) in released() {
        let changed = |from: &str, to: &str| {
            assert!(old.contains(from), "{from}");
            let new = old.replacen(from, to, 1);
            // Not another package of the same name.
            let package = new.find("@0.").expect("a version") + 1;
            let end = package + new[package..].find(';').expect("an end");
            keeps(&old, &format!("{}0.999.0{}", &new[..package], &new[end..]))
        };
        let attempt = "attempt: func() -> u32;";
        assert!(changed(
            attempt,
            &format!("{attempt} later: func() -> u32;")
        ));
        let world = "/// A Penstock handler plugin.\nworld plugin {";
        let more = "interface later { f: func(); } world plugin { import later;";
        assert!(changed(world, more));
        for (from, to) in [
            (attempt, ""),
            (attempt, "attempt: func() -> u64;"),
            ("partition: s32,", "partition: s32, topic: string,"),
            ("partition: s32,", ""),
            ("reject(reason),", "reject(reason), wait,"),
            ("describe: func()", "stop: func(); describe: func()"),
            ("import outputs;", ""),
        ] {
            assert!(!changed(from, to), "{from} became {to}");
        }
    }
}
