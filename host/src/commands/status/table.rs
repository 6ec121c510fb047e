//! The tables of `penstock status`.

use std::fmt::Write;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use penstock_core::status::{
    ConditionStatus, FindingStatus, HostState, ParkedStatus, PartitionStatus, Status, WaitStatus,
};

use crate::commands::columns::{shown, table, times};

const TITLE: Style = Style::new().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Who it is and what it does as a whole.
pub(super) fn host(status: &Status) -> String {
    let state = match status.state {
        HostState::Starting => {
            "starting: waiting for Kafka, for its place in the group, or for start positions"
        }
        HostState::Consuming => "consuming",
        HostState::Standby => "standing by: other hosts have all partitions",
        HostState::Stopping => "stopping",
    };
    format!(
        "{TITLE}{}{TITLE:#}, group {}, {state}; Penstock {}, since {}",
        shown(&status.host),
        shown(&status.group),
        shown(&status.version),
        shown(&status.started),
    )
}

/// A line a partition.
pub(super) fn partitions(status: &Status) -> String {
    if status.partitions.is_empty() {
        return format!("{TITLE}no partitions{TITLE:#}\n");
    }
    let mut table = table(
        &[
            "topic",
            "partition",
            "position",
            "committed",
            "end",
            "lag",
            "unfinished",
            "oldest",
            "waits",
        ],
        1..8,
    );
    for of in &status.partitions {
        table.add_row([
            shown(&of.topic),
            of.partition.to_string(),
            of.position.to_string(),
            known(of.committed),
            known(of.end),
            known(of.lag),
            of.unfinished.to_string(),
            of.oldest_open_ms.map_or_else(|| "-".to_owned(), span),
            waits(of),
        ]);
    }
    table.trim_fmt() + "\n"
}

/// The ledger of each handler.
pub(super) fn handlers(status: &Status) -> String {
    if status.handlers.is_empty() {
        return String::new();
    }
    let mut table = table(
        &[
            "topic",
            "handler",
            "begun",
            "emitted",
            "skipped",
            "dead-lettered",
            "handed back",
            "open",
            "ledger",
            "mean call",
        ],
        2..8,
    );
    for of in &status.handlers {
        let ledger = &of.ledger;
        let counts = [
            ledger.begun,
            ledger.emitted,
            ledger.skipped,
            ledger.dead_lettered,
            ledger.handed_back,
            ledger.open,
        ];
        let balances = if ledger.balances() {
            "balances"
        } else {
            "DOES NOT BALANCE"
        };
        let mean = if of.calls == 0 {
            "-".to_owned()
        } else {
            format!("{:.0} µs", of.mean_call_us)
        };
        let names = [shown(&of.topic), shown(&of.handler)];
        table.add_row(
            names
                .into_iter()
                .chain(counts.map(|count| count.to_string()))
                .chain([balances.to_owned(), mean]),
        );
    }
    table.trim_fmt() + "\n"
}

/// The host's transactions, if it has any.
pub(super) fn transactions(status: &Status) -> String {
    let Some(of) = &status.transactions else {
        return String::new();
    };
    let mut text = format!(
        "{TITLE}exactly once{TITLE:#}, as {}: {} transactions committed, {} aborted; the last commit: {}",
        shown(&of.id),
        of.committed,
        of.aborted,
        of.last_commit.as_deref().map_or("none yet".into(), shown),
    );
    if let Some(ms) = of.open_ms {
        text += &format!("; one is open for {}", span(ms));
    }
    if let Some(why) = &of.waits {
        text += &format!("; it waits: {}", shown(why));
    }
    text + "\n\n"
}

/// What is paused on purpose.
pub(super) fn pauses(status: &Status) -> String {
    let mut text = String::new();
    for of in &status.pauses {
        let what = shown(&of.what.to_string());
        text += &format!(
            "{TITLE}{what} is paused{TITLE:#} until {}, since {}: {}\n",
            shown(&of.until),
            shown(&of.since),
            shown(&of.why)
        );
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// What is wrong right now, each with its page.
pub(super) fn wrong(status: &Status) -> String {
    let mut text = String::new();
    for of in &status.conditions {
        // Writing to a String does not fail.
        condition(&mut text, of).unwrap_or_default();
    }
    for of in &status.findings {
        finding(&mut text, of).unwrap_or_default();
    }
    if text.is_empty() {
        text.push_str("nothing is wrong\n");
    }
    text
}

/// The first line of what is wrong; gives the code as it is shown.
fn head(
    text: &mut String,
    code: &str,
    subject: &str,
    what: &str,
) -> Result<String, std::fmt::Error> {
    let code = shown(code);
    let (subject, what) = (shown(subject), shown(what));
    writeln!(text, "{WARNING}{code}{WARNING:#} {subject}: {what}")?;
    Ok(code)
}

fn condition(text: &mut String, of: &ConditionStatus) -> std::fmt::Result {
    let code = head(text, &of.code, &of.subject, &of.text)?;
    let times = times(of.count);
    let (first, last) = (shown(&of.first_seen), shown(&of.last_seen));
    writeln!(
        text,
        "  since {first}, last {last}, {times}; see docs/codes/{code}.md"
    )
}

fn waits(of: &PartitionStatus) -> String {
    let waits = match &of.waits {
        Some(waits) => Some(wait(waits)),
        None if of.paused => Some("buffer full".to_owned()),
        None => None,
    };
    let each = waits.into_iter().chain(of.parked.as_ref().map(parked));
    each.collect::<Vec<_>>().join("; ")
}

/// What waits while the partition goes on.
fn parked(parked: &ParkedStatus) -> String {
    let mut text = format!("{} for {}", parked.count(), span(parked.for_ms));
    if let Some(offset) = parked.offset {
        text += &format!(", at {offset}");
    }
    if let Some(handler) = &parked.handler {
        text += &format!(", {}", shown(handler));
    }
    if let Some(code) = &parked.code {
        text += &format!(" ({})", shown(code));
    }
    text
}

fn wait(waits: &WaitStatus) -> String {
    let mut text = format!("{} for {}", shown(&waits.kind), span(waits.for_ms));
    if let Some(offset) = waits.offset {
        text += &format!(", at {offset}");
    }
    if let Some(handler) = &waits.handler {
        text += &format!(", {}", shown(handler));
    }
    text += &format!(": {}", shown(&waits.text));
    if let Some(code) = &waits.code {
        text += &format!(" ({})", shown(code));
    }
    text
}

fn finding(text: &mut String, of: &FindingStatus) -> std::fmt::Result {
    let code = head(text, &of.code, &of.subject, &of.text)?;
    for evidence in &of.evidence {
        writeln!(text, "  {}", shown(evidence))?;
    }
    for step in &of.cure {
        writeln!(text, "  - {}", shown(step))?;
    }
    let first = shown(&of.first_seen);
    writeln!(text, "  since {first}; see docs/codes/{code}.md")
}

fn known(number: Option<i64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms} ms"),
        1..60 => format!("{:.1} s", Duration::from_millis(ms).as_secs_f64()),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        let shown = [0, 999, 4_200, 59_999, 60_000, 3_599_999, 7_260_000].map(span);
        assert_eq!(
            shown,
            [
                "0 ms",
                "999 ms",
                "4.2 s",
                "60.0 s",
                "1 min",
                "59 min",
                "2 h 1 min"
            ]
        );
    }
}
