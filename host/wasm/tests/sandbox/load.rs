//! What is a plugin and what isn't, in words for people.

use std::path::Path;

use penstock_core::codes::Code;
use penstock_wasm::{LoadError, Runtime};

use crate::bench::{self, Bench, ceilings};
use crate::odd::{self, Odd};

fn load(path: &Path) -> Result<(), LoadError> {
    let runtime = Runtime::new(bench::cache()).unwrap();
    let plugin = runtime.load(path)?;
    plugin.describe(&ceilings()).map(drop)
}

/// Loading must fail so, with a text and a help that contain these.
fn refused(bytes: &[u8], code: Code, text: &str, help: &str) {
    let (_folder, path) = odd::write(bytes);
    let error = load(&path).unwrap_err();
    assert_eq!(error.code, code, "{error:?}");
    assert!(error.text.contains(text), "{error:?}");
    assert!(error.help.unwrap_or_default().contains(help));
}

#[test]
fn the_built_plugins_describe_themselves() {
    let description = |name| {
        let bench = Bench::new(&bench::built(name));
        bench.plugin.describe(&ceilings()).unwrap()
    };
    let unruly = description("unruly");
    assert_eq!(unruly.name, "unruly");
    assert!(unruly.headers);
    assert_eq!(unruly.outputs.len(), 1);
    assert_eq!(unruly.outputs[0].name, "out");
    assert!(unruly.settings.iter().any(|s| s.name == "refuse"));

    let purchase = description("purchase-to-access");
    assert!(!purchase.headers);
    assert_eq!(purchase.outputs[0].name, "access-granted");
}

#[test]
fn no_file_is_told() {
    // As the page of the code has it.
    let error = load(Path::new("no-such.wasm")).unwrap_err();
    assert_eq!(error.code, Code::PluginMissing);
    assert_eq!(error.text, "there is no such file");
    let help = error.help.as_deref();
    assert_eq!(
        help,
        Some(
            "paths are relative to the configuration file; `penstock plugin build` builds a plugin"
        )
    );
    let error = load(Path::new("/")).unwrap_err();
    assert_eq!(error.code, Code::PluginMissing);
    assert!(error.text.contains("not a regular file"), "{error}");
}

#[test]
fn what_is_no_component_is_told() {
    for bytes in [&b""[..], b"\x7fELF"] {
        let text = "not a WebAssembly component";
        refused(bytes, Code::NotAPlugin, text, "penstock plugin build");
    }
    refused(
        &Odd::default().core_module(),
        Code::NotAPlugin,
        "a core WebAssembly module",
        "wasm-tools component new",
    );
    let mut torn = Odd::default().bytes();
    torn.truncate(torn.len() / 2);
    refused(&torn, Code::NotAPlugin, "can't be compiled", "");
}

#[test]
fn a_component_that_is_no_handler_is_told() {
    let world = "package acme:tool@1.0.0; world tool { import penstock:handler/log@0.1.0; }";
    refused(
        &Odd::default().world("acme:tool/tool", &[world]).bytes(),
        Code::NotAPlugin,
        "does not export `penstock:handler/handler@0.1.0`",
        "SDK",
    );
}

#[test]
fn functions_of_other_types_are_told() {
    let mut message = Odd::default();
    message = message.contract("partition: s32", "partition: u32");
    refused(
        &message.bytes(),
        Code::NotAPlugin,
        "its function `handle` is not that of contract 0.1",
        "SDK for contract 0.1",
    );
}

#[test]
fn a_forbidden_import_is_named() {
    let http = [
        "package wasi:http@0.2.3; interface outgoing-handler { handle: func(); }",
        "package acme:x@1.0.0; world x {
            include penstock:handler/plugin@0.1.0; import wasi:http/outgoing-handler@0.2.3; }",
    ];
    refused(
        &Odd::default()
            .world("acme:x/x", &http)
            .body(r#"(import "wasi:http/outgoing-handler@0.2.3" "handle" (func))"#)
            .bytes(),
        Code::ForbiddenImport,
        "`wasi:http/outgoing-handler@0.2.3`",
        "without HTTP",
    );
    let database = [
        "package acme:db@1.0.0; interface store { get: func(); }",
        "package acme:x@1.0.0; world x {
            include penstock:handler/plugin@0.1.0; import acme:db/store@1.0.0; import now: func(); }",
    ];
    refused(
        &Odd::default()
            .world("acme:x/x", &database)
            .body(
                r#"(import "acme:db/store@1.0.0" "get" (func))
                   (import "$root" "now" (func))"#,
            )
            .bytes(),
        Code::ForbiddenImport,
        "`acme:db/store@1.0.0`, `now`",
        "penstock:handler@0.1",
    );
}

#[test]
fn a_plugin_that_describes_what_cant_be_is_told() {
    // Two outputs without a name: a list of two empty records at address 512.
    let (_folder, path) = Odd::default()
        .start(
            "(i32.store (i32.const 284) (i32.const 512))
             (i32.store (i32.const 288) (i32.const 2))",
        )
        .write();
    let error = load(&path).unwrap_err();
    assert_eq!(error.code, Code::DescribeFailed);
    assert_eq!(error.text, "describes an output without a name");
}

#[test]
fn describing_has_a_ceiling() {
    let (_folder, path) = Odd::default().start("(loop $l (br $l))").write();
    let error = load(&path).unwrap_err();
    assert_eq!(error.code, Code::DescribeFailed);
    assert!(
        error.text.contains("within the deadline of 200ms"),
        "{error}"
    );

    let (_folder, path) = Odd::default().memory_pages(1025).write();
    let error = load(&path).unwrap_err();
    assert_eq!(error.code, Code::DescribeFailed);
    assert!(error.text.contains("67108864 bytes of memory"), "{error}");
}
