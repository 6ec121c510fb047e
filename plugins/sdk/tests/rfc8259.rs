//! The SDK's JSON is RFC 8259's: what must be taken, what must be refused, and what the RFC leaves
//! open, each as a member that is asked for and as one that is dropped.

use penstock_sdk::json::{Field, fields};

fn event(value: &[u8]) -> Vec<u8> {
    [b" {\"a\" : ", value, b" } "].concat()
}

/// The value as a member that is asked for.
fn asked(value: &[u8]) -> Result<Field<'static>, String> {
    let event = event(value);
    let found = fields(&event, ["a"]).map_err(|invalid| invalid.to_string());
    found.map(|[field]| match field {
        Field::String(text) => Field::String(text.into_owned().into()),
        Field::Missing => Field::Missing,
        Field::Null => Field::Null,
        Field::Bool(value) => Field::Bool(value),
        Field::Unsigned(value) => Field::Unsigned(value),
        Field::Number(value) => Field::Number(value),
        Field::Array => Field::Array,
        Field::Object => Field::Object,
    })
}

/// Whether the value is taken as a member that is dropped.
fn dropped(value: &[u8]) -> bool {
    fields(&event(value), ["other"]).is_ok()
}

fn text(of: &str) -> Field<'static> {
    Field::String(of.to_owned().into())
}

