//! What happens in the demo, and what must have come of it.

use penstock_core::ledger::Ledger;
use penstock_core::status::{HandlerStatus, Status};

/// An event that is sent.
pub struct Event {
    /// Where to.
    pub topic: &'static str,
    /// And to which partition.
    pub partition: i32,
    /// The user.
    pub key: &'static str,
    /// The event.
    pub value: String,
    /// What must become of it: its output's `eventId`, or the code of its dead letter.
    pub becomes: Becomes,
}

/// What must become of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Becomes {
    /// An output with the event's id and this suffix, in this topic.
    Output(&'static str, &'static str),
    /// A dead letter with this code.
    DeadLetter(&'static str),
}

const ACCESS: Becomes = Becomes::Output("course-access-granted", "/access");
const PROGRESS: Becomes = Becomes::Output("course-progress", "/progress");

/// The events of the incident, lying there before any consumer existed.
pub fn before() -> Vec<Event> {
    vec![purchase(0, "e1", "u7", "c3"), purchase(2, "e2", "u9", "c3")]
}

/// New events: more of the same, a malformed one, one whose handler never returns.
pub fn after() -> Vec<Event> {
    vec![
        purchase(1, "e3", "u4", "c5"),
        purchase(0, "e4", "u7", "c8"),
        Event {
            topic: "purchase-confirmed",
            partition: 1,
            key: "u5",
            value: r#"{"eventId":"e5","type":"PURCHASE_CONFIRMED","courseId":"c5"}"#.into(),
            becomes: Becomes::DeadLetter("PSK-H002"),
        },
        Event {
            topic: "lesson-completed",
            partition: 0,
            key: "u7",
            value: r#"{"eventId":"l9","type":"LESSON_COMPLETED","userId":"u7","courseId":"c3","lessonId":"s2","lessonsCompleted":3,"lessonsTotal":8,"completedAt":"2026-01-02T09:30:00.000Z"}"#.into(),
            becomes: PROGRESS,
        },
        Event {
            topic: "quiz-submitted",
            partition: 0,
            key: "u7",
            value: "loop".into(),
            becomes: Becomes::DeadLetter("PSK-H005"),
        },
    ]
}

fn purchase(partition: i32, id: &str, user: &'static str, course: &str) -> Event {
    Event {
        topic: "purchase-confirmed",
        partition,
        key: user,
        value: format!(
            r#"{{"eventId":"{id}","type":"PURCHASE_CONFIRMED","userId":"{user}","courseId":"{course}","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}}"#
        ),
        becomes: ACCESS,
    }
}

/// The accounts that `events` must lead to: topic, handler, emitted, dead-lettered. Each granted
/// access is an event of its own.
pub fn accounts<'e>(
    events: impl IntoIterator<Item = &'e Event>,
) -> Vec<(&'static str, &'static str, u64, u64)> {
    let mut purchases = (0, 0);
    let mut lessons = (0, 0);
    let mut quizzes = (0, 0);
    for event in events {
        let account = match event.topic {
            "purchase-confirmed" => &mut purchases,
            "lesson-completed" => &mut lessons,
            _ => &mut quizzes,
        };
        match event.becomes {
            Becomes::Output(..) => account.0 += 1,
            Becomes::DeadLetter(_) => account.1 += 1,
        }
    }
    vec![
        ("course-access-granted", "progress-updates", purchases.0, 0),
        ("lesson-completed", "progress-updates", lessons.0, lessons.1),
        (
            "purchase-confirmed",
            "purchase-to-access",
            purchases.0,
            purchases.1,
        ),
        ("quiz-submitted", "unruly", quizzes.0, quizzes.1),
    ]
}

/// Whether a host has come to exactly these accounts, and has committed all of it.
pub fn is_over(status: &Status, accounts: &[(&str, &str, u64, u64)]) -> bool {
    let settled = accounts.iter().all(|(topic, handler, emitted, dead)| {
        let of = |status: &&HandlerStatus| status.topic == *topic && status.handler == *handler;
        let expected = Ledger {
            begun: emitted + dead,
            emitted: *emitted,
            dead_lettered: *dead,
            ..Ledger::default()
        };
        status.handlers.iter().find(of).map(|found| found.ledger) == Some(expected)
    });
    let committed = |partition: &penstock_core::status::PartitionStatus| {
        partition.unfinished == 0 && partition.committed == Some(partition.position)
    };
    settled && !status.partitions.is_empty() && status.partitions.iter().all(committed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_add_up_to_the_events() {
        let (before, after) = (before(), after());
        let accounts = accounts(before.iter().chain(&after));
        let purchases = accounts
            .iter()
            .find(|account| account.0 == "purchase-confirmed");
        assert_eq!(
            purchases,
            Some(&("purchase-confirmed", "purchase-to-access", 4, 1))
        );
        let all: u64 = accounts.iter().map(|account| account.2 + account.3).sum();
        assert_eq!(all as usize, before.len() + after.len() + 4);
    }
}
