//! The table of partitions: each with the host that has it, and what it waits for.

use penstock_core::rates;
use penstock_core::status::{ParkedStatus, PartitionStatus};

use super::super::sample::Samples;
use super::super::table::{Cell, Row, State, Table};
use super::super::text::{short, span};
use super::{age, count, number, page, text};
use crate::commands::columns::shown;

pub(super) fn table(samples: &Samples) -> Table {
    let several = samples.hosts.len() > 1;
    let mut columns = vec![text("TOPIC"), number("P", 4)];
    if several {
        columns.push(text("HOST"));
    }
    columns.extend([
        number("LAG", 8),
        number("REC/S", 6),
        number("OPEN", 6),
        number("OLDEST", 7),
        text("WAITS"),
    ]);
    let all = samples.statuses().flat_map(|(host, status)| {
        let partitions = status.partitions.iter();
        partitions.map(move |of| (host, of))
    });
    let mut all: Vec<_> = all.collect();
    // Whoever has them: a row stays where it is when a partition moves.
    all.sort_by_key(|(_, of)| (&of.topic, of.partition));
    let rows = all.into_iter().map(|(host, of)| {
        let before = host.before.as_ref();
        let rate = before.and_then(|(was, time)| rates::of_partition(was, of, *time));
        let mut cells = vec![Cell::text(shown(&of.topic)), partition_cell(of)];
        if several {
            cells.push(Cell::text(shown(&host.now.host)));
        }
        cells.extend([
            Cell::number(of.lag.map(|lag| lag as f64), count),
            Cell::number(rate, short),
            Cell::number(Some(of.unfinished as f64), count),
            age(of.oldest_open_ms),
            Cell::text(waits(of)),
        ]);
        Row {
            cells,
            state: state(of),
            detail: partition_detail(&host.now.host, of),
        }
    });
    Table {
        rows: rows.collect(),
        columns,
    }
}

/// Numbers are sorted from the largest on; partitions would stand upside down.
fn partition_cell(of: &PartitionStatus) -> Cell {
    Cell::number(Some(-f64::from(of.partition)), |of| format!("{}", -of))
}

fn state(of: &PartitionStatus) -> State {
    match &of.waits {
        Some(waits) if waits.code.is_some() => State::Wrong,
        Some(_) => State::Waits,
        None if of.paused || of.parked.is_some() => State::Waits,
        None => State::Fine,
    }
}

fn waits(of: &PartitionStatus) -> String {
    match &of.waits {
        Some(waits) => {
            let code = waits.code.as_deref().map(|code| format!(" {code}"));
            let code = shown(&code.unwrap_or_default());
            format!("{} {}{code}", shown(&waits.kind), span(waits.for_ms))
        }
        None if of.paused => "buffer full".to_owned(),
        // The partition goes on.
        None => of.parked.as_ref().map_or_else(String::new, |parked| {
            format!("{} parked {}", parked.keys, span(parked.for_ms))
        }),
    }
}

fn parked_detail(of: &ParkedStatus) -> Vec<String> {
    let handler = of.handler.as_deref().unwrap_or("a handler");
    let at = of.offset.map(|at| format!("record {at}"));
    let mut lines = vec![
        String::new(),
        format!("{}, {} bytes; the other keys go on", of.count(), of.bytes),
        format!(
            "{} has been tried by {} for {}; the committed offset stays before it",
            at.as_deref().unwrap_or("one"),
            shown(handler),
            span(of.for_ms)
        ),
    ];
    lines.extend(of.code.as_deref().map(page));
    lines
}

fn partition_detail(host: &str, of: &PartitionStatus) -> Vec<String> {
    let known = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |of| of.to_string());
    let mut lines = vec![
        format!(
            "{}[{}] on host {}",
            shown(&of.topic),
            of.partition,
            shown(host)
        ),
        format!(
            "position {}, committed {}, end {}, lag {}",
            of.position,
            known(of.committed),
            known(of.end),
            known(of.lag)
        ),
        format!(
            "{} records of {} bytes fetched and not finished",
            of.unfinished, of.buffered_bytes
        ),
    ];
    if let Some(waits) = &of.waits {
        lines.push(String::new());
        let at = waits.offset.map(|at| format!(" at offset {at}"));
        let by = waits
            .handler
            .as_deref()
            .map(|by| format!(" of {}", shown(by)));
        lines.push(format!(
            "waits for {}: {}{}{}",
            span(waits.for_ms),
            shown(&waits.kind),
            at.unwrap_or_default(),
            by.unwrap_or_default()
        ));
        lines.push(shown(&waits.text));
        lines.extend(waits.code.as_deref().map(page));
    }
    lines.extend(of.parked.as_ref().into_iter().flat_map(parked_detail));
    lines
}
