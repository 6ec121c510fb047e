//! Who may know whom (docs/architecture.md): the compiler keeps what these manifests say.

use crate::files::{files, none, read};

/// A crate's folder, and what it must not depend on; not in its tests either.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    (
        "host/core",
        &["tokio", "rdkafka", "rdkafka-sys", "wasmtime", "penstock-"],
    ),
    (
        "host/engine",
        &[
            "tokio",
            "rdkafka",
            "rdkafka-sys",
            "wasmtime",
            "penstock-kafka",
            "penstock-wasm",
        ],
    ),
    ("host/kafka", &["tokio", "wasmtime", "penstock-wasm"]),
    (
        "host/wasm",
        &["tokio", "rdkafka", "rdkafka-sys", "penstock-kafka"],
    ),
    (
        "host/admin-protocol",
        &["rdkafka", "rdkafka-sys", "wasmtime", "penstock-"],
    ),
];

fn manifest(folder: &str) -> toml::Table {
    let text = read(&format!("{folder}/Cargo.toml"));
    text.parse().expect("a manifest is TOML")
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|table| manifest.get(table)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

#[test]
fn no_crate_knows_what_it_must_not() {
    let mut found = Vec::new();
    for (folder, forbidden) in FORBIDDEN {
        for name in dependencies(&manifest(folder)) {
            let is_forbidden = |rule: &&str| match rule.strip_suffix('-') {
                Some(_) => name.starts_with(*rule),
                None => name == **rule,
            };
            if forbidden.iter().any(is_forbidden) {
                found.push(format!("{folder} depends on {name}"));
            }
        }
    }
    none("dependencies against the layers", &found);
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    let workspace: toml::Table = read("Cargo.toml").parse().expect("a manifest is TOML");
    let members = workspace["workspace"]["members"]
        .as_array()
        .expect("a list");
    assert!(members.len() > 5);
    for member in members {
        let folder = member.as_str().expect("a path");
        let lints = manifest(folder).get("lints").cloned();
        let inherited = lints.and_then(|lints| lints.get("workspace")?.as_bool());
        assert_eq!(inherited, Some(true), "{folder}/Cargo.toml");
    }
}

/// Time and randomness are arguments, bytes come from outside.
#[test]
fn the_core_does_nothing_by_itself() {
    let doing = [
        "std::fs",
        "std::env",
        "std::thread",
        "std::process",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "Instant::now",
        "SystemTime::now",
        "Timestamp::now",
        "Zoned::now",
    ];
    let found: Vec<String> = files(".rs")
        .into_iter()
        .filter(|file| file.path.starts_with("host/core/src/"))
        .flat_map(|file| {
            let used: Vec<_> = doing.iter().filter(|it| file.text.contains(**it)).collect();
            used.into_iter()
                .map(|it| format!("{}: {it}", file.path))
                .collect::<Vec<_>>()
        })
        .collect();
    none("input, output, clocks or threads in the core", &found);
}

#[test]
fn kafka_and_the_sandbox_meet_in_no_file() {
    let both: Vec<String> = files(".rs")
        .into_iter()
        .filter(|file| file.path.starts_with("host/"))
        .filter(|file| !file.path.starts_with("host/core/tests/tidy/"))
        .filter(|file| {
            file.text.contains("penstock_kafka::") && file.text.contains("penstock_wasm::")
        })
        .map(|file| file.path)
        .collect();
    none("files that know both", &both);
}

/// The doctor is run on groups of strangers: it must not be able to change anything.
#[test]
fn the_doctor_only_looks() {
    let changing: Vec<String> = files(".rs")
        .into_iter()
        .filter(|file| {
            file.path.starts_with("host/src/doctor/")
                || file.path.starts_with("host/src/commands/doctor")
        })
        .filter(|file| file.text.contains("change::") || file.text.contains("protocol::change"))
        .map(|file| file.path)
        .collect();
    none("files of the doctor that can change something", &changing);
}
