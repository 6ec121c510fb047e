//! The shape, and that bytes come back as they went.

use super::*;

fn parse(line: &str) -> RecordJson {
    RecordJson::parse(line).expect(line)
}

fn refusal(line: &str) -> String {
    RecordJson::parse(line).expect_err(line).to_string()
}

fn value(line: &str) -> String {
    let value = parse(line).value.expect("a value");
    String::from_utf8(value).expect("UTF-8")
}

#[test]
fn a_record_is_one_line_with_its_fields_in_order() {
    let record = RecordJson {
        topic: Some("a".to_owned()),
        partition: Some(2),
        offset: Some(7),
        timestamp: Some(Millis(1_767_261_600_123)),
        timestamp_type: None,
        key: Some(b"u7".to_vec()),
        value: Some(b"{\"n\": 1}".to_vec()),
        headers: vec![HeaderJson {
            name: b"h".to_vec(),
            value: Some(vec![0xff, 0]),
        }],
    };
    assert_eq!(
        record.to_string(),
        r#"{"topic":"a","partition":2,"offset":7,"timestamp":"2026-01-01T10:00:00.123Z","key":"u7","value":"{\"n\": 1}","headers":[{"name":"h","value":{"base64":"/wA="}}]}"#
    );
    assert_eq!(parse(&record.to_string()), record);
}

#[test]
fn null_empty_and_absent_are_three_things() {
    let record = parse(r#"{"value":null}"#);
    assert_eq!((record.key, record.value), (None, None));
    let record = parse(r#"{"key":"","value":{"base64":""}}"#);
    assert_eq!((record.key, record.value), (Some(vec![]), Some(vec![])));
    assert!(refusal(r#"{"key":"k"}"#).contains("missing field `value`"));
}

#[test]
fn a_value_may_be_any_json_and_keeps_its_names_and_digits() {
    let line = r#"{"value": {"z": 1.0, "a": [12345678901234567890123, "x y"]}}"#;
    assert_eq!(
        value(line),
        r#"{"z":1.0,"a":[12345678901234567890123,"x y"]}"#
    );
    assert_eq!(value(r#"{"value": 7}"#), "7");
    assert_eq!(
        value(r#"{"value": {"base64": "aA==", "more": 1}}"#),
        r#"{"base64":"aA==","more":1}"#
    );
    assert_eq!(value(r#"{"value": "7\n"}"#), "7\n");
}

#[test]
fn what_is_wrong_with_a_line_is_said() {
    assert!(refusal(r#"{"vlaue":"x","value":""}"#).contains("unknown field `vlaue`"));
    assert!(refusal(r#"{"key":7,"value":""}"#).contains("only a record's value"));
    assert!(refusal(r#"{"value":{"base64":"?"}}"#).contains("not base64"));
    assert!(refusal(r#"{"value":"","headers":[{"name":null,"value":null}]}"#).contains("null"));
    assert!(refusal(r#"{"value":"","timestamp":"yesterday"}"#).contains("yesterday"));
    assert!(refusal(r#"{"value":"","timestamp":[]}"#).contains("RFC 3339"));
}

#[test]
fn times_are_rfc_3339_where_a_calendar_has_them() {
    let time = |line: &str| parse(line).timestamp.expect("a time").0;
    assert_eq!(
        time(r#"{"value":"","timestamp":"1970-01-01T01:00:00.0019+01:00"}"#),
        1
    );
    assert_eq!(
        time(r#"{"value":"","timestamp":"1969-12-31T23:59:59.9999Z"}"#),
        -1
    );
    assert_eq!(time(r#"{"value":"","timestamp":5}"#), 5);
    for millis in [0, -1, 1_767_261_600_123, i64::MAX, i64::MIN] {
        let record = RecordJson {
            timestamp: Some(Millis(millis)),
            ..RecordJson::default()
        };
        assert_eq!(parse(&record.to_string()), record);
    }
}

/// xorshift64*: a sequence that is the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    /// Bytes of every kind: text, JSON's own signs, escapes, halves of characters, anything.
    fn bytes(&mut self) -> Vec<u8> {
        const PIECES: [&[u8]; 14] = [
            b"abc",
            b"\"",
            b"\\",
            b"{\"base64\":\"aA==\"}",
            b"null",
            b"\n",
            b"\0",
            b"\x7f",
            "é".as_bytes(),
            "\u{2028}\u{202e}".as_bytes(),
            "😀".as_bytes(),
            b"\xf0\x9f",
            b"\xff",
            b" ",
        ];
        let mut bytes = Vec::new();
        for _ in 0..self.below(5) {
            if self.below(8) == 0 {
                bytes.push(self.below(256) as u8);
            } else {
                bytes.extend_from_slice(PIECES[self.below(14) as usize]);
            }
        }
        bytes
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
        (self.below(4) > 0).then(|| make(self))
    }

    fn record(&mut self) -> RecordJson {
        RecordJson {
            topic: self.maybe(|random| format!("t-{}", random.below(3))),
            partition: self.maybe(|random| random.below(1 << 31) as i32),
            offset: self.maybe(|random| (random.below(1 << 30) << 32) as i64),
            timestamp: self
                .maybe(|random| Millis(((random.below(1 << 31) << 33) as i64) >> random.below(40))),
            timestamp_type: self.maybe(|_| TimestampType::LogAppendTime),
            key: self.maybe(Random::bytes),
            value: self.maybe(Random::bytes),
            headers: (0..self.below(3))
                .map(|_| HeaderJson {
                    name: self.bytes(),
                    value: self.maybe(Random::bytes),
                })
                .collect(),
        }
    }
}

#[test]
fn any_record_comes_back_as_it_went() {
    let mut random = Random(0x5eed);
    for case in 0..20_000 {
        let record = random.record();
        let line = record.to_string();
        assert!(!line.contains('\n'), "case {case}: {line}");
        assert_eq!(
            RecordJson::parse(&line).expect(&line),
            record,
            "case {case}: {line}"
        );
    }
}

#[test]
fn who_set_the_time_is_kept() {
    use penstock_core::record::Timestamp::{self, CreateTime, LogAppendTime, Unknown};
    let line = |time: Timestamp| parse(r#"{"value":"v"}"#).at(time).to_string();
    for time in [Unknown, CreateTime(7), LogAppendTime(7)] {
        assert_eq!(parse(&line(time)).time(), time);
    }
    // The rule has no word of its own.
    assert!(!line(CreateTime(7)).contains("type"));
    assert!(line(LogAppendTime(7)).contains(r#""timestamp-type":"log-append-time""#));
    let said = r#"{"value":"v","timestamp":7,"timestamp-type":"create-time"}"#;
    assert_eq!(parse(said).time(), CreateTime(7));
}
