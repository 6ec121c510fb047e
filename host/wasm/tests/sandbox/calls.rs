//! What goes into a call and what comes out of it.

use std::time::Duration;

use penstock_core::batch::Batch;
use penstock_core::config::Isolation;
use penstock_core::record::{Header, Offset, Timestamp};
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome, Reason};
use penstock_engine::ports::{Call, HandlerPool};

use crate::bench::{Bench, CALL, batch, built, checkout, run};
use crate::odd::Odd;

fn reason(code: &str, text: &str) -> Reason {
    Reason {
        code: code.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn a_purchase_becomes_an_access() {
    let bench = Bench::new(&built("purchase-to-access"));
    let ran = bench.run(
        r#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}"#,
        |binding| binding.headers = false,
    );
    assert_eq!(
        ran.value(),
        r#"{"type":"COURSE_ACCESS_GRANTED","eventId":"e1/access","userId":"u7","courseId":"c3","purchaseId":"e1","grantedAt":"2026-01-01T10:00:00.000Z"}"#
    );
    assert_eq!(ran.outputs[0].0.as_deref(), Some("k"));
}

#[test]
fn the_handlers_own_answers_come_back() {
    let bench = Bench::unruly();
    let result = |value| {
        let ran = bench.run(value, |_| {});
        assert_eq!(ran.outputs, [], "{value}");
        assert!(
            !ran.spent,
            "{value}: an answer is no reason for a fresh instance"
        );
        ran.result
    };
    let told = reason("asked-to", "the record asked for it");
    assert_eq!(result("reject"), Err(Failure::Reject(told.clone())));
    assert_eq!(result("skip"), Ok(Outcome::Skip(told)));
    assert_eq!(
        result("crash"),
        Err(Failure::Crash {
            message: "the record asked for it".to_owned(),
            trace: "at unruly:1".to_owned(),
        })
    );
    assert_eq!(
        result("retry-after 1500"),
        Err(Failure::Retry {
            after: Some(Duration::from_millis(1500)),
            why: reason("asked-to", "once, and later"),
        })
    );
    assert_eq!(
        result("bad-code"),
        Err(Failure::Reject(reason(
            "invalid-code",
            " (the handler's code was \"Not A Code!\")"
        )))
    );
}

#[test]
fn what_was_emitted_before_a_failure_or_a_skip_is_dropped() {
    let bench = Bench::unruly();
    let told = reason("asked-to", "after an output");
    assert_eq!(
        bench.run("emit-then-reject", |_| {}).failure(),
        Failure::Reject(told.clone())
    );
    bench.run("emit-then-trap", |_| {}).trap();
    let skipped = bench.run("emit-then-skip", |_| {});
    assert_eq!(skipped.result, Ok(Outcome::Skip(told)));
    assert_eq!(skipped.outputs, []);
}

#[test]
fn a_huge_text_is_cut() {
    // reject(reason { code: "a", text: 60,000 times "a" })
    let (_folder, path) = Odd::default()
        .handle(
            "(memory.fill (i32.const 1024) (i32.const 97) (i32.const 60000))
             (i32.store8 (i32.const 256) (i32.const 1))
             (i32.store8 (i32.const 260) (i32.const 1))
             (i32.store (i32.const 264) (i32.const 1024))
             (i32.store (i32.const 268) (i32.const 1))
             (i32.store (i32.const 272) (i32.const 1024))
             (i32.store (i32.const 276) (i32.const 60000))",
        )
        .write();
    let Failure::Reject(reason) = Bench::new(&path).run("", |_| {}).failure() else {
        panic!("not a rejection");
    };
    assert_eq!(reason.code, "a");
    assert!(reason.text.starts_with(&"a".repeat(4096)));
    assert!(reason.text.ends_with("a… (60000 bytes)"), "{}", reason.text);
}

/// One record through a fresh instance; what it staged.
fn staged(bench: &Bench, batch: &Batch, call: Call) -> Staging {
    let pool = bench.pool(|_| {});
    let mut staging = Staging::default();
    let result = checkout(&pool).handle(&batch.record(0), call, &mut staging);
    assert_eq!(result, Ok(Outcome::Done));
    staging
}

#[test]
fn headers_go_through_in_order_with_duplicates_nulls_and_odd_names() {
    let headers = [
        Header {
            name: b"a",
            value: Some(b"1"),
        },
        Header {
            name: b"a",
            value: None,
        },
        Header {
            name: b"\xffb",
            value: Some(b""),
        },
    ];
    let bench = Bench::unruly();
    let staging = staged(&bench, &batch(Some("headers"), &headers), CALL);
    let output = staging.output(0);
    let expected = [
        ("a", Some(&b"1"[..])),
        ("a", None),
        ("\u{fffd}b", Some(b"")),
    ];
    assert_eq!(output.headers().collect::<Vec<_>>(), expected);
    assert_eq!(output.timestamp_ms, Some(5));

    let pool = bench.pool(|binding| binding.headers = false);
    let mut staging = Staging::default();
    let batch = batch(Some("headers"), &headers);
    let result = checkout(&pool).handle(&batch.record(0), CALL, &mut staging);
    assert_eq!(result, Ok(Outcome::Done));
    assert_eq!(staging.output(0).headers().count(), 0, "not asked for");
}

#[test]
fn null_differs_from_empty_in_both_directions() {
    let bench = Bench::unruly();
    let staging = staged(&bench, &batch(Some("tombstone"), &[]), CALL);
    assert_eq!(staging.output(0).value, None);
    assert_eq!(staging.output(0).key, Some(&b"k"[..]));

    let pool = bench.pool(|_| {});
    let handle =
        |batch: &Batch| checkout(&pool).handle(&batch.record(0), CALL, &mut Staging::default());
    assert!(matches!(handle(&batch(None, &[])), Ok(Outcome::Skip(_))));
    assert!(matches!(
        handle(&batch(Some(""), &[])),
        Err(Failure::Reject(_))
    ));
}

#[test]
fn the_context_is_the_records() {
    let bench = Bench::unruly();
    let meta = |batch: &Batch, attempt| {
        let call = Call {
            partition: 1,
            attempt,
        };
        let staging = staged(&bench, batch, call);
        String::from_utf8(staging.output(0).value.unwrap().to_vec()).unwrap()
    };
    let first = meta(&batch(Some("echo-meta"), &[]), 1);
    for part in [
        r#""topic":"t""#,
        r#""partition":1"#,
        r#""offset":7"#,
        r#""timestamp":{"create-time":5}"#,
        r#""now-ms":5"#,
        r#""attempt":1"#,
    ] {
        assert!(first.contains(part), "{first}");
    }
    // The same record, the same answers; a later attempt is the one difference.
    let again = meta(&batch(Some("echo-meta"), &[]), 3);
    assert_eq!(again, first.replace(r#""attempt":1"#, r#""attempt":3"#));

    let mut unknown = Batch::default();
    unknown.push(Offset(8), Timestamp::Unknown, None, Some(b"echo-meta"), []);
    let other = meta(&unknown, 1);
    assert!(other.contains(r#""now-ms":0"#), "{other}");
    let seed = |meta: &str| meta.split_once(r#""seed":"#).unwrap().1.to_owned();
    assert_ne!(seed(&first), seed(&other));
}

#[test]
fn isolation_gives_each_record_a_fresh_instance() {
    let bench = Bench::unruly();
    let pool = bench.pool(|binding| binding.isolation = Isolation::Record);
    for _ in 0..3 {
        let ran = run(&pool, "count");
        assert!(ran.spent);
        assert_eq!(ran.value(), "1");
    }
    let pool = bench.pool(|_| {});
    let instance = checkout(&pool);
    pool.give_back(instance);
    for seen in ["1", "2", "3"] {
        assert_eq!(run(&pool, "count").value(), seen);
    }
}
