//! The sample lines, and each way in which a purchase can be wrong.

use penstock_sdk::testing::{Instance, Run, message, run};

use super::*;

const PURCHASE: &str = r#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}"#;
const ACCESS: &str = r#"{"type":"COURSE_ACCESS_GRANTED","eventId":"e1/access","userId":"u7","courseId":"c3","purchaseId":"e1","grantedAt":"2026-01-01T10:00:00.000Z"}"#;

fn handle(value: &str) -> Run {
    run::<PurchaseToAccess>(message(value))
}

fn rejected(value: impl AsRef<[u8]>) -> String {
    let run = run::<PurchaseToAccess>(message(&value));
    assert_eq!(run.outputs, []);
    match run.result {
        Err(Failure::Reject(reason)) if reason.code == "invalid-event" => reason.text,
        other => panic!("expected invalid-event, got {other:?}"),
    }
}

#[test]
fn a_purchase_grants_access() {
    let run = run::<PurchaseToAccess>(Message {
        key: Some(b"k1"),
        ..message(PURCHASE)
    });
    assert_eq!(run.result, Ok(Outcome::Done));
    assert_eq!(run.outputs.len(), 1);
    assert_eq!(run.outputs[0].output, "access-granted");
    assert_eq!(run.outputs[0].value_str(), ACCESS);
    assert_eq!(run.outputs[0].key.as_deref(), Some(&b"k1"[..]));
}

#[test]
fn without_a_key_the_user_is_the_key() {
    assert_eq!(handle(PURCHASE).outputs[0].key.as_deref(), Some(&b"u7"[..]));
    let run = run::<PurchaseToAccess>(Message {
        key: Some(b""),
        ..message(PURCHASE)
    });
    assert_eq!(run.outputs[0].key.as_deref(), Some(&b""[..]));
}

#[test]
fn grant_days_set_when_the_access_expires() {
    let mut instance =
        Instance::<PurchaseToAccess>::new("purchase-confirmed", &[("grant-days", "365")]).unwrap();
    let expected = ACCESS.replace('}', r#","expiresAt":"2027-01-01T10:00:00.000Z"}"#);
    assert_eq!(
        instance.handle(message(PURCHASE)).outputs[0].value_str(),
        expected
    );

    let run = instance.handle(message(&PURCHASE.replace("2026-01-01T", "2026-01-32T")));
    let Err(Failure::Reject(reason)) = run.result else {
        panic!("{run:?}");
    };
    assert_eq!(reason.code, "invalid-event");
    assert_eq!(
        reason.text,
        "createdAt: expected an RFC 3339 time as 2026-01-01T10:00:00Z, found `2026-01-32T10:00:00.000Z`"
    );
}

#[test]
fn without_grant_days_the_time_is_copied_as_it_is() {
    let run = handle(&PURCHASE.replace("2026-01-01T10:00:00.000Z", "new year"));
    assert_eq!(
        run.outputs[0].value_str(),
        ACCESS.replace("2026-01-01T10:00:00.000Z", "new year")
    );
}

#[test]
fn grant_days_must_be_a_positive_whole_number() {
    for days in ["0", "-1", "1.5", "", "ten", "99999999999"] {
        let errors =
            Instance::<PurchaseToAccess>::new("t", &[("grant-days", days)]).expect_err("refused");
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].name, "grant-days");
        assert!(errors[0].problem.contains(&format!("`{days}`")));
    }
    let errors =
        Instance::<PurchaseToAccess>::new("t", &[("grant_days", "1")]).expect_err("refused");
    assert_eq!(
        errors[0].problem,
        "unknown setting; this plugin knows: grant-days"
    );
}

