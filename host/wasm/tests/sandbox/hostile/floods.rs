//! Too much of what is permitted.

use penstock_core::codes::Code;

use super::{EMIT, Kind, Stage, WRITE};
use crate::odd::Odd;

/// An output with a value of so many bytes at address 1024, and so many headers at address 2048.
fn emit(value_len: u32, headers: u32) -> String {
    format!(
        "(call $emit (i32.const 0)
           (i32.const 0) (i32.const 0) (i32.const 0)
           (i32.const 1) (i32.const 1024) (i32.const {value_len})
           (i32.const 2048) (i32.const {headers})
           (i32.const 0) (i64.const 0))"
    )
}

/// Does it so many times.
fn times(count: u32, what: &str) -> String {
    format!(
        "(local $i i32)
         (loop $l
           {what}
           (br_if $l (i32.lt_u
             (local.tee $i (i32.add (local.get $i) (i32.const 1)))
             (i32.const {count}))))"
    )
}

/// Writes the address and length of a text of sixty megabytes to each of these addresses.
fn sixty_megabytes_at(addresses: &[u32]) -> String {
    let stores = addresses.iter().map(|at| {
        format!(
            "(i32.store (i32.const {at}) (i32.const 65536))
             (i32.store (i32.const {}) (i32.const 60000000))",
            at + 4
        )
    });
    stores.collect()
}

/// Sixty-two megabytes of zeros: a valid text.
fn large() -> Odd {
    Odd::default().memory_pages(1_000)
}

pub(super) fn kinds() -> Vec<Kind> {
    vec![
        Kind::at_record(
            "emits without end",
            &Odd::default()
                .body(EMIT)
                .handle(&format!("(loop $l {} (br $l))", emit(1, 0))),
            Code::TooManyOutputs,
            "more than 1000 outputs for one record",
        ),
        Kind::at_record(
            "emits sixty megabytes",
            &large().body(EMIT).handle(&emit(60_000_000, 0)),
            Code::OutputTooLarge,
            "more than 4194304 bytes of outputs",
        ),
        Kind::at_record(
            "emits a little without end, in sum too much",
            &Odd::default()
                .memory_pages(2)
                .body(EMIT)
                .handle(&format!("(loop $l {} (br $l))", emit(100_000, 0))),
            Code::OutputTooLarge,
            "more than 4194304 bytes of outputs",
        ),
        Kind::at_record(
            "emits half a million headers",
            &large().body(EMIT).handle(&emit(1, 500_000)),
            Code::OutputTooLarge,
            "more than 4194304 bytes of outputs",
        ),
        Kind::at_record(
            "emits ten thousand headers, of which each name is the same sixty megabytes",
            &large().body(EMIT).handle(&format!(
                "(local $at i32) {} {}",
                times(
                    10_000,
                    "(local.set $at (i32.add (i32.const 2048) (i32.mul (local.get $i) (i32.const 20))))
                     (i32.store (local.get $at) (i32.const 400000))
                     (i32.store offset=4 (local.get $at) (i32.const 60000000))"
                ),
                emit(1, 10_000)
            )),
            Code::Trapped,
            "too much data is being copied between the host and the guest",
        ),
        Kind::harmless(
            "logs a million lines",
            &Odd::default().body(WRITE).handle(&times(
                1_000_000,
                "(call $write (i32.const 2) (i32.const 256) (i32.const 1))",
            )),
        ),
        Kind::harmless(
            "logs a line of sixty megabytes",
            &large()
                .body(WRITE)
                .handle("(call $write (i32.const 4) (i32.const 65536) (i32.const 60000000))"),
        ),
        Kind::at_record(
            "rejects with a text of sixty megabytes",
            &large().handle(&format!(
                "(i32.store8 (i32.const 256) (i32.const 1))
                 (i32.store8 (i32.const 260) (i32.const 1)) {}",
                sixty_megabytes_at(&[272])
            )),
            Code::Rejected,
            "… (60000000 bytes) (the handler's code was \"\")",
        ),
        Kind::at_record(
            "crashes with a trace of sixty megabytes",
            &large().handle(&format!(
                "(i32.store8 (i32.const 256) (i32.const 1))
                 (i32.store8 (i32.const 260) (i32.const 2)) {}",
                sixty_megabytes_at(&[272])
            )),
            Code::Crashed,
            "… (60000000 bytes)",
        ),
        Kind::new(
            "describes itself with a hundred thousand outputs",
            Odd::default()
                .memory_pages(100)
                .describe(
                    "(i32.store (i32.const 284) (i32.const 1024))
                     (i32.store (i32.const 288) (i32.const 100000))",
                )
                .bytes(),
            Stage::Described,
            Code::DescribeFailed,
            "describes 100000 outputs, and 1000 are the limit",
        ),
        Kind::new(
            "describes a thousand outputs, of which each name is the same sixty megabytes",
            large()
                .describe(&format!(
                    "{} (i32.store (i32.const 284) (i32.const 2048))
                     (i32.store (i32.const 288) (i32.const 1000))",
                    times(
                        1_000,
                        "(i32.store (i32.add (i32.const 2048) (i32.mul (local.get $i) (i32.const 16)))
                           (i32.const 65536))
                         (i32.store (i32.add (i32.const 2052) (i32.mul (local.get $i) (i32.const 16)))
                           (i32.const 60000000))"
                    )
                ))
                .bytes(),
            Stage::Described,
            Code::DescribeFailed,
            "too much data is being copied between the host and the guest",
        ),
        Kind::new(
            "refuses a hundred thousand settings",
            Odd::default()
                .memory_pages(100)
                .configure(
                    "(i32.store8 (i32.const 256) (i32.const 1))
                     (i32.store (i32.const 260) (i32.const 1024))
                     (i32.store (i32.const 264) (i32.const 100000))",
                )
                .bytes(),
            Stage::Configured,
            Code::SettingsRefused,
            "(and 99900 more)",
        ),
    ]
}
