//! Until there is a second version of the contract, a later one is made up here: 0.1.1, which has a
//! function more. A host of it stands beside our own; both are given plugins of this version, of
//! that one, and of versions that neither takes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use penstock_core::batch::Batch;
use penstock_core::config::{HandlerLimits, Isolation};
use penstock_core::record::{Offset, Timestamp};
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::ports::{Call, HandlerPool};
use tempfile::TempDir;
use wasmtime::Engine;

use super::{CONTRACT_VERSION, Version};
use crate::contract::CONTEXT;
use crate::error::LoadError;
use crate::host::Functions;
use crate::plugin::Plugin;
use crate::pool::Binding;
use crate::runtime::{Runtime, config};
use odd::Odd;

#[path = "../../tests/sandbox/odd.rs"]
#[allow(dead_code, reason = "the tests of the sandbox need the rest")]
mod odd;

const LATER: Version = Version("0.1.1");

/// What the made-up function answers.
const PARTITIONS: u32 = 3;

/// A host, and where it keeps what it compiled.
struct Host {
    runtime: Runtime,
    _cache: TempDir,
}

impl Host {
    fn of(version: Version, more: impl FnOnce(&mut Functions)) -> Host {
        let cache = tempfile::tempdir().unwrap();
        let engine = Engine::new(&config()).unwrap();
        let mut functions = Functions::of(version, &engine).unwrap();
        more(&mut functions);
        Host {
            runtime: Runtime::with(engine, functions, cache.path()),
            _cache: cache,
        }
    }

    fn ours() -> Host {
        Host::of(Version::OURS, |_| {})
    }

    fn later() -> Host {
        Host::of(LATER, |functions| {
            let context = LATER.interface(CONTEXT);
            let mut context = functions.linker.instance(&context).unwrap();
            let partitions = |_: wasmtime::StoreContextMut<'_, _>, (): ()| Ok((PARTITIONS,));
            context.func_wrap("partitions", partitions).unwrap();
        })
    }

    fn load(&self, odd: &Odd) -> Result<Arc<Plugin>, LoadError> {
        let (_folder, path) = odd.write();
        self.runtime.load(&path)
    }

    fn refuses(&self, odd: &Odd, text: &str, help: &str) {
        let error = self.load(odd).err().expect("it is refused");
        assert!(error.text.contains(text), "{error:?}");
        let shown = error.help.as_deref().unwrap_or_default();
        assert!(shown.contains(help), "{error:?}");
        assert!(shown.ends_with("docs/guides/contract-versions.md says what fits what"));
    }
}

/// A plugin of the made-up version, which traps unless it gets the answer of the new function.
fn new_plugin() -> Odd {
    Odd::default()
        .version(LATER.0)
        .contract(
            "attempt: func() -> u32;",
            "attempt: func() -> u32; partitions: func() -> u32;",
        )
        .body(
            r#"(import "penstock:handler/context@0.1.1" "partitions"
                 (func $partitions (result i32)))"#,
        )
        .handle(&format!(
            "(if (i32.ne (call $partitions) (i32.const {PARTITIONS})) (then (unreachable)))"
        ))
}

/// A plugin that was built against the first version.
fn old_plugin(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/contract/0.1.0")
        .join(language)
        .join("conformance.wasm")
}

/// The verdict on a record with this value, and the values of its outputs.
fn handled(plugin: &Arc<Plugin>, value: &str) -> (Result<Outcome, Failure>, Vec<String>) {
    let limits = HandlerLimits {
        deadline: std::time::Duration::from_secs(5),
        memory_bytes: 64 << 20,
        outputs: 10,
        output_bytes: 1 << 20,
        log_lines: 10,
        log_bytes: 1 << 10,
        instances: 1,
    };
    let pool = plugin.bind(Binding {
        handler: "h".into(),
        topic: "t".into(),
        settings: vec![("word".to_owned(), "w".to_owned())],
        limits,
        isolation: Isolation::Reused,
        headers: true,
        outputs: 2,
    });
    let mut batch = Batch::default();
    let value = Some(value.as_bytes());
    batch.push(Offset(7), Timestamp::CreateTime(5), None, value, []);
    let call = Call {
        partition: 1,
        attempt: 1,
    };
    let mut staging = Staging::default();
    let mut instance = pool.checkout().unwrap().expect("an instance is free");
    let verdict = instance.handle(&batch.record(0), call, &mut staging);
    let outputs = (0..staging.len()).map(|index| {
        let value = staging.output(index).value.expect("a value");
        String::from_utf8(value.to_vec()).expect("text")
    });
    (verdict, outputs.collect())
}

