//! The sample lines, and each way in which an event can be wrong.

use penstock_sdk::testing::{Instance, Run, message, run};

use super::*;

const ACCESS: &str = r#"{"type":"COURSE_ACCESS_GRANTED","eventId":"e1/access","userId":"u7","courseId":"c3","purchaseId":"e1","grantedAt":"2026-01-01T10:00:00.000Z"}"#;
const OPENED: &str = r#"{"type":"COURSE_PROGRESS_UPDATED","eventId":"e1/access/progress","userId":"u7","courseId":"c3","lessonsCompleted":0,"lessonsTotal":null,"percent":0,"updatedAt":"2026-01-01T10:00:00.000Z"}"#;
const LESSON: &str = r#"{"eventId":"l9","type":"LESSON_COMPLETED","userId":"u7","courseId":"c3","lessonId":"s2","lessonsCompleted":3,"lessonsTotal":8,"completedAt":"2026-01-02T09:30:00.000Z"}"#;
const MOVED_ON: &str = r#"{"type":"COURSE_PROGRESS_UPDATED","eventId":"l9/progress","userId":"u7","courseId":"c3","lessonsCompleted":3,"lessonsTotal":8,"percent":37,"updatedAt":"2026-01-02T09:30:00.000Z"}"#;

fn handle(value: &str) -> Run {
    run::<ProgressUpdates>(message(value))
}

fn rejected(value: impl AsRef<[u8]>) -> String {
    let run = run::<ProgressUpdates>(message(&value));
    assert_eq!(run.outputs, []);
    match run.result {
        Err(Failure::Reject(reason)) if reason.code == "invalid-event" => reason.text,
        other => panic!("expected invalid-event, got {other:?}"),
    }
}

fn lessons(completed: &str, total: &str) -> String {
    LESSON
        .replace(r#"Completed":3"#, &format!(r#"Completed":{completed}"#))
        .replace(r#"Total":8"#, &format!(r#"Total":{total}"#))
}

#[test]
fn the_sample_lines() {
    for (input, output) in [(ACCESS, OPENED), (LESSON, MOVED_ON)] {
        let run = run::<ProgressUpdates>(Message {
            key: Some(b"k1"),
            ..message(input)
        });
        assert_eq!(run.result, Ok(Outcome::Done));
        assert_eq!(run.outputs.len(), 1);
        assert_eq!(run.outputs[0].output, "progress-updated");
        assert_eq!(run.outputs[0].value_str(), output);
        assert_eq!(run.outputs[0].key.as_deref(), Some(&b"k1"[..]));
        assert_eq!(handle(input).outputs[0].key.as_deref(), Some(&b"u7"[..]));
    }
}

#[test]
fn one_instance_takes_both_events_in_turn() {
    let mut instance = Instance::<ProgressUpdates>::new("lesson-completed", &[]).unwrap();
    for (input, output) in [(LESSON, MOVED_ON), (ACCESS, OPENED), (LESSON, MOVED_ON)] {
        assert_eq!(
            instance.handle(message(input)).outputs[0].value_str(),
            output
        );
    }
}

#[test]
fn percent_is_rounded_down_and_100_only_when_all_is_done() {
    let most = u64::MAX.to_string();
    let all_but_one = (u64::MAX - 1).to_string();
    for (completed, total, percent) in [
        ("0", "1", 0),
        ("1", "1", 100),
        ("1", "3", 33),
        ("2", "3", 66),
        ("999", "1000", 99),
        (&*all_but_one, &*most, 99),
        (&*most, &*most, 100),
    ] {
        let run = handle(&lessons(completed, total));
        let expected = format!(
            r#""lessonsCompleted":{completed},"lessonsTotal":{total},"percent":{percent},"#
        );
        assert!(run.outputs[0].value_str().contains(&expected), "{run:?}");
    }
}

#[test]
fn impossible_progress_is_rejected() {
    assert_eq!(
        rejected(lessons("9", "8")),
        "lessonsCompleted: expected at most lessonsTotal, 8, found 9"
    );
    for completed in ["0", "1"] {
        assert_eq!(
            rejected(lessons(completed, "0")),
            "lessonsTotal: expected 1 or more, found 0"
        );
    }
    for number in ["-1", "3.5", "3.0", "18446744073709551616", "1e3"] {
        assert!(
            rejected(lessons(number, "8"))
                .starts_with("lessonsCompleted: expected a whole number from 0 to 2^64-1, found"),
            "{number}"
        );
    }
    assert_eq!(
        rejected(lessons("3", "null")),
        "lessonsTotal: expected a whole number, found null"
    );
}

#[test]
fn each_field_is_needed_and_typed() {
    const LESSON_FIELDS: [&str; 8] = [
        "eventId",
        "type",
        "userId",
        "courseId",
        "lessonId",
        "lessonsCompleted",
        "lessonsTotal",
        "completedAt",
    ];
    const ACCESS_FIELDS: [&str; 5] = ["eventId", "type", "userId", "courseId", "grantedAt"];
    for (event, fields) in [(LESSON, &LESSON_FIELDS[..]), (ACCESS, &ACCESS_FIELDS[..])] {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        for &field in fields {
            let expected = if field.starts_with("lessons") {
                "a whole number"
            } else {
                "a string"
            };
            let mut missing = event.clone();
            missing.as_object_mut().unwrap().remove(field);
            assert_eq!(
                rejected(missing.to_string()),
                format!("{field}: missing, expected {expected}")
            );
            let mut ill_typed = event.clone();
            ill_typed[field] = serde_json::Value::Bool(true);
            assert_eq!(
                rejected(ill_typed.to_string()),
                format!("{field}: expected {expected}, found a boolean")
            );
        }
    }
}

#[test]
fn the_other_events_fields_do_not_count() {
    let access = ACCESS.replace('}', r#","lessonsTotal":"many","completedAt":7}"#);
    assert_eq!(handle(&access).outputs[0].value_str(), OPENED);
    let lesson = LESSON.replace('}', r#","grantedAt":null}"#);
    assert_eq!(handle(&lesson).outputs[0].value_str(), MOVED_ON);
}

#[test]
fn what_is_not_for_it_is_skipped() {
    for (value, code) in [
        (None, "tombstone"),
        (Some(r#"{"type":"COURSE_PROGRESS_UPDATED"}"#), "other-event"),
        (Some(r#"{"type":""}"#), "other-event"),
    ] {
        let run = run::<ProgressUpdates>(Message {
            value: value.map(str::as_bytes),
            ..message("")
        });
        assert!(
            matches!(&run.result, Ok(Outcome::Skip(reason)) if reason.code == code),
            "{run:?}"
        );
    }
}

#[test]
fn what_is_not_an_event_is_rejected() {
    assert_eq!(rejected("[]"), "expected a JSON object");
    assert!(rejected("hello").starts_with("not JSON: "));
    assert!(rejected(b"{\"type\":\"\xff\"}").contains("no text"));
    let twice = LESSON.replace('}', r#","lessonsTotal":8}"#);
    assert!(rejected(twice).contains("duplicate field `lessonsTotal`"));
}

#[test]
fn text_survives_escaped_or_not() {
    let run = handle(&LESSON.replace("u7", r#"\u00fc 😀\t"#).replace("c3", "курс"));
    assert_eq!(
        run.outputs[0].value_str(),
        MOVED_ON.replace("u7", r#"ü 😀\t"#).replace("c3", "курс")
    );
}
