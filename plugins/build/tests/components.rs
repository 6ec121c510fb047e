//! The components that come out, looked at as a host would: what they import, what they carry.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, str};

use wasmparser::{Parser, Payload};
use wit_component::DecodedWasm;

const PLUGINS: [&str; 3] = ["progress-updates", "purchase-to-access", "unruly"];

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("../..").canonicalize().expect("the workspace")
}

fn build(out_dir: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_penstock-plugin-build"))
        .args(PLUGINS)
        .arg("--out-dir")
        .arg(out_dir)
        .current_dir(workspace())
        .output()
        .expect("run the build tool");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn components_need_only_the_contract_and_say_where_they_trap() {
    let out_dir = tempfile::tempdir().expect("a directory");
    build(out_dir.path());
    for plugin in PLUGINS {
        let component = fs::read(out_dir.path().join(format!("{plugin}.wasm"))).expect(plugin);
        assert_eq!(
            exports(&component),
            BTreeSet::from(["penstock:handler/handler@0.1.0".to_owned()])
        );
        for import in imports(&component) {
            assert!(
                import.starts_with("penstock:handler/") && import.ends_with("@0.1.0"),
                "{plugin} imports {import}"
            );
        }

        let sections = custom_sections(&component);
        for section in ["name", ".debug_line", ".debug_info"] {
            assert!(sections.contains(section), "{plugin} has no {section}");
        }
        assert!(
            holds(&component, &format!("plugins/{plugin}/src")),
            "{plugin} does not say where its source lies"
        );
        let workspace = workspace().display().to_string();
        for place in [Some(workspace), env::var("HOME").ok()]
            .into_iter()
            .flatten()
        {
            assert!(!holds(&component, &place), "{plugin} speaks of {place}");
        }
        let kib = component.len() / 1024;
        assert!(kib < 400, "{plugin} has {kib} KiB");
    }
}

#[test]
fn what_is_built_already_is_left_alone() {
    let out_dir = tempfile::tempdir().expect("a directory");
    assert!(!build(out_dir.path()).contains("unchanged"));
    let file = out_dir.path().join("unruly.wasm");
    let written = || {
        fs::metadata(&file)
            .and_then(|data| data.modified())
            .expect("a time")
    };
    let before = written();
    assert_eq!(
        build(out_dir.path()).matches("unchanged").count(),
        PLUGINS.len()
    );
    assert_eq!(written(), before);
}

fn imports(component: &[u8]) -> BTreeSet<String> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component).expect("decode")
    else {
        panic!("not a component");
    };
    let imports = resolve.worlds[world].imports.keys();
    imports.map(|key| resolve.name_world_key(key)).collect()
}

fn exports(component: &[u8]) -> BTreeSet<String> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component).expect("decode")
    else {
        panic!("not a component");
    };
    let exports = resolve.worlds[world].exports.keys();
    exports.map(|key| resolve.name_world_key(key)).collect()
}

/// Of the component and of the modules in it.
fn custom_sections(component: &[u8]) -> BTreeSet<String> {
    Parser::new(0)
        .parse_all(component)
        .filter_map(|payload| match payload.expect("parse") {
            Payload::CustomSection(section) => Some(section.name().to_owned()),
            _ => None,
        })
        .collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