#[test]
fn what_is_not_for_it_is_skipped() {
    for (value, code) in [
        (None, "tombstone"),
        (
            Some(r#"{"type":"PURCHASE_REFUNDED","userId":7}"#),
            "other-event",
        ),
        (Some(r#"{"type":"purchase_confirmed"}"#), "other-event"),
    ] {
        let run = run::<PurchaseToAccess>(Message {
            value: value.map(str::as_bytes),
            ..message("")
        });
        assert!(
            matches!(&run.result, Ok(Outcome::Skip(reason)) if reason.code == code),
            "{run:?}"
        );
        assert_eq!(run.outputs, []);
    }
}

#[test]
fn each_missing_field_is_named() {
    let purchase: serde_json::Value = serde_json::from_str(PURCHASE).unwrap();
    for field in [
        "eventId",
        "type",
        "userId",
        "courseId",
        "amount",
        "currency",
        "createdAt",
    ] {
        let mut broken = purchase.clone();
        broken.as_object_mut().unwrap().remove(field);
        let expected = if field == "amount" {
            "a number"
        } else {
            "a string"
        };
        assert_eq!(
            rejected(broken.to_string()),
            format!("{field}: missing, expected {expected}")
        );
    }
}

#[test]
fn each_ill_typed_field_is_named() {
    let purchase: serde_json::Value = serde_json::from_str(PURCHASE).unwrap();
    for field in [
        "eventId",
        "type",
        "userId",
        "courseId",
        "currency",
        "createdAt",
    ] {
        for (value, found) in [
            ("7", "a number"),
            ("-7", "a number"),
            ("null", "null"),
            ("true", "a boolean"),
            (r#"["u7"]"#, "an array"),
            (r#"{"id":"u7"}"#, "an object"),
        ] {
            let mut broken = purchase.clone();
            broken[field] = serde_json::from_str(value).unwrap();
            assert_eq!(
                rejected(broken.to_string()),
                format!("{field}: expected a string, found {found}")
            );
        }
    }
    assert_eq!(
        rejected(PURCHASE.replace("4999", "\"4999\"")),
        "amount: expected a number, found a string"
    );
}

#[test]
fn what_is_not_an_object_is_rejected() {
    for value in [
        "[]",
        "7",
        "null",
        "\"text\"",
        r#"["e1","PURCHASE_CONFIRMED"]"#,
    ] {
        assert_eq!(rejected(value), "expected a JSON object", "{value}");
    }
    for value in [
        "",
        "hello",
        "{",
        "[",
        "{}}",
        &PURCHASE[..50],
        "{\"a\":\"\u{1}\"}",
    ] {
        assert!(rejected(value).starts_with("not JSON: "), "{value}");
    }
    assert!(rejected(b"\xff\xfe").contains("no text"));
    assert!(rejected(r#"{"type":"\ud800"}"#).starts_with("not JSON: "));
}

#[test]
fn a_field_that_comes_twice_is_rejected() {
    let twice = PURCHASE.replace(r#""userId":"u7""#, r#""userId":"u7","userId":"u8""#);
    assert!(rejected(twice).contains("duplicate field `userId`"));
    let unknown = PURCHASE.replace('}', r#","x":1,"x":2}"#);
    assert_eq!(handle(&unknown).outputs[0].value_str(), ACCESS);
}

#[test]
fn text_survives_escaped_or_not() {
    let purchase = PURCHASE
        .replace("u7", r#"ü\u00fc\"\n\ud83d\ude00"#)
        .replace("c3", "курс 😀");
    let expected = ACCESS.replace("u7", r#"üü\"\n😀"#).replace("c3", "курс 😀");
    let run = handle(&purchase);
    assert_eq!(run.outputs[0].value_str(), expected);
    assert_eq!(run.outputs[0].key.as_deref(), Some("üü\"\n😀".as_bytes()));
}

#[test]
fn unknown_fields_and_huge_numbers_are_no_trouble() {
    let rest = format!(
        r#","more":{{"deep":{}{}}},"n":1e999}}"#,
        "[".repeat(1000),
        "]".repeat(1000)
    );
    assert_eq!(
        handle(&PURCHASE.replace('}', &rest)).outputs[0].value_str(),
        ACCESS
    );
    for amount in ["0", "-1", "49.99", "1e30", "123456789012345678901234567890"] {
        let run = handle(&PURCHASE.replace("4999", amount));
        assert_eq!(run.outputs[0].value_str(), ACCESS, "{amount}");
    }
    assert!(rejected(PURCHASE.replace("4999", "1e999")).contains("out of range"));
}

#[test]
fn one_instance_handles_many() {
    let mut instance = Instance::<PurchaseToAccess>::new("purchase-confirmed", &[]).unwrap();
    for user in ["u7", "a longer user", "u"] {
        let run = instance.handle(message(&PURCHASE.replace("u7", user)));
        assert_eq!(run.outputs[0].value_str(), ACCESS.replace("u7", user));
    }
}
