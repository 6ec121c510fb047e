//! What a group committed, as far back as the brokers' journal of it was read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::journal::{Entry, entry, group_of};

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct History {
    /// Nothing is missing: it begins with the first record ever written, and none was compacted
    /// away.
    pub is_whole: bool,
    /// When the group is first spoken of, in milliseconds since 1970.
    pub began_ms: Option<i64>,
    /// For how long a commit is kept, in milliseconds; `None`: not known.
    pub retention_ms: Option<i64>,
    /// By topic and number.
    pub tracks: Vec<Track>,
}

/// The commits of a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Track {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The first that was read, since it had none.
    pub first: Option<Mark>,
    /// The last.
    pub last: Option<Mark>,
    /// When it was taken away, in milliseconds since 1970; `None`: it was not.
    pub gone_ms: Option<i64>,
    /// The latest time that a record of the partition carries, in milliseconds since 1970; asked
    /// where it may matter.
    pub latest_record_ms: Option<i64>,
}

/// A commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Mark {
    /// The offset to be read next.
    pub offset: i64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

impl History {
    /// That of a partition.
    pub fn track(&self, topic: &str, partition: i32) -> Option<&Track> {
        let found = self.tracks.binary_search_by(|of| {
            let key = (of.topic.as_str(), of.partition);
            key.cmp(&(topic, partition))
        });
        Some(&self.tracks[found.ok()?])
    }
}

/// Reads the journal, record by record.
#[derive(Debug)]
pub struct Recording {
    group: String,
    began_ms: Option<i64>,
    tracks: BTreeMap<(String, i32), Track>,
}

impl Recording {
    /// Of this group.
    pub fn new(group: &str) -> Recording {
        Recording {
            group: group.to_owned(),
            began_ms: None,
            tracks: BTreeMap::new(),
        }
    }

    /// The next record, written at this time, in milliseconds since 1970.
    pub fn note(&mut self, key: &[u8], value: Option<&[u8]>, at_ms: i64) {
        if group_of(key).as_ref() != Some(&self.group) {
            return;
        }
        self.began_ms.get_or_insert(at_ms);
        let Some(Entry::Commit {
            topic,
            partition,
            offset,
            ..
        }) = entry(key, value)
        else {
            return;
        };
        let of = self.tracks.entry((topic, partition));
        let track = of.or_insert_with_key(|(topic, partition)| Track {
            topic: topic.clone(),
            partition: *partition,
            first: None,
            last: None,
            gone_ms: None,
            latest_record_ms: None,
        });
        let Some((offset, committed_ms)) = offset else {
            track.gone_ms = Some(at_ms);
            return;
        };
        let mark = Mark {
            offset,
            at_ms: committed_ms,
        };
        if track.first.is_none() || track.gone_ms.take().is_some() {
            track.first = Some(mark);
        }
        track.last = Some(mark);
    }

    /// What came of it; whole if no record was missing.
    pub fn end(self, is_whole: bool) -> History {
        History {
            is_whole,
            began_ms: self.began_ms,
            retention_ms: None,
            tracks: self.tracks.into_values().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        let length = u16::try_from(text.len()).expect("short");
        [&length.to_be_bytes()[..], text.as_bytes()].concat()
    }

    /// The key of a commit of partition 0 of `t`.
    fn key(group: &str) -> Vec<u8> {
        [&[0, 1][..], &text(group), &text("t"), &[0; 4]].concat()
    }

    fn value(offset: i64, at_ms: i64) -> Vec<u8> {
        let (offset, at) = (offset.to_be_bytes(), at_ms.to_be_bytes());
        [&[0, 3][..], &offset, &[0; 4], &text(""), &at].concat()
    }

    #[test]
    fn the_first_commit_and_the_last_are_kept() {
        let mut recording = Recording::new("g");
        recording.note(&key("other"), Some(&value(9, 1)), 1);
        // That it has a member is a sign of the group, too.
        recording.note(&[&[0, 2][..], &text("g")].concat(), Some(&[]), 10);
        for (offset, at_ms) in [(3, 20), (5, 30), (8, 40)] {
            recording.note(&key("g"), Some(&value(offset, at_ms)), at_ms);
        }
        let history = recording.end(true);
        assert_eq!((history.is_whole, history.began_ms), (true, Some(10)));
        let track = history.track("t", 0).expect("it committed");
        let mark = |offset, at_ms| Some(Mark { offset, at_ms });
        assert_eq!((track.first, track.last), (mark(3, 20), mark(8, 40)));
        assert_eq!((track.gone_ms, history.track("t", 1)), (None, None));
    }

    #[test]
    fn a_commit_that_was_taken_away_is_gone_until_the_next() {
        let mut recording = Recording::new("g");
        recording.note(&key("g"), Some(&value(3, 20)), 20);
        recording.note(&key("g"), None, 90);
        let history = recording.end(false);
        let track = history.track("t", 0).expect("it committed");
        assert_eq!(
            (track.last.map(|of| of.offset), track.gone_ms),
            (Some(3), Some(90))
        );
        let mut recording = Recording::new("g");
        recording.note(&key("g"), Some(&value(3, 20)), 20);
        recording.note(&key("g"), None, 90);
        recording.note(&key("g"), Some(&value(1, 95)), 95);
        let history = recording.end(false);
        let track = history.track("t", 0).expect("it committed");
        assert_eq!(
            (track.first.map(|of| of.offset), track.gone_ms),
            (Some(1), None)
        );
    }
}
