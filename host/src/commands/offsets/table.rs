//! The tables of `penstock offsets`: a topic at a time, so that they fit into 80 columns.

use anstyle::{AnsiColor, Style};
use penstock_core::diagnosis::snapshot::{Commit, Committed, Group};
use penstock_core::offsets::Change;

use super::super::columns::{shown as safe, table};
use crate::group::{Journal, Row, Seen};

const TITLE: Style = Style::new().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const UNKNOWN: &str = "unknown";

/// Where the group stands.
pub(in super::super) fn shown(group: &str, seen: &Seen, journal: &Journal) -> String {
    let mut text = head(group, seen.group.as_ref());
    for rows in seen.rows.chunk_by(|a, b| a.topic == b.topic) {
        text += &format!("\n{TITLE}{}{TITLE:#}\n", safe(&rows[0].topic));
        let header = [
            "partition",
            "committed",
            "start",
            "end",
            "lag",
            "last commit",
            "owner",
        ];
        let mut table = table(&header, 0..5);
        for row in rows {
            let log = row.log.as_ref().ok();
            table.add_row([
                row.partition.to_string(),
                committed(&row.committed),
                known(log.map(|log| log.start)),
                known(log.map(|log| log.end)),
                known(row.lag()),
                last_commit(row, journal, jiff::Timestamp::now().as_millisecond()),
                owner(row),
            ]);
        }
        text += &(table.trim_fmt() + "\n");
    }
    text + "\n" + &totals(&seen.rows) + &notes(&seen.rows)
}

fn head(name: &str, group: Option<&Group>) -> String {
    let state = match group {
        None => "has offsets, and no members".to_owned(),
        Some(group) => {
            let members = match group.members.len() {
                0 => "no members".to_owned(),
                1 => "1 member".to_owned(),
                many => format!("{many} members"),
            };
            format!("{}, {members}", safe(&group.state))
        }
    };
    format!("{TITLE}{}{TITLE:#}: {state}\n", safe(name))
}

fn last_commit(row: &Row, journal: &Journal, now_ms: i64) -> String {
    let committed = row.at();
    let time = committed.and_then(|at| journal.committed_at_ms(&row.topic, row.partition, at));
    match (committed, time) {
        (None, _) if row.committed == Committed::Nothing => "none".to_owned(),
        (_, None) => UNKNOWN.to_owned(),
        (_, Some(time_ms)) => ago(now_ms - time_ms),
    }
}

