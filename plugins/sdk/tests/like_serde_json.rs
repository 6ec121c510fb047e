//! The SDK's JSON is serde_json's: what is taken and refused, the values, and the bytes written.

use std::collections::BTreeMap;

use penstock_sdk::json::{Field, Writer, fields};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A fixed sequence: xorshift, seeded.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn space(&mut self) -> &'static str {
        self.pick(&["", "", "", " ", "\n", "\t\r "])
    }

    fn text(&mut self) -> String {
        let parts = [
            "plain",
            "u-1234567890123456",
            "",
            "ä",
            "курс",
            "😀",
            "/",
            r"\/",
            r"\n",
            r#"\""#,
            r"\\",
            r"\u00e4",
            r"\ud83d\ude00",
            r"\u0000",
            r"\b\f\r\t",
            "\u{7f}",
            r"\ud83d",
            r"\ude00",
            r"\ud83dx",
            r"\ud83d\u0041",
            r"\x",
            r"\u12g4",
            "\u{1f}",
            "\n",
        ];
        // The last ones are wrong, and rare.
        let known = if self.below(20) == 0 { parts.len() } else { 16 };
        let parts: Vec<&str> = (0..self.below(5))
            .map(|_| parts[self.below(known)])
            .collect();
        parts.concat()
    }

    fn value(&mut self, depth: usize) -> String {
        let kinds = if depth > 3 { 4 } else { 7 };
        match self.below(kinds) {
            0 => self
                .pick(&["null", "true", "false", "nul", "True", ""])
                .to_owned(),
            1 => self
                .pick(&[
                    "0",
                    "7",
                    "-0",
                    "-1",
                    "4999",
                    "1e5",
                    "1E+2",
                    "25e-1",
                    "0.5",
                    "01",
                    "1.",
                    ".5",
                    "-",
                    "+1",
                    "1e",
                    "1e+",
                    "1e999",
                    "-1e999",
                    "1e-999",
                    "0e9",
                    "00",
                    "-01",
                    "0x1",
                    "18446744073709551615",
                    "18446744073709551616",
                    "-9223372036854775809",
                    "123456789012345678901234567890",
                    "NaN",
                    "Infinity",
                ])
                .to_owned(),
            2 | 3 => format!("\"{}\"", self.text()),
            4 => {
                let items: Vec<_> = (0..self.below(4)).map(|_| self.value(depth + 1)).collect();
                format!("[{}{}]", self.space(), items.join(self.pick(&[",", " , "])))
            }
            _ => {
                let mut members = Vec::new();
                for _ in 0..self.below(4) {
                    let name = self.pick(&["a", "b", "deep", "with \\n", ""]);
                    members.push(format!(
                        "\"{name}\"{}:{}",
                        self.space(),
                        self.value(depth + 1)
                    ));
                }
                format!(
                    "{{{}{}}}",
                    self.space(),
                    members.join(self.pick(&[",", "\n,"]))
                )
            }
        }
    }

    fn event(&mut self) -> String {
        let mut members = Vec::new();
        for _ in 0..self.below(6) {
            let name = match self.below(8) {
                0 => self.text(),
                1 => r"\u0061".to_owned(),
                _ => self.pick(&NAMES).to_owned(),
            };
            let (before, after) = (self.space(), self.space());
            members.push(format!(
                "{before}\"{name}\"{after}:{before}{}{after}",
                self.value(0)
            ));
        }
        let space = self.space();
        format!("{space}{{{}}}{space}", members.join(","))
    }
}

const NAMES: [&str; 5] = ["a", "b", "eventId", "userId", "x"];
const WANTED: [&str; 4] = ["a", "eventId", "userId", "b"];

/// What serde_json makes of it: the wanted members, or nothing.
fn by_serde_json(json: &[u8]) -> Option<Vec<Field<'static>>> {
    let text = str::from_utf8(json).ok()?;
    if !text.trim_ascii_start().starts_with('{') {
        return None;
    }
    let Members(mut members) = serde_json::from_str(text).ok()?;
    Some(
        WANTED
            .map(|name| members.remove(name).unwrap_or_default())
            .into(),
    )
}

struct Members(BTreeMap<String, Field<'static>>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if !WANTED.contains(&&*name) {
                map.next_value::<IgnoredAny>()?;
            } else if members.insert(name, map.next_value::<Value>()?.0).is_some() {
                return Err(serde::de::Error::custom("duplicate"));
            }
        }
        Ok(Members(members))
    }
}

