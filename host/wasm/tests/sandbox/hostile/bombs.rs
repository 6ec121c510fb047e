//! Small files that would become large: instances, modules, sections, functions.

use std::fmt::Write;

use penstock_core::codes::Code;

use super::{Kind, Stage};
use crate::odd::{Odd, section};

pub(super) fn kinds() -> Vec<Kind> {
    vec![
        Kind::no_plugin(
            "has two components of two components each, sixty levels deep",
            with_component(&doubling(60)),
            "its components would have more than 1000 instances",
        ),
        Kind::new(
            "has three hundred instances",
            with_component(&instances(300)),
            Stage::Described,
            Code::DescribeFailed,
            "instance count too high",
        ),
        Kind::new(
            "has nine memories",
            Odd::default().body(&"(memory 1)".repeat(8)).bytes(),
            Stage::Described,
            Code::DescribeFailed,
            "memory count too high",
        ),
        Kind::no_plugin(
            "has a thousand and one modules",
            with_component(&wat::parse_str(modules(1001)).unwrap()),
            "modules count exceeds limit of 1000",
        ),
        Kind::no_plugin(
            "has a function of a megabyte and more",
            Odd::default()
                .body(&format!("(func {})", "nop ".repeat(1_050_000)))
                .bytes(),
            "a function of it has more than 1024 KiB",
        ),
        Kind::no_plugin(
            "has a function of sixty thousand variables",
            Odd::default()
                .body(&format!("(func {})", "(local i64)".repeat(60_000)))
                .bytes(),
            "can't be compiled",
        ),
        Kind::harmless(
            "has a hundred thousand sections of no use",
            &Odd::default().sections(100_000),
        ),
        Kind::at_record(
            "has debug information that is none",
            &Odd::default()
                .debug_information(&[0xff; 5_000])
                .handle("unreachable"),
            Code::Trapped,
            "unreachable",
        ),
        Kind::at_record(
            "has a function whose name moves the cursor",
            &Odd::default()
                .body("(func $f (@name \"\\1b[2J\\0alevel=INFO\") unreachable)")
                .handle("(call $f)"),
            Code::Trapped,
            "at \\u{1b}[2J\\nlevel=INFO",
        ),
    ]
}

/// A handler with this component and one instance of it.
fn with_component(component: &[u8]) -> Vec<u8> {
    let mut bytes = Odd::default().bytes();
    let index = components(&bytes);
    section(&mut bytes, 4, component);
    section(&mut bytes, 5, &[1, 0, index, 0]);
    bytes
}

/// How many components a component has of its own.
fn components(bytes: &[u8]) -> u8 {
    let mut depth = 0;
    let mut found = 0;
    for payload in wasmparser::Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            wasmparser::Payload::Version { .. } => depth += 1,
            wasmparser::Payload::End(_) => depth -= 1,
            wasmparser::Payload::ComponentSection { .. } if depth == 1 => found += 1,
            _ => {}
        }
    }
    found
}

fn doubling(times: usize) -> Vec<u8> {
    let mut text = String::from(
        "(component $outer (component $c0 (core module $m) (core instance (instantiate $m)))",
    );
    for this in 1..=times {
        let before = this - 1;
        write!(
            text,
            "(component $c{this} (alias outer $outer $c{before} (component $c))
               (instance (instantiate $c)) (instance (instantiate $c)))"
        )
        .unwrap();
    }
    write!(text, "(instance (instantiate $c{times})))").unwrap();
    wat::parse_str(text).unwrap()
}

fn instances(count: usize) -> Vec<u8> {
    let instances = "(core instance (instantiate $m))".repeat(count);
    wat::parse_str(format!("(component (core module $m) {instances})")).unwrap()
}

fn modules(count: usize) -> String {
    format!("(component {})", "(core module)".repeat(count))
}
