//! The tables of `penstock dlq`: one for each topic that records came from, so that they fit into
//! 80 columns.

use anstyle::Style;
use penstock_core::dead_letter::Letter;
use penstock_kafka::Peeked;

use crate::commands::columns::{shown, table};
use crate::commands::fill::WIDTH;
use crate::commands::offsets::table::ago;

const TITLE: Style = Style::new().bold();
const UNKNOWN: &str = "-";
/// The fewest characters that a name is cut to.
const NAME_MIN: usize = 8;

/// A dead letter in a table.
pub(super) struct Row {
    topic: String,
    /// What stands in each column.
    cells: [String; 8],
}

const HEADER: [&str; 8] = [
    "at", "from", "failed", "handler", "code", "reason", "n", "state",
];
/// The columns that may be cut: handler and reason.
const CUT: [usize; 2] = [3, 5];

impl Row {
    pub(super) fn of(record: &Peeked, letter: &Letter, redriven: Option<bool>) -> Row {
        let origin = letter.origin.as_ref();
        let from = origin.and_then(|of| Some(format!("{}:{}", of.partition?, of.offset?)));
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let failed = record.timestamp.millis();
        let known = |text: Option<&str>| text.map_or_else(|| UNKNOWN.to_owned(), shown);
        // Of an exception, its class without the package.
        let reason = letter.reason.as_deref();
        let reason = reason.and_then(|of| of.rsplit(['.', '$']).next());
        let code = known(letter.code_or_convention().as_deref());
        Row {
            topic: origin.map_or_else(|| "unknown topics".to_owned(), |of| shown(&of.topic)),
            cells: [
                format!("{}:{}", record.partition, record.offset),
                known(from.as_deref()),
                failed.map_or_else(|| UNKNOWN.to_owned(), |at| ago(now_ms - at)),
                known(letter.handler.as_deref()),
                code,
                known(reason),
                (u64::from(letter.redrives) + 1).to_string(),
                match redriven {
                    Some(true) => "sent",
                    Some(false) => "open",
                    None => "?",
                }
                .to_owned(),
            ],
        }
    }
}

/// Dead letters of one topic.
pub(super) fn letters(dead: &str, rows: &[Row]) -> String {
    let mut origins: Vec<&str> = rows.iter().map(|row| row.topic.as_str()).collect();
    origins.sort_unstable();
    origins.dedup();
    let of = |origin: &str| {
        let title = format!("{TITLE}{}{TITLE:#}, from {origin}\n", shown(dead));
        let rows: Vec<&Row> = rows.iter().filter(|row| row.topic == origin).collect();
        let limits = limits(&rows);
        let mut table = table(&HEADER, 6..7);
        for row in rows {
            let cells = row.cells.iter().enumerate();
            table.add_row(cells.map(|(column, text)| cut(text, limits[column])));
        }
        title + &table.trim_fmt() + "\n\n"
    };
    origins.into_iter().map(of).collect()
}

/// How many characters each column may have, so that a line fits.
fn limits(rows: &[&Row]) -> [usize; 8] {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row.cells[column].chars().count());
        cells.chain([HEADER[column].len()]).max().unwrap_or(0)
    };
    let mut limits: [usize; 8] = std::array::from_fn(width);
    let gaps = 2 * (HEADER.len() - 1);
    let mut over = (limits.iter().sum::<usize>() + gaps).saturating_sub(WIDTH);
    while over > 0 {
        let [one, other] = CUT;
        let longest = if limits[one] >= limits[other] {
            one
        } else {
            other
        };
        if limits[longest] <= NAME_MIN {
            break;
        }
        limits[longest] -= 1;
        over -= 1;
    }
    limits
}

/// Without its end, if it is too long.
fn cut(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let begin: String = text.chars().take(characters.saturating_sub(1)).collect();
    begin + "…"
}

#[cfg(test)]
mod tests {
    use penstock_core::record::{Offset, OwnedHeader, Timestamp};

    use super::*;

    fn row(handler: &str, reason: &str) -> Row {
        let header = |name: &str, value: &str| OwnedHeader {
            name: name.into(),
            value: Some(value.into()),
        };
        let letter = Letter::read(vec![
            header("penstock.code", "PSK-H002"),
            header("penstock.reason", reason),
            header("penstock.handler", handler),
            header("penstock.topic", "purchase-confirmed"),
            header("penstock.partition", "11"),
            header("penstock.offset", "123456"),
        ]);
        let record = Peeked {
            partition: 12,
            offset: Offset(654_321),
            timestamp: Timestamp::CreateTime(jiff::Timestamp::now().as_millisecond()),
            key: None,
            value: None,
            headers: Vec::new(),
        };
        Row::of(&record, &letter, Some(false))
    }

    #[test]
    fn a_table_fits_into_eighty_columns() {
        let rows = [
            row(
                "purchase-to-access-and-much-more",
                "event-of-an-unknown-kind",
            ),
            row("h", "no"),
        ];
        let text = letters("purchase-confirmed.dlq", &rows);
        let plain = anstream::adapter::strip_str(&text).to_string();
        let longest = plain.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(WIDTH), "{plain}");
        assert!(plain.starts_with("purchase-confirmed.dlq, from purchase-confirmed\nAT"));
        assert!(plain.contains("12:654321  11:123456"), "{plain}");
        assert!(plain.contains('…') && plain.contains("open"), "{plain}");
    }

    #[test]
    fn nothing_is_cut_that_has_room() {
        let text = letters("d", &[row("purchase-to-access", "invalid")]);
        assert!(
            text.contains("purchase-to-access  PSK-H002  invalid"),
            "{text}"
        );
    }
}
