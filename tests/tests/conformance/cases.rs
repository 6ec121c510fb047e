//! The cases: what is sent, and what must come of it.

use anyhow::{Context, Result, ensure};
use penstock_tests::{Outgoing, Record};
use serde_json::{Value, json};

use crate::stage::{Handled, Input, LAST_OFFSET, Seen, WORD};

/// A case.
pub struct Case {
    /// As the page calls it.
    pub name: &'static str,
    /// Where its records lie.
    pub input: Input,
    /// Its records, made of one without key and value.
    pub records: fn(Outgoing) -> Vec<Outgoing>,
    /// Whether what came of them is right: what the page says, or what is wrong.
    pub check: fn(&Seen<'_>) -> Result<String>,
}

/// The first moment of 2026, in milliseconds.
const NEW_YEAR: i64 = 1_767_225_600_000;
/// The first whole number that no JavaScript number can hold.
const BEYOND_DOUBLES: i64 = (1 << 53) + 1;
/// What a record without a timestamp has in its place.
const NO_TIMESTAMP: i64 = -1;

const fn case(
    name: &'static str,
    records: fn(Outgoing) -> Vec<Outgoing>,
    check: fn(&Seen<'_>) -> Result<String>,
) -> Case {
    Case {
        name,
        input: Input::Plain,
        records,
        check,
    }
}

const fn on(input: Input, case: Case) -> Case {
    Case { input, ..case }
}

/// All of them.
pub const CASES: [Case; 22] = [
    case(
        "bytes that are not UTF-8",
        |to| vec![at(to).key(b"\xff\x00\xfe".to_vec()).value(every_byte())],
        echoed,
    ),
    case("a tombstone", |to| vec![at(to).key("k")], echoed),
    case(
        "an empty value, an empty key",
        |to| vec![at(to.clone()).value(""), at(to).key("").value("v")],
        echoed,
    ),
    case(
        "headers: order and duplicates",
        |to| {
            let first = at(to).value("v").header("b", Some(b"1"));
            let second = first.header("a", Some(b"2")).header("b", Some(b"1"));
            vec![second.header("b", Some(b"\xff\x00"))]
        },
        echoed,
    ),
    case(
        "a null header, an empty header",
        |to| vec![at(to).value("v").header("n", None).header("e", Some(b""))],
        echoed,
    ),
    case(
        "a header's name that is not UTF-8",
        |to| vec![at(to).value("v").header(b"a\xffb".to_vec(), Some(b"1"))],
        |seen| {
            let out = only_out(seen)?;
            let name = "a\u{fffd}b".as_bytes().to_vec();
            ensure!(out.headers == [(name, Some(b"1".to_vec()))], "{out:?}");
            Ok(yes())
        },
    ),
    case(
        "a value of 1 MiB",
        |to| vec![at(to).value(every_byte().repeat(4096))],
        echoed,
    ),
    case(
        "1,000 outputs",
        |to| vec![at(to).value("!outputs 1000")],
        |seen| {
            let values: Vec<_> = only(seen)?.outs.iter().map(Record::text).collect();
            let expected: Vec<_> = (0..1000).map(|index| index.to_string()).collect();
            ensure!(values == expected, "{values:?}");
            Ok(yes())
        },
    ),
    case(
        "a retry with a delay",
        |to| vec![at(to).value("!retry 300")],
        |seen| {
            let one = only(seen)?;
            let retry = line(one, "retrying")?;
            ensure!(retry["again_in_ms"] == 300, "{retry}");
            ensure!(retry["reason"] == "asked-to", "{retry}");
            ensure!(about(one)?["attempt"] == 2, "{one:?}");
            echoed(seen)
        },
    ),
    case(
        "a reject",
        |to| vec![at(to).key("k").value("!reject")],
        |seen| {
            let letter = letter(seen, "PSK-H002")?;
            let reason = letter.header("penstock.reason");
            ensure!(reason.as_deref() == Some("asked-to"), "{reason:?}");
            has(letter, "Grüße, 世界")?;
            Ok(yes())
        },
    ),
    case(
        "a skip",
        |to| vec![at(to).value("!skip")],
        |seen| {
            let one = only(seen)?;
            ensure!(one.outs.is_empty() && one.letter.is_none(), "{one:?}");
            let skipped = line(one, "skipped")?;
            ensure!(skipped["reason"] == "asked-to", "{skipped}");
            Ok(yes())
        },
    ),
    case(
        "an exception names its line",
        |to| vec![at(to).value("!crash")],
        |seen| {
            let letter = letter(seen, seen.language.broken)?;
            let (file, line) = seen.language.broken_at()?;
            let text = letter.header("penstock.text").unwrap_or_default();
            has(letter, "this is broken")?;
            has(letter, "breaks")?;
            ensure!(
                text.contains(&format!("{file}:{line}")),
                "no {file}:{line} in {text}"
            );
            Ok(format!("yes, {}", seen.language.broken))
        },
    ),
    case(
        "a trap",
        |to| vec![at(to.clone()).value("!trap"), at(to).value("after it")],
        |seen| {
            let [trapped, after] = &seen.handled[..] else {
                anyhow::bail!("{} records", seen.handled.len());
            };
            ensure!(trapped.outs.is_empty(), "{trapped:?}");
            let letter = trapped.letter.as_ref().context("no dead letter")?;
            let code = letter.header("penstock.code").unwrap_or_default();
            let trap = seen.language.trap;
            ensure!(code == trap, "{trapped:?}");
            ensure!(after.outs[0].text() == "after it", "{after:?}");
            Ok(format!("yes, {code}"))
        },
    ),
    case("lines of the log", |to| vec![at(to).value("!log")], logged),
    case(
        "settings",
        |to| vec![at(to).value("!settings")],
        |seen| {
            let found = only_out(seen)?.json()?;
            let expected = json!({"word": WORD, "count": 7, "note": null});
            ensure!(found == expected, "{found}");
            Ok(yes())
        },
    ),
    case(
        "clock, randomness, environment, files, network",
        |to| vec![at(to).value("!surroundings")],
        |seen| {
            let found = only_out(seen)?.json()?;
            ensure!(found["clock"] == NEW_YEAR, "{found}");
            for closed in ["environment", "file", "network"] {
                ensure!(found[closed] == false, "{closed}: {found}");
            }
            let random = found["random"].as_str().unwrap_or_default();
            ensure!(!random.is_empty(), "{found}");
            Ok(yes())
        },
    ),
    on(
        Input::Far,
        case(
            "offsets at their 64-bit limit",
            |to| (0..3).map(|_| at(to.clone()).value("far")).collect(),
            |seen| {
                ensure!(seen.offsets.last() == Some(&LAST_OFFSET));
                for (one, offset) in seen.handled.iter().zip(seen.offsets) {
                    let about = about(one)?;
                    ensure!(about["offset"] == *offset, "{about}");
                }
                echoed(seen)
            },
        ),
    ),
    case(
        "keys of any script",
        |to| {
            let keys = ["ключ", "鍵", "😀👩‍👩‍👧", "\u{0}\u{7f}"];
            let with = |key: &str| at(to.clone()).key(key).value("v");
            keys.map(with).into()
        },
        echoed,
    ),
    case(
        "a timestamp of the producer",
        |to| vec![at(to).value("v")],
        |seen| timestamp(seen, &json!({"create-time": NEW_YEAR}), NEW_YEAR),
    ),
    on(
        Input::Appended,
        case(
            "a timestamp of the broker",
            |to| vec![at(to).value("v")],
            |seen| {
                let told = about(only(seen)?)?["timestamp"]["log-append-time"].as_i64();
                let told = told.context("no time")?;
                ensure!(told > NEW_YEAR, "{told}");
                timestamp(seen, &json!({"log-append-time": told}), told)
            },
        ),
    ),
    case(
        "no timestamp",
        |to| vec![to.value("v").timestamp(NO_TIMESTAMP)],
        |seen| {
            let about = about(only(seen)?)?;
            ensure!(about["timestamp"] == "unknown", "{about}");
            ensure!(about["now"] == 0, "{about}");
            Ok(yes())
        },
    ),
    case(
        "a timestamp beyond 2⁵³",
        |to| vec![to.value("v").timestamp(BEYOND_DOUBLES)],
        |seen| {
            timestamp(
                seen,
                &json!({"create-time": BEYOND_DOUBLES}),
                BEYOND_DOUBLES,
            )
        },
    ),
];

fn at(record: Outgoing) -> Outgoing {
    record.timestamp(NEW_YEAR)
}

fn every_byte() -> Vec<u8> {
    (0..=255).collect()
}

fn yes() -> String {
    "yes".to_owned()
}

fn only<'a>(seen: &'a Seen<'_>) -> Result<&'a Handled> {
    ensure!(seen.handled.len() == 1, "{} records", seen.handled.len());
    Ok(seen.handled[0])
}

fn only_out<'a>(seen: &'a Seen<'_>) -> Result<&'a Record> {
    let one = only(seen)?;
    ensure!(one.outs.len() == 1, "{one:?}");
    Ok(&one.outs[0])
}

fn about(one: &Handled) -> Result<&Value> {
    one.about
        .as_ref()
        .with_context(|| format!("nothing about it: {one:?}"))
}

fn line<'a>(one: &'a Handled, message: &str) -> Result<&'a Value> {
    let found = one.lines.iter().find(|line| line["message"] == message);
    found.with_context(|| format!("no line `{message}`: {one:?}"))
}

