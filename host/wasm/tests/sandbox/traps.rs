//! A trap is shown with what the guest said, and with function, file and line.

use penstock_core::verdict::Failure;

use crate::bench::Bench;
use crate::odd::Odd;

#[test]
fn a_panic_shows_message_function_file_and_line() {
    let (message, trace) = Bench::unruly().run("panic", |_| {}).trap();
    assert!(
        message.contains("the record at offset 7 asked for it"),
        "{message}"
    );
    assert!(message.contains("unreachable"), "{message}");
    assert!(!message.contains('\n'), "{message}");
    // The panic's own machinery is left out.
    let line = trace.lines().next().expect("a frame");
    assert!(line.starts_with("at <unruly::Unruly as "), "{trace}");
    let (_, place) = line.split_once("unruly/src/lib.rs:").expect(line);
    let number: u32 = place.trim_end_matches(')').parse().expect(line);
    let source = include_str!("../../../../plugins/unruly/src/lib.rs");
    let code = source.lines().nth(number as usize - 1).unwrap();
    assert!(code.contains("panic!("), "{line}: {code}");
}

#[test]
fn a_trap_without_a_panic_is_told_in_the_runtimes_words() {
    let (message, trace) = Bench::unruly().run("trap", |_| {}).trap();
    assert_eq!(message, "wasm `unreachable` instruction executed");
    assert!(trace.contains("unruly/src/lib.rs:"), "{trace}");
}

#[test]
fn a_stack_overflow_is_a_trap_with_a_bounded_trace() {
    let (message, trace) = Bench::unruly().run("recurse", |_| {}).trap();
    assert!(message.contains("call stack exhausted"), "{message}");
    assert!(trace.contains("recurse"), "{trace}");
    assert!(trace.len() <= 4096 + 8, "{} bytes", trace.len());
    assert!(trace.lines().count() <= 64, "{trace}");
}

#[test]
fn a_guest_without_debug_information_shows_functions() {
    let (_folder, path) = Odd::default()
        .body("(func $deep unreachable)")
        .handle("(call $deep)")
        .write();
    let (_, trace) = Bench::new(&path).run("", |_| {}).trap();
    let lines: Vec<_> = trace.lines().collect();
    assert_eq!(lines[0], "at deep");
    assert_eq!(lines.len(), 2, "{trace}");
}

#[test]
fn emit_outside_handle_is_a_trap() {
    let (_folder, path) = Odd::default()
        .body(
            r#"(import "penstock:handler/outputs@0.1.0" "emit" (func $emit (param
                 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64)))"#,
        )
        .configure(
            "(call $emit (i32.const 0)
               (i32.const 0) (i32.const 0) (i32.const 0)
               (i32.const 0) (i32.const 0) (i32.const 0)
               (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0))",
        )
        .write();
    let failure = Bench::new(&path).pool(|_| {}).try_configure().unwrap_err();
    let Failure::Trap { message, .. } = failure else {
        panic!("{failure:?}");
    };
    assert_eq!(message, "`emit` was called outside `handle`");
}

#[test]
fn a_text_that_is_no_utf8_is_a_trap() {
    let (_folder, path) = Odd::default()
        .body(r#"(import "penstock:handler/log@0.1.0" "write" (func $write (param i32 i32 i32)))"#)
        .handle(
            "(i32.store8 (i32.const 512) (i32.const 255))
             (call $write (i32.const 2) (i32.const 512) (i32.const 1))",
        )
        .write();
    let (message, _) = Bench::new(&path).run("", |_| {}).trap();
    assert!(message.contains("invalid utf-8"), "{message}");
}
