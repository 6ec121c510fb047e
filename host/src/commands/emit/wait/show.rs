//! How the steps of a record are shown: a line each, with the time since it was sent.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use penstock_core::watch::{Decided, Event, Why};

use crate::escape;

/// What stands below a step.
pub(super) const INDENT: &str = "                          ";

const WORD: Style = AnsiColor::Cyan.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// One step; further lines of its text stand below it.
pub(super) fn line(after: Duration, what: &str, text: &str) -> String {
    let ms = after.as_secs_f64() * 1e3;
    let style = if matches!(what, "dead letter" | "dead-lettered" | "refused" | "halted") {
        BAD
    } else {
        WORD
    };
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let mut shown = format!("{ms:>9.1} ms  {style}{what:<13}{style:#} {first}\n");
    for line in lines {
        shown += &format!("{INDENT}  {line}\n");
    }
    shown
}

/// What a step is called, and what is said of it.
pub(super) fn step(host: &str, group: &str, event: &Event) -> (&'static str, String) {
    match event {
        Event::Received => ("received", format!("by host {}", safe(host))),
        Event::Decided {
            handler,
            attempt,
            what,
        } => decided(&safe(handler), *attempt, what),
        Event::Acknowledged {
            dead_letter, place, ..
        } => {
            let what = if *dead_letter {
                "dead letter"
            } else {
                "output"
            };
            let topic = safe(&place.topic);
            (
                what,
                format!("{topic}[{}]@{}", place.partition, place.offset),
            )
        }
        Event::Refused {
            topic,
            why,
            for_good,
            ..
        } => {
            let then = if *for_good {
                "the record is dead-lettered, or its partition halted"
            } else {
                "it will be sent again"
            };
            let text = format!("by {}: {}; {then}", safe(topic), safe(why));
            ("refused", text)
        }
        Event::Ended { handler, verdict } => {
            let verdict = match verdict.as_str() {
                "emitted" => "emitted",
                "skipped" => "skipped",
                _ => "dead-lettered",
            };
            (verdict, format!("by {}", safe(handler)))
        }
        Event::Committed { next } => ("committed", format!("{next} is next, group {group}")),
        Event::HandedBack => (
            "handed back",
            format!("by host {}; the next owner does it anew", safe(host)),
        ),
    }
}

fn decided(handler: &str, attempt: u32, what: &Decided) -> (&'static str, String) {
    let by = match attempt {
        1 => format!("by {handler}"),
        attempt => format!("by {handler}, call {attempt}"),
    };
    match what {
        Decided::Emit { outputs } => {
            let s = if *outputs == 1 { "" } else { "s" };
            ("handled", format!("{by}: {outputs} output{s}"))
        }
        Decided::Skip(why) => ("handled", format!("{by}: skip, {}", reason(why))),
        Decided::Again { after_ms, why } => {
            let text = format!("{by}: again in {after_ms} ms, {}", reason(why));
            ("handled", text)
        }
        Decided::DeadLetter(why) => ("handled", format!("{by}: failed, {}", reason(why))),
        Decided::Halt(why) => ("halted", format!("{by}: {}", reason(why))),
    }
}

fn reason(why: &Why) -> String {
    let text: Vec<_> = why.text.lines().map(safe).collect();
    format!("{}: {}", safe(&why.code), text.join("\n"))
}

fn safe(text: &str) -> String {
    escape::text(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_several_lines_stands_below_its_step_and_commands_no_terminal() {
        let event = Event::Decided {
            handler: "unruly".to_owned(),
            attempt: 2,
            what: Decided::DeadLetter(Why {
                code: "PSK-H004".to_owned(),
                text: "boom \u{1b}[2J\nat f (a.rs:7)".to_owned(),
            }),
        };
        let (what, text) = step("h1", "g", &event);
        let shown = line(Duration::from_micros(12_345), what, &text);
        let shown = anstream::adapter::strip_str(&shown).to_string();
        assert_eq!(
            shown,
            "     12.3 ms  handled       by unruly, call 2: failed, PSK-H004: boom \\u{1b}[2J\n\
             \u{20}                           at f (a.rs:7)\n"
        );
    }
}
