//! What isn't there, isn't text, or isn't permitted.

use penstock_core::codes::Code;

use super::{EMIT, Kind, Stage, WRITE};
use crate::odd::Odd;

/// An output with this key and these headers, as address and length.
fn emit(to: u32, key: (i64, i64), headers: (i64, i64)) -> Odd {
    let handle = format!(
        "(call $emit (i32.const {to})
           (i32.const 1) (i32.const {}) (i32.const {})
           (i32.const 0) (i32.const 0) (i32.const 0)
           (i32.const {}) (i32.const {})
           (i32.const 0) (i64.const 0))",
        key.0, key.1, headers.0, headers.1
    );
    Odd::default().body(EMIT).handle(&handle)
}

fn handle(wat: &str) -> Odd {
    Odd::default().handle(wat)
}

fn trapped(does: &'static str, odd: &Odd, told: &'static str) -> Kind {
    Kind::at_record(does, odd, Code::Trapped, told)
}

pub(super) fn kinds() -> Vec<Kind> {
    let mut kinds = lies();
    kinds.extend(traps());
    kinds
}

fn lies() -> Vec<Kind> {
    vec![
        trapped(
            "says that its answer lies beyond its memory",
            &handle("(return (i32.const 0x7ffffff0))"),
            "out of bounds",
        ),
        trapped(
            "says that its answer lies where none may",
            &handle("(return (i32.const 257))"),
            "not aligned",
        ),
        trapped(
            "answers with a case that the contract doesn't have",
            &handle("(i32.store8 (i32.const 256) (i32.const 7))"),
            "discriminant",
        ),
        trapped(
            "rejects with a text of four gigabytes",
            &handle(
                "(i32.store8 (i32.const 256) (i32.const 1))
                 (i32.store8 (i32.const 260) (i32.const 1))
                 (i32.store (i32.const 276) (i32.const -1))",
            ),
            "out of bounds",
        ),
        Kind::new(
            "describes four billion outputs",
            Odd::default()
                .describe("(i32.store (i32.const 288) (i32.const -1))")
                .bytes(),
            Stage::Described,
            Code::DescribeFailed,
            "out of bounds",
        ),
        trapped(
            "emits a key from beyond its memory",
            &emit(0, (65_000, 1_000), (0, 0)),
            "out of bounds",
        ),
        trapped(
            "emits four billion headers",
            &emit(0, (0, 0), (0, 0xffff_ffff)),
            "out of bounds",
        ),
        Kind::at_record(
            "emits to an output that it doesn't declare",
            &emit(1, (0, 0), (0, 0)),
            Code::UnknownOutput,
            "emit to output 1, which the plugin does not declare",
        ),
        trapped(
            "logs what isn't text",
            &Odd::default().body(WRITE).handle(
                "(i32.store8 (i32.const 512) (i32.const 255))
                 (call $write (i32.const 2) (i32.const 512) (i32.const 1))",
            ),
            "invalid utf-8",
        ),
        trapped(
            "logs at a level that doesn't exist",
            &Odd::default()
                .body(WRITE)
                .handle("(call $write (i32.const 9) (i32.const 512) (i32.const 1))"),
            "discriminant",
        ),
        Kind::new(
            "has what it is given put beyond its memory",
            Odd::default().realloc("(return (i32.const -16))").bytes(),
            Stage::Configured,
            Code::Trapped,
            "realloc return: beyond end of memory",
        ),
        Kind::new(
            "logs while it is to make room",
            Odd::default()
                .body(WRITE)
                .realloc("(call $write (i32.const 2) (i32.const 512) (i32.const 1))")
                .bytes(),
            Stage::Configured,
            Code::Trapped,
            "cannot leave component instance",
        ),
        Kind::new(
            "emits in `configure`",
            Odd::default()
                .body(EMIT)
                .configure(
                    "(call $emit (i32.const 0)
                       (i32.const 0) (i32.const 0) (i32.const 0)
                       (i32.const 0) (i32.const 0) (i32.const 0)
                       (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0))",
                )
                .bytes(),
            Stage::Configured,
            Code::Trapped,
            "`emit` was called outside `handle`",
        ),
    ]
}

fn traps() -> Vec<Kind> {
    let table = |wat: &str| {
        Odd::default()
            .body(
                "(type $none (func)) (type $one (func (param i32)))
                 (table $t 2 funcref) (elem (table $t) (i32.const 0) func $f) (func $f)",
            )
            .handle(wat)
    };
    vec![
        trapped(
            "gives up",
            &handle("unreachable"),
            "`unreachable` instruction executed",
        ),
        trapped(
            "divides by zero",
            &handle("(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
            "integer divide by zero",
        ),
        trapped(
            "divides the least number by -1",
            &handle("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"),
            "integer overflow",
        ),
        trapped(
            "makes an integer of what is no number",
            &handle("(drop (i32.trunc_f32_u (f32.const nan)))"),
            "invalid conversion to integer",
        ),
        trapped(
            "reads beyond its memory",
            &handle("(drop (i32.load (i32.const -4)))"),
            "out of bounds memory access",
        ),
        trapped(
            "fills what lies beyond its memory",
            &handle("(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))"),
            "out of bounds memory access",
        ),
        trapped(
            "calls beyond its table",
            &table("(call_indirect $t (type $none) (i32.const 2))"),
            "undefined element: out of bounds table access",
        ),
        trapped(
            "calls what its table lacks",
            &table("(call_indirect $t (type $none) (i32.const 1))"),
            "uninitialized element",
        ),
        trapped(
            "calls a function as one of another type",
            &table("(call_indirect $t (type $one) (i32.const 0) (i32.const 0))"),
            "indirect call type mismatch",
        ),
        Kind::new(
            "starts with data beyond its memory",
            Odd::default()
                .body(r#"(data (i32.const 65535) "xy")"#)
                .bytes(),
            Stage::Described,
            Code::DescribeFailed,
            "out of bounds memory access",
        ),
    ]
}
