//! JSON fields: what is taken, what is refused, and in which words.

use penstock_sdk::Failure;
use penstock_sdk::json::{Field, Invalid, fields};

fn event(value: &[u8]) -> Result<Field<'_>, Invalid> {
    fields(value, ["field"]).map(|[field]| field)
}

fn field(json: &str) -> Field<'static> {
    let json = format!(r#"{{"other":[{{}}],"field":{json}}}"#);
    match event(json.as_bytes()).expect("JSON") {
        Field::String(text) => Field::String(text.into_owned().into()),
        Field::Missing => Field::Missing,
        Field::Null => Field::Null,
        Field::Bool(value) => Field::Bool(value),
        Field::Unsigned(value) => Field::Unsigned(value),
        Field::Number(value) => Field::Number(value),
        Field::Array => Field::Array,
        Field::Object => Field::Object,
    }
}

#[test]
fn every_kind_of_value_is_taken() {
    for (json, expected) in [
        ("null", Field::Null),
        ("true", Field::Bool(true)),
        ("0", Field::Unsigned(0)),
        ("18446744073709551615", Field::Unsigned(u64::MAX)),
        (
            "18446744073709551616",
            Field::Number(18446744073709551616.0),
        ),
        ("-1", Field::Number(-1.0)),
        ("1.5", Field::Number(1.5)),
        (r#""text""#, Field::String("text".into())),
        (r#""\u00e4\n""#, Field::String("ä\n".into())),
        ("[1,[2]]", Field::Array),
        (r#"{"a":{"b":[]}}"#, Field::Object),
    ] {
        assert_eq!(field(json), expected, "{json}");
    }
    assert_eq!(event(b" \n{}").expect("JSON"), Field::Missing);
}

#[test]
fn plain_strings_are_borrowed() {
    let json = br#"{"field":"plain"}"#;
    let field = event(json).expect("JSON");
    let text = field.str("field").expect("a string");
    assert!(json.as_ptr_range().contains(&text.as_ptr()));
}

#[test]
fn what_a_field_is_not_is_said() {
    let text = |result: Result<f64, Invalid>| result.expect_err("refused").to_string();
    for (json, expected) in [
        ("null", "field: expected a string, found null"),
        ("false", "field: expected a string, found a boolean"),
        ("1", "field: expected a string, found a number"),
        ("-1", "field: expected a string, found a number"),
        ("[]", "field: expected a string, found an array"),
        ("{}", "field: expected a string, found an object"),
    ] {
        assert_eq!(text(field(json).str("field").map(|_| 0.0)), expected);
    }
    for (json, expected) in [
        (r#""1""#, "field: expected a whole number, found a string"),
        (
            "-1",
            "field: expected a whole number from 0 to 2^64-1, found -1",
        ),
        (
            "1.5",
            "field: expected a whole number from 0 to 2^64-1, found 1.5",
        ),
    ] {
        assert_eq!(text(field(json).u64("field").map(|_| 0.0)), expected);
    }
    assert_eq!(
        text(field("{}").number("n")),
        "n: expected a number, found an object"
    );
    assert_eq!(
        text(Field::Missing.number("n")),
        "n: missing, expected a number"
    );
    assert_eq!(field("7").number("n"), Ok(7.0));
    assert_eq!(field("-7.5").number("n"), Ok(-7.5));
}

#[test]
fn only_objects_are_events() {
    let error = |value: &[u8]| event(value).expect_err("refused").to_string();
    for value in ["[]", "[1]", "7", "null", r#""{}""#] {
        assert_eq!(error(value.as_bytes()), "expected a JSON object", "{value}");
    }
    for value in ["", " ", "{", "{]", "{}x", "[", r#"{"field":}"#, "nul"] {
        assert!(error(value.as_bytes()).starts_with("not JSON: "), "{value}");
    }
    assert!(
        error(b"{\"field\":\"\xff\"}").starts_with("expected JSON, found bytes that are no text")
    );
    assert!(error(br#"{"field":1,"field":2}"#).starts_with("duplicate field `field`"));
    assert!(error(br#"{"field":1e999}"#).starts_with("not JSON: number out of range"));
}

#[test]
fn as_a_failure_it_is_a_reject() {
    let failure: Failure = Invalid::field("a", "too long").into();
    assert_eq!(failure, Failure::reject("invalid-event", "a: too long"));
}