/// The dead letter of the only record, which has no output.
fn letter<'a>(seen: &'a Seen<'_>, code: &str) -> Result<&'a Record> {
    let one = only(seen)?;
    ensure!(one.outs.is_empty() && one.about.is_none(), "{one:?}");
    let letter = one.letter.as_ref().context("no dead letter")?;
    let found = letter.header("penstock.code");
    ensure!(found.as_deref() == Some(code), "{one:?}");
    Ok(letter)
}

fn has(letter: &Record, part: &str) -> Result<()> {
    let text = letter.header("penstock.text").unwrap_or_default();
    ensure!(text.contains(part), "no `{part}` in {text}");
    Ok(())
}

/// Each record came out as it went in.
fn echoed(seen: &Seen<'_>) -> Result<String> {
    ensure!(seen.handled.len() == seen.sent.len());
    for (one, sent) in seen.handled.iter().zip(&seen.sent) {
        ensure!(one.outs.len() == 1, "{one:?}");
        let out = &one.outs[0];
        ensure!(out.key == sent.key, "its key is {:?}", out.key);
        ensure!(out.value == sent.value, "its value differs");
        ensure!(out.headers == sent.headers, "{:?}", out.headers);
        let time = sent.timestamp.unwrap_or(out.timestamp);
        ensure!(out.timestamp == time, "{}", out.timestamp);
        ensure!(about(one)?["partition"] == 0, "{one:?}");
    }
    Ok(yes())
}

/// What the handler knows of the only record's timestamp, and what its output has.
fn timestamp(seen: &Seen<'_>, expected: &Value, millis: i64) -> Result<String> {
    let about = about(only(seen)?)?;
    ensure!(about["timestamp"] == *expected, "{about}");
    ensure!(about["now"] == millis, "{about}");
    let out = only_out(seen)?;
    ensure!(out.timestamp == millis, "{out:?}");
    Ok(yes())
}

fn logged(seen: &Seen<'_>) -> Result<String> {
    let one = only(seen)?;
    for level in ["trace", "debug", "info", "warn", "error"] {
        let article = if "aeiou".contains(&level[..1]) {
            "an"
        } else {
            "a"
        };
        let said = line(one, &format!("{article} {level} line"))?;
        ensure!(said["level"] == level.to_uppercase(), "{said}");
        ensure!(said["handler"] == Input::Plain.name(), "{said}");
    }
    if seen.language.prints {
        // A second line, too: a C library may think that nobody waits for it.
        for text in ["printed", "printed again"] {
            let printed = line(one, text)?;
            ensure!(printed["level"] == "INFO", "{printed}");
        }
        return Ok(yes());
    }
    Ok("yes; it prints nowhere".to_owned())
}