#[test]
fn a_later_host_takes_older_plugins_beside_its_own() {
    let host = Host::later();
    let new = host.load(&new_plugin()).unwrap();
    assert_eq!(handled(&new, "v"), (Ok(Outcome::Done), vec![]));
    for language in ["rust", "c"] {
        let old = host.runtime.load(&old_plugin(language)).unwrap();
        let (verdict, outputs) = handled(&old, "v");
        assert_eq!(verdict, Ok(Outcome::Done), "{language}");
        assert_eq!(outputs[0], "v", "{language}");
        assert!(
            outputs[1].contains(r#""offset":7"#),
            "{language}: {outputs:?}"
        );
        let (verdict, outputs) = handled(&old, "!reject");
        let Err(Failure::Reject(reason)) = verdict else {
            panic!("{language}: {verdict:?}");
        };
        assert_eq!(reason.code, "asked-to", "{language}");
        assert_eq!(outputs, [""; 0], "{language}");
    }
}

#[test]
fn an_older_host_takes_a_later_plugin_that_asks_for_nothing_new() {
    let later = Odd::default().version(LATER.0);
    let plugin = Host::ours().load(&later).unwrap();
    assert_eq!(handled(&plugin, "v"), (Ok(Outcome::Done), vec![]));
}

#[test]
fn an_older_host_says_that_a_function_came_later() {
    let host = Host::ours();
    host.refuses(
        &new_plugin(),
        "was built for contract 0.1.1, and this host gives that of 0.1.0: ",
        "run it on a host that knows contract 0.1.1, or build it with an SDK for 0.1.0",
    );
    host.refuses(&new_plugin(), "`partitions`", "");
    let state = "package penstock:handler@0.1.1; interface state { get: func(); }";
    let world = "package acme:x@1.0.0; world x { import penstock:handler/state@0.1.1;
        include penstock:handler/plugin@0.1.0; }";
    let new_interface = Odd::default()
        .world("acme:x/x", &[state, world])
        .body(r#"(import "penstock:handler/state@0.1.1" "get" (func))"#);
    for host in [Host::ours(), Host::later()] {
        host.refuses(
            &new_interface,
            "there is no `penstock:handler/state@0.1.1`",
            "an SDK for",
        );
    }
}

#[test]
fn a_plugin_of_another_line_is_refused_by_both() {
    for version in ["0.0.9", "0.2.0", "0.10.0", "1.0.0", "0.1.0-rc.1"] {
        for (host, known) in [(Host::ours(), CONTRACT_VERSION), (Host::later(), LATER.0)] {
            host.refuses(
                &Odd::default().version(version),
                &format!("speaks contract {version}, and this host takes contract {known}"),
                "run it on a host that takes its contract, or build it with an SDK for contract 0.1.x",
            );
        }
    }
}

/// A host of a later line would have to say in what way it takes this one.
#[test]
fn what_is_ours_is_what_lies_in_wit() {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/penstock-handler");
    let text = std::fs::read_to_string(wit.join(CONTRACT_VERSION).join("handler.wit")).unwrap();
    assert!(text.contains(&format!("package penstock:handler@{CONTRACT_VERSION};\n")));
    let newest = std::fs::read_dir(wit).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let numbers: Result<Vec<u32>, _> = name.split('.').map(str::parse).collect();
        Some((numbers.ok()?, name))
    });
    assert_eq!(newest.max().unwrap().1, CONTRACT_VERSION);
}