/// How long ago that was.
pub(in super::super) fn ago(ms: i64) -> String {
    match ms.max(0) / 1000 {
        seconds @ 0..100 => format!("{seconds} s ago"),
        seconds @ 100..6_000 => format!("{} min ago", seconds / 60),
        seconds @ 6_000..172_800 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

fn owner(row: &Row) -> String {
    match &row.owner {
        Some(owner) => format!("{} on {}", safe(&owner.client), safe(&owner.host)),
        None => "nobody".to_owned(),
    }
}

fn committed(of: &Committed) -> String {
    match of {
        Committed::At(offset) => offset.to_string(),
        Committed::Nothing => "none".to_owned(),
        Committed::Unstable => "pending".to_owned(),
        Committed::Refused(_) => UNKNOWN.to_owned(),
    }
}

fn known(number: Option<i64>) -> String {
    number.map_or_else(|| UNKNOWN.to_owned(), |number| number.to_string())
}

fn totals(rows: &[Row]) -> String {
    let lags: Vec<Option<i64>> = rows.iter().map(Row::lag).collect();
    let sum: i64 = lags.iter().flatten().sum();
    let unknown = lags.iter().filter(|lag| lag.is_none()).count();
    let partitions = plural(rows.len(), "partition");
    match unknown {
        0 => format!("{partitions}, lag {sum} in all\n"),
        _ if unknown == rows.len() => format!("{partitions}, lag {UNKNOWN}\n"),
        _ => format!(
            "{partitions}, lag {sum} in {}, {UNKNOWN} in {unknown}\n",
            rows.len() - unknown
        ),
    }
}

fn notes(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let place = format!("{}[{}]", safe(&row.topic), row.partition);
        match &row.log {
            Ok(log) if log.last_stable < log.end => {
                text += &format!(
                    "note: {place}: an open transaction holds back what lies from {} on\n",
                    log.last_stable
                );
            }
            Ok(_) => {}
            Err(why) => text += &format!("{WARNING}{place}{WARNING:#}: {}\n", safe(why)),
        }
        match &row.committed {
            Committed::Unstable => {
                text += &format!("note: {place}: a transaction that is not over yet commits it\n");
            }
            Committed::Refused(why) => {
                text += &format!("{WARNING}{place}{WARNING:#}: {}\n", safe(why));
            }
            Committed::At(_) | Committed::Nothing => {}
        }
    }
    text
}

/// What would change.
pub(super) fn changes(changes: &[Change]) -> String {
    let mut text = String::new();
    for of in changes.chunk_by(|a, b| a.topic == b.topic) {
        text += &format!("{TITLE}{}{TITLE:#}\n", safe(&of[0].topic));
        let header = ["partition", "from", "to", "again", "skipped", ""];
        let mut table = table(&header, 0..5);
        for change in of {
            let note = match change.clamped_from {
                Some(wanted) => format!("{wanted} lies outside the log"),
                None if !change.is_one() => "unchanged".to_owned(),
                None => String::new(),
            };
            table.add_row([
                change.partition.to_string(),
                change
                    .from
                    .map_or_else(|| "none".to_owned(), |from| from.to_string()),
                change.to.to_string(),
                change.again.to_string(),
                change.skipped.to_string(),
                note,
            ]);
        }
        text += &(table.trim_fmt() + "\n\n");
    }
    text + &cost(changes)
}

/// What is committed now, of what was changed.
pub(super) fn now(changes: &[Change], commits: &[Commit]) -> String {
    let mut text = String::new();
    for change in changes {
        let found = commits
            .iter()
            .find(|of| of.topic == change.topic && of.partition == change.partition);
        let at = found.map_or_else(|| "none".to_owned(), |of| committed(&of.offset));
        let place = format!("{}[{}]", safe(&change.topic), change.partition);
        text += &format!("{place} is at {at}\n");
    }
    text
}

/// What the changes cost, in a sentence.
fn cost(changes: &[Change]) -> String {
    let again: i64 = changes.iter().map(|of| of.again).sum();
    let skipped: i64 = changes.iter().map(|of| of.skipped).sum();
    let changed = changes.iter().filter(|of| of.is_one()).count();
    let records = |count: i64| match count {
        1 => "1 record is".to_owned(),
        _ => format!("up to {count} records are"),
    };
    let mut text = format!("{} of {}", changed, plural(changes.len(), "partition"));
    text += if changed == 1 { " changes" } else { " change" };
    if again > 0 {
        text += &format!(", {} processed again", records(again));
    }
    if skipped > 0 {
        text += &format!(", {} skipped", records(skipped));
    }
    text + "\n"
}

fn plural(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use penstock_core::diagnosis::snapshot::Log;

    use super::*;

    fn row(partition: i32, committed: Committed, log: Result<Log, String>) -> Row {
        Row {
            topic: "t".to_owned(),
            partition,
            committed,
            log,
            leader: Some(1),
            owner: None,
        }
    }

    fn log(start: i64, end: i64) -> Result<Log, String> {
        Ok(Log {
            start,
            last_stable: end,
            end,
        })
    }

    #[test]
    fn what_is_not_known_is_no_zero() {
        let rows = [
            row(0, Committed::At(3), log(0, 10)),
            row(1, Committed::Nothing, log(0, 10)),
            row(2, Committed::At(3), Err("no leader".to_owned())),
        ];
        assert_eq!(totals(&rows), "3 partitions, lag 7 in 1, unknown in 2\n");
        assert_eq!(totals(&rows[1..]), "2 partitions, lag unknown\n");
        assert_eq!(totals(&rows[..1]), "1 partition, lag 7 in all\n");
    }

    #[test]
    fn ages_are_short() {
        let shown = [-5, 999, 99_999, 100_000, 6_000_000, 172_800_000].map(ago);
        assert_eq!(
            shown,
            [
                "0 s ago",
                "0 s ago",
                "99 s ago",
                "1 min ago",
                "1 h ago",
                "2 d ago"
            ]
        );
    }

    #[test]
    fn the_cost_is_a_sentence() {
        let change = |from, to, again, skipped| Change {
            topic: "t".to_owned(),
            partition: 0,
            from: Some(from),
            to,
            again,
            skipped,
            clamped_from: None,
        };
        let all = [change(5, 2, 3, 0), change(1, 2, 0, 1), change(7, 7, 0, 0)];
        assert_eq!(
            cost(&all),
            "2 of 3 partitions change, up to 3 records are processed again, 1 record is skipped\n"
        );
        assert_eq!(cost(&all[2..]), "0 of 1 partition change\n");
    }
}