struct Value(Field<'static>);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Value)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Field<'static>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Field::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Field::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Field::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Field::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Field::String(value.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Object)
    }
}

/// serde_json's floating-point numbers are off by the last bit at times, so that one may differ.
fn is_same((found, expected): (&Field<'_>, &Field<'_>)) -> bool {
    match (found, expected) {
        (Field::Number(found), Field::Number(expected)) => {
            (found - expected).abs() <= expected.abs() * f64::EPSILON
        }
        _ => found == expected,
    }
}

fn assert_same(json: &[u8]) -> bool {
    let expected = by_serde_json(json);
    let found = fields(json, WANTED).ok().map(Vec::from);
    let same = match (&found, &expected) {
        (Some(found), Some(expected)) => found.iter().zip(expected).all(is_same),
        (found, expected) => found.is_none() && expected.is_none(),
    };
    let json = json.escape_ascii();
    assert!(same, "{json}: {found:?} instead of {expected:?}");
    found.is_some()
}

#[test]
fn random_events() {
    let mut random = Random(0x5eed);
    let taken = (0..60_000).filter(|_| assert_same(random.event().as_bytes()));
    let taken = taken.count();
    assert!((10_000..50_000).contains(&taken), "{taken} of both kinds");
}

#[test]
fn events_with_flipped_bits_and_lost_ends() {
    let mut random = Random(0xb175);
    for _ in 0..1_500 {
        let event = random.event().into_bytes();
        for end in 0..=event.len() {
            assert_same(&event[..end]);
        }
        for _ in 0..40 {
            let mut broken = event.clone();
            for _ in 0..=random.below(2) {
                let place = random.below(broken.len());
                broken[place] ^= 1 << random.below(8);
            }
            assert_same(&broken);
        }
    }
}

#[test]
fn the_classic_cases() {
    for json in [
        "\u{feff}{}",
        "{}\u{feff}",
        "{} {}",
        "{},",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 2]}",
        "{\"a\":[}",
        "{\"a\":{]}",
        "{\"a\":[1}",
        "{\"a\":{\"b\":1]}",
        "{}//",
        "\u{b}{}",
        "{\u{c}}",
        "{\u{a0}}",
        "{\"a\":\"\0\"}",
        "\0",
        "{}\0",
        "{\"a\":\0}",
        "{\"x\":\"\0\"}",
        "{\"x\":\"\\ud800\"}",
        "{\"\\ud800\":1}",
        "{\"a\":1,\"a\":1}",
        "{\"x\":1,\"x\":1}",
        "{\"x\":1e999}",
        "{\"a\":-0}",
        "{\"a\":-0.0e-0}",
        "{\"a\":1e400}",
        "{\"a\":5e-324}",
    ] {
        assert_same(json.as_bytes());
    }
    for depth in [1, 2, 63, 64, 65, 127, 128, 129, 1000] {
        for (open, close) in [("[", "]"), ("{\"k\":", "}"), ("[{\"k\":", "}]")] {
            for name in ["a", "x"] {
                let (open, close) = (open.repeat(depth), close.repeat(depth));
                assert!(assert_same(
                    format!("{{\"{name}\":{open}1{close}}}").as_bytes()
                ));
                assert!(!assert_same(
                    format!("{{\"{name}\":{open}1{close}]}}").as_bytes()
                ));
            }
        }
    }
}

#[test]
fn what_is_written() {
    let mut random = Random(0x0u64.wrapping_sub(7));
    let mut writer = Writer::default();
    assert_eq!(writer.object().end(), b"{}");
    let quoted = |text: &str| serde_json::to_string(text).expect("text");
    for _ in 0..30_000 {
        let mut text = || -> String {
            let limit = [0x80, 0x30, 0x11_0000][random.below(3)];
            let characters = (0..random.below(30)).map(|_| random.below(limit) as u32);
            characters.filter_map(char::from_u32).collect()
        };
        let (name, value, more) = (text(), text(), text());
        let number = u64::from_be_bytes([random.below(256) as u8; 8]) >> random.below(64);
        let mut object = writer.object();
        object
            .string(&name, &value)
            .joined("more", &[&value, &more]);
        object.number("number", number).null("nothing");
        let expected = format!(
            r#"{{{}:{},"more":{},"number":{number},"nothing":null}}"#,
            quoted(&name),
            quoted(&value),
            quoted(&(value + &more)),
        );
        assert_eq!(
            object.end().escape_ascii().to_string(),
            expected.as_bytes().escape_ascii().to_string()
        );
    }
}
