//! Where a partition starts, decided without a client.

use std::fmt;

use penstock_core::record::NextOffset;

/// What is known of a partition before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// What the group has committed.
    pub committed: Option<NextOffset>,
    /// The log's first offset.
    pub low: i64,
    /// The log's end: the last stable offset for a `read_committed` reader.
    pub end: i64,
}

/// Where to read from, and why there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The first record to read, or the next one after it that there is.
    pub from: NextOffset,
    /// Why.
    pub why: Why,
}

/// Why a partition is read from where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The group's committed offset.
    Committed,
    /// The group has committed nothing of this topic: the configured `start`.
    Start,
    /// The group has commits of the topic's other partitions: this one is new, or its commit has
    /// expired. `latest` would lose records here.
    CommitMissing,
    /// The committed record is deleted.
    BelowLog {
        /// Offsets that are gone.
        lost: i64,
    },
    /// The broker refused a position inside or beyond the log: it was truncated, or the topic was
    /// deleted and created again.
    Refused {
        /// What was refused.
        position: NextOffset,
    },
}

impl Position {
    /// Whether the group's committed offset must change before records are read.
    pub fn is_to_commit(&self) -> bool {
        self.why != Why::Committed
    }

    /// The offsets that are passed over, first and end.
    pub fn skipped(&self, seen: &Seen) -> Option<(i64, i64)> {
        (self.why == Why::Start && self.from.0 > seen.low).then_some((seen.low, self.from.0))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Committed => f.write_str("committed"),
            Why::Start => f.write_str("start"),
            Why::CommitMissing => f.write_str("earliest: no commit, but other partitions have one"),
            Why::BelowLog { lost } => write!(f, "earliest: {lost} offsets expired unread"),
            Why::Refused { position } => {
                write!(
                    f,
                    "earliest: {position} was refused, the log was truncated or re-created"
                )
            }
        }
    }
}

/// Where to start.
///
/// | committed | topic has commits | from | why |
/// |---|---|---|---|
/// | none | no | the configured start | `Start` |
/// | none | yes | low | `CommitMissing` |
/// | below low | | low | `BelowLog` |
/// | low and above | | committed | `Committed` |
///
/// A commit beyond `end` is kept: for a `read_committed` reader an open transaction may lie
/// between. If it is beyond the log, the broker refuses it, and [`after_refusal`] decides.
///
/// `start` is the configured start, resolved to an offset.
pub fn decide(seen: &Seen, topic_has_commits: bool, start: i64) -> Position {
    let (from, why) = match seen.committed {
        None if topic_has_commits => (seen.low, Why::CommitMissing),
        // The log may have moved since `start` was resolved.
        None => (start.max(seen.low), Why::Start),
        Some(committed) if committed.0 < seen.low => {
            let lost = seen.low - committed.0;
            (seen.low, Why::BelowLog { lost })
        }
        Some(committed) => (committed.0, Why::Committed),
    };
    Position {
        from: NextOffset(from),
        why,
    }
}

/// Where to go on when the broker refuses to read at `position`: the log's first record, whatever
/// the reason, since anything later would step over records.
pub fn after_refusal(position: NextOffset, low: i64) -> Position {
    let why = if position.0 < low {
        let lost = low - position.0;
        Why::BelowLog { lost }
    } else {
        Why::Refused { position }
    };
    Position {
        from: NextOffset(low),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_table() {
        let start = 7;
        // Log: [5, 9).
        let cases = [
            (None, false, 7, Why::Start),
            (None, true, 5, Why::CommitMissing),
            (Some(3), false, 5, Why::BelowLog { lost: 2 }),
            (Some(3), true, 5, Why::BelowLog { lost: 2 }),
            (Some(5), true, 5, Why::Committed),
            (Some(8), true, 8, Why::Committed),
            (Some(9), true, 9, Why::Committed),
            (Some(12), true, 12, Why::Committed),
        ];
        for (committed, topic_has_commits, from, why) in cases {
            let seen = Seen {
                committed: committed.map(NextOffset),
                low: 5,
                end: 9,
            };
            let position = decide(&seen, topic_has_commits, start);
            let expected = Position {
                from: NextOffset(from),
                why,
            };
            assert_eq!(position, expected, "{committed:?} {topic_has_commits}");
            assert_eq!(position.is_to_commit(), why != Why::Committed);
        }
    }

    #[test]
    fn what_start_passes_over_is_named() {
        let seen = Seen {
            committed: None,
            low: 5,
            end: 9,
        };
        assert_eq!(decide(&seen, false, 9).skipped(&seen), Some((5, 9)));
        assert_eq!(decide(&seen, false, 5).skipped(&seen), None);
        assert_eq!(decide(&seen, false, 2).from, NextOffset(5));
        assert_eq!(decide(&seen, true, 9).skipped(&seen), None);
    }

    #[test]
    fn a_refused_position_goes_to_the_first_record() {
        let below = after_refusal(NextOffset(2), 5);
        assert_eq!(below.why, Why::BelowLog { lost: 3 });
        let beyond = after_refusal(NextOffset(20), 5);
        assert_eq!(
            beyond.why,
            Why::Refused {
                position: NextOffset(20)
            }
        );
        assert_eq!((below.from, beyond.from), (NextOffset(5), NextOffset(5)));
    }
}
