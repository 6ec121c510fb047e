//! What is no plugin of this host's.

use penstock_core::codes::Code;

use super::{Kind, Stage};
use crate::odd::Odd;

pub(super) fn kinds() -> Vec<Kind> {
    let whole = Odd::default().bytes();
    let other_function = Odd::default().contract("partition: s32", "partition: u32");
    vec![
        Kind::no_plugin("is empty", Vec::new(), "not a WebAssembly component"),
        Kind::no_plugin(
            "is a program of this machine",
            b"\x7fELF\x02\x01\x01".to_vec(),
            "not a WebAssembly component",
        ),
        Kind::no_plugin(
            "is a module without a contract",
            Odd::default().core_module(),
            "a core WebAssembly module, not a component",
        ),
        Kind::no_plugin(
            "is cut off",
            whole[..whole.len() / 2].to_vec(),
            "can't be compiled",
        ),
        Kind::no_plugin(
            "has noise after its first bytes",
            [&whole[..8], &[0xa5; 1_000]].concat(),
            "can't be compiled",
        ),
        Kind::no_plugin(
            "shares memory with threads",
            Odd::default().body("(memory 1 1 shared)").bytes(),
            "can't be compiled",
        ),
        Kind::no_plugin(
            "is of a future contract",
            Odd::default().version("0.2.0").bytes(),
            "speaks contract 0.2.0, and this host takes contract 0.1.0",
        ),
        Kind::new(
            "has a `handle` of another type",
            other_function.bytes(),
            Stage::Described,
            Code::NotAPlugin,
            "its function `handle` is not that of contract 0.1",
        ),
        Kind::no_plugin(
            "exports no handler",
            Odd::default()
                .world(
                    "acme:tool/tool",
                    &["package acme:tool@1.0.0; world tool { import penstock:handler/log@0.1.0; }"],
                )
                .bytes(),
            "does not export `penstock:handler/handler@0.1.0`",
        ),
        Kind::new(
            "wants to speak HTTP",
            importing(
                "package wasi:http@0.2.3; interface outgoing-handler { handle: func(); }",
                "package acme:x@1.0.0; world x { include penstock:handler/plugin@0.1.0;
                   import wasi:http/outgoing-handler@0.2.3; }",
                r#"(import "wasi:http/outgoing-handler@0.2.3" "handle" (func))"#,
            ),
            Stage::Loaded,
            Code::ForbiddenImport,
            "imports `wasi:http/outgoing-handler@0.2.3`, which no handler is given",
        ),
        Kind::new(
            "wants a database",
            importing(
                "package acme:db@1.0.0; interface store { get: func(); }",
                "package acme:x@1.0.0; world x { include penstock:handler/plugin@0.1.0;
                   import acme:db/store@1.0.0; }",
                r#"(import "acme:db/store@1.0.0" "get" (func))"#,
            ),
            Stage::Loaded,
            Code::ForbiddenImport,
            "imports `acme:db/store@1.0.0`, which no handler is given",
        ),
        Kind::new(
            "describes an output without a name",
            Odd::default()
                .describe(
                    "(i32.store (i32.const 284) (i32.const 512))
                     (i32.store (i32.const 288) (i32.const 1))",
                )
                .bytes(),
            Stage::Described,
            Code::DescribeFailed,
            "describes an output without a name",
        ),
    ]
}

fn importing(package: &'static str, world: &'static str, import: &str) -> Vec<u8> {
    Odd::default()
        .world("acme:x/x", &[package, world])
        .body(import)
        .bytes()
}