#[test]
fn what_must_be_taken() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (value, expected) in [
        ("null", Field::Null),
        ("true", Field::Bool(true)),
        ("false", Field::Bool(false)),
        ("0", Field::Unsigned(0)),
        ("-0", Field::Number(-0.0)),
        ("123", Field::Unsigned(123)),
        (
            "1234567890123456789",
            Field::Unsigned(1_234_567_890_123_456_789),
        ),
        ("-123", Field::Number(-123.0)),
        ("0.5", Field::Number(0.5)),
        ("-0.5e-1", Field::Number(-0.05)),
        ("0e1", Field::Number(0.0)),
        ("0e+1", Field::Number(0.0)),
        ("20e1", Field::Number(200.0)),
        ("1E22", Field::Number(1e22)),
        ("1E-2", Field::Number(0.01)),
        ("1.7976931348623157e308", Field::Number(f64::MAX)),
        ("2.2250738585072014e-308", Field::Number(f64::MIN_POSITIVE)),
        ("5e-324", Field::Number(5e-324)),
        ("0.1000000000000000055511151231257827", Field::Number(0.1)),
        ("9007199254740993.0", Field::Number(9_007_199_254_740_992.0)),
        (r#""""#, text("")),
        (r#""a/b""#, text("a/b")),
        (r#""\"\\\/\b\f\n\r\t""#, text("\"\\/\u{8}\u{c}\n\r\t")),
        (r#""\u0000""#, text("\0")),
        (r#""\u001F\u007f\u0080""#, text("\u{1f}\u{7f}\u{80}")),
        (r#""\uABCD\uabcd\uAbCd""#, text("\u{abcd}\u{abcd}\u{abcd}")),
        (r#""\ud834\uDD1E""#, text("\u{1d11e}")),
        (r#""\ud800\udc00\udbff\udfff""#, text("\u{10000}\u{10ffff}")),
        (r#""\uFFFF\uFDD0""#, text("\u{ffff}\u{fdd0}")),
        (r#""\\u0061""#, text("\\u0061")),
        (
            "\"\u{7f}\u{2028}\u{2029}\u{feff}\"",
            text("\u{7f}\u{2028}\u{2029}\u{feff}"),
        ),
        ("\"€𝄞\u{10ffff}\"", text("€𝄞\u{10ffff}")),
        ("[]", Field::Array),
        ("[ ]", Field::Array),
        ("[[],{},[[]]]", Field::Array),
        ("[null, 1,\t\"1\",\r\n{}]", Field::Array),
        ("{}", Field::Object),
        (r#"{"":0}"#, Field::Object),
        (r#"{"b":1,"b":1}"#, Field::Object),
        (r#"{"b\u0000":[{"c":{"d":[]}}]}"#, Field::Object),
        (&deep, Field::Array),
    ] {
        let start = &value[..value.len().min(60)];
        assert_eq!(asked(value.as_bytes()), Ok(expected), "{start}");
        assert!(dropped(value.as_bytes()), "{start}");
    }
}

#[test]
fn what_must_be_refused() {
    let words = [
        "nul",
        "nulL",
        "True",
        "tru",
        "truee",
        "fals",
        "nan",
        "NaN",
        "Infinity",
        "-Infinity",
        "undefined",
    ];
    let numbers = [
        "01", "-01", "00", "-00", "+1", "++1", "1.", "-1.", ".5", "-.5", "1.e1", "1e", "1e+",
        "1E-", "1e1.5", "0e", "0e+", "1 000", "1_000", "1,5", "0x1", "0b1", "1a", "-", "--1", "-a",
        "1e1e1", "1.2.3", "１", "1f", "9.e+",
    ];
    let strings = [
        r#"""#,
        r#""a"#,
        r#""\""#,
        r#""\"#,
        r#""\a""#,
        r#""\'""#,
        r#""\x41""#,
        r#""\0""#,
        r#""\101""#,
        r#""\U0041""#,
        r#""\u""#,
        r#""\u1""#,
        r#""\u12""#,
        r#""\u123""#,
        r#""\u123g""#,
        r#""\u+123""#,
        r#""\u-123""#,
        r#""\u 123""#,
        r#""\ ""#,
        "\"\t\"",
        "\"\n\"",
        "\"\0\"",
        "\"\u{1f}\"",
        "'a'",
        "a",
        "“a”",
        r#""a"b"#,
        r#""a" "b""#,
    ];
    let nested = [
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,]",
        "[,1]",
        "[1,,2]",
        "[1 2]",
        "[1;2]",
        "[1:2]",
        "[\"a\"",
        "[\"a",
        "[}",
        "[1}",
        "[]]",
        "[[]",
        "[1]]",
        "{",
        "}",
        "{]",
        "{\"b\"",
        "{\"b\"}",
        "{\"b\":",
        "{\"b\":}",
        "{\"b\":1",
        "{\"b\":1,",
        "{\"b\":1,}",
        "{,}",
        "{\"b\" 1}",
        "{\"b\",1}",
        "{\"b\"::1}",
        "{\"b\":1:2}",
        "{\"b\":1 \"c\":2}",
        "{\"b\":1;\"c\":2}",
        "{b:1}",
        "{'b':1}",
        "{1:1}",
        "{null:1}",
        "{[]:1}",
        "{\"b\":1}}",
        "{\"b\":[}",
        "{\"b\":[1}]",
        "{\"b\":{]}",
        "[{]",
        "{\"b\":1,\"c\"}",
        "{\"b\":1,,\"c\":2}",
        "{\"b\n\":1}",
        "{\"\\x\":1}",
        "{\"b\":1,2}",
    ];
    let others = [
        "",
        " ",
        "\0",
        "*",
        "/**/",
        "1//",
        "1/**/",
        "#",
        "<a>",
        "\u{b}1",
        "\u{c}1",
        "\u{a0}1",
        "\u{2003}1",
        "\u{feff}1",
        "1\u{feff}",
        "1\0",
        ",",
        ":",
        "1,",
        "null null",
    ];
    for value in words
        .iter()
        .chain(&numbers)
        .chain(&strings)
        .chain(&nested)
        .chain(&others)
    {
        assert!(asked(value.as_bytes()).is_err(), "{value:?}");
        assert!(!dropped(value.as_bytes()), "{value:?}");
    }
    // What is no UTF-8: cut off, too long, a surrogate, beyond the last character.
    for bytes in [
        b"\xff".as_slice(),
        b"\x80",
        b"\xc3",
        b"\xe2\x82",
        b"\xf0\x9d\x84",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
    ] {
        for value in [
            [b"\"", bytes, b"\""].concat(),
            [b"[\"", bytes, b"\"]"].concat(),
            [b"{\"", bytes, b"\":1}"].concat(),
            bytes.to_vec(),
        ] {
            let refused = asked(&value).expect_err("no text");
            assert!(
                refused.starts_with("expected JSON, found bytes that are no text"),
                "{refused}"
            );
            assert!(!dropped(&value), "{value:?}");
        }
    }
}

/// Large and small numbers, halves of characters: who asks gets what is exact or an error, and who
/// doesn't isn't bothered.
#[test]
fn what_is_left_open() {
    for (value, expected) in [
        ("18446744073709551615", Field::Unsigned(u64::MAX)),
        (
            "18446744073709551616",
            Field::Number(18_446_744_073_709_551_616.0),
        ),
        (
            "-9223372036854775809",
            Field::Number(-9_223_372_036_854_775_809.0),
        ),
        ("123e-10000000", Field::Number(0.0)),
        ("-123e-10000000", Field::Number(-0.0)),
    ] {
        assert_eq!(asked(value.as_bytes()), Ok(expected), "{value}");
        assert!(dropped(value.as_bytes()), "{value}");
    }
    for value in [
        "1e309",
        "-1e309",
        "1.5e+9999",
        "0.4e00669999999999999999999999999999999999999999999999999999999999",
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800a""#,
        r#""\ud800\n""#,
        r#""\ud800\u0061""#,
        r#""\ud800\ud800\udc00""#,
        r#""\udd1e\ud834""#,
    ] {
        asked(value.as_bytes()).expect_err(value);
        assert!(dropped(value.as_bytes()), "{value}");
    }
}
