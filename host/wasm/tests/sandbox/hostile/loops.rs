//! What never ends, or never ends wanting.

use penstock_core::codes::Code;

use super::{Kind, Stage};
use crate::odd::Odd;

const FOR_EVER: &str = "(loop $l (br $l))";

pub(super) fn kinds() -> Vec<Kind> {
    let deadline = "no answer within the deadline of 200ms";
    let memory = "more than its 67108864 bytes of memory";
    let odd = Odd::default;
    vec![
        Kind::at_record(
            "loops for ever in `handle`",
            &odd().handle(FOR_EVER),
            Code::DeadlinePassed,
            deadline,
        ),
        Kind::new(
            "… in `configure`",
            odd().configure(FOR_EVER).bytes(),
            Stage::Configured,
            Code::DeadlinePassed,
            deadline,
        ),
        Kind::new(
            "… in `describe`",
            odd().describe(FOR_EVER).bytes(),
            Stage::Described,
            Code::DescribeFailed,
            deadline,
        ),
        Kind::new(
            "… in its start function",
            odd().start(FOR_EVER).bytes(),
            Stage::Described,
            Code::DescribeFailed,
            deadline,
        ),
        Kind::new(
            "… when it is to make room for what it is given",
            odd().realloc(FOR_EVER).bytes(),
            Stage::Configured,
            Code::DeadlinePassed,
            deadline,
        ),
        Kind::at_record(
            "… after its answer",
            &odd().body(
                r#"(func (export "cabi_post_penstock:handler/handler@0.1.0#handle") (param i32)
                     (loop $l (br $l)))"#,
            ),
            Code::DeadlinePassed,
            deadline,
        ),
        Kind::at_record(
            "calls itself for ever",
            &odd()
                .body("(func $deeper (call $deeper))")
                .handle("(call $deeper)"),
            Code::Trapped,
            "call stack exhausted",
        ),
        Kind::at_record(
            "takes memory without end",
            &odd().handle(
                "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
                 unreachable",
            ),
            Code::MemoryExceeded,
            memory,
        ),
        Kind::at_record(
            "takes table elements without end",
            &odd().body("(table $t 1 funcref)").handle(
                "(loop $l (br_if $l (i32.ne (i32.const -1)
                   (table.grow $t (ref.null func) (i32.const 1000)))))
                 unreachable",
            ),
            Code::MemoryExceeded,
            memory,
        ),
        Kind::new(
            "has more memory than its limit from the start",
            odd().memory_pages(1025).bytes(),
            Stage::Described,
            Code::DescribeFailed,
            memory,
        ),
        Kind::new(
            "has a table of ten million elements",
            odd().body("(table 10000000 funcref)").bytes(),
            Stage::Described,
            Code::DescribeFailed,
            memory,
        ),
    ]
}
