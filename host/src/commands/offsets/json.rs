//! `penstock offsets` for programs.

use penstock_core::diagnosis::snapshot::Committed;
use penstock_core::offsets::Change;
use serde_json::{Value, json};

use super::unread::Unread;
use super::{Exit, Failure};
use crate::group::{Journal, Row, Seen};

/// Where the group stands; what is not known is `null`.
pub(super) fn shown(group: &str, seen: &Seen, journal: &Journal) -> Result<String, Failure> {
    let members = seen.group.iter().flat_map(|group| &group.members);
    let members = members.map(|of| {
        json!({
            "client": of.client,
            "host": of.host,
            "id": of.id,
            "instance": of.instance,
        })
    });
    let lags: Vec<Option<i64>> = seen.rows.iter().map(Row::lag).collect();
    let unknown = lags.iter().filter(|lag| lag.is_none()).count();
    text(&json!({
        "group": group,
        "state": seen.group.as_ref().map(|group| &group.state),
        "members": members.collect::<Vec<_>>(),
        "partitions": seen.rows.iter().map(|row| partition(row, journal)).collect::<Vec<_>>(),
        "totals": {
            "partitions": seen.rows.len(),
            "lag": (unknown < lags.len()).then(|| lags.iter().flatten().sum::<i64>()),
            "lag-unknown": unknown,
        },
    }))
}

fn partition(row: &Row, journal: &Journal) -> Value {
    let state = match &row.committed {
        Committed::At(_) => "committed",
        Committed::Nothing => "none",
        Committed::Unstable => "pending",
        Committed::Refused(_) => "unknown",
    };
    let log = row.log.as_ref().ok();
    json!({
        "topic": row.topic,
        "partition": row.partition,
        "committed": row.at(),
        "commit-state": state,
        "start": log.map(|log| log.start),
        "end": log.map(|log| log.end),
        "last-stable": log.map(|log| log.last_stable),
        "lag": row.lag(),
        "last-commit": last_commit(row, journal),
        "owner": row.owner.as_ref().map(|of| json!({"client": of.client, "host": of.host})),
    })
}

fn last_commit(row: &Row, journal: &Journal) -> Option<String> {
    let time_ms = journal.committed_at_ms(&row.topic, row.partition, row.at()?)?;
    let time = jiff::Timestamp::from_millisecond(time_ms).ok()?;
    Some(format!("{time:.3}"))
}

/// What a reset changes, what it leaves out, and whether it is done.
pub(super) fn reset(
    group: &str,
    changes: &[Change],
    left_out: &[Unread],
    done: bool,
) -> Result<String, Failure> {
    text(&json!({"group": group, "done": done, "changes": changes, "left-out": left_out}))
}

fn text(of: &Value) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(of);
    let text = text.map_err(|error| Failure::new(Exit::Problem, error))?;
    Ok(crate::escape::json(&text) + "\n")
}
