//! How far a partition of dead letters was redriven: the offset below which all is done, and what
//! is done beyond it. This is what the redriving group commits.

use std::fmt::Write;
use std::ops::Range;

use super::ranges::OffsetRanges;

/// The most that a commit carries beside its offset: the brokers' `offset.metadata.max.bytes`.
pub const METADATA_BYTES_MAX: usize = 4096;

/// What is done, in one partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    next: i64,
    beyond: OffsetRanges,
}

/// More ranges than a commit carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

/// A commit with metadata that no redrive wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

const FORMAT: &str = "redriven-1";

impl Progress {
    /// Everything below `next` is done, and nothing else.
    pub fn from(next: i64) -> Progress {
        Progress {
            next,
            beyond: OffsetRanges::default(),
        }
    }

    /// The offset below which all is done.
    pub fn next(&self) -> i64 {
        self.next
    }

    /// Whether this dead letter is done.
    pub fn is_done(&self, offset: i64) -> bool {
        offset < self.next || self.beyond.contains(offset)
    }

    /// These are done. Offsets that hold no record count as done too, so that they part no ranges.
    pub fn done(&mut self, offsets: Range<i64>) {
        self.beyond.insert(offsets);
        // Ranges don't touch, so no second one can follow.
        if let Some(first) = self.beyond.take_first(self.next) {
            self.next = self.next.max(first.end);
        }
    }

    /// The metadata of a commit of [`Progress::next`]: that offset, and then for each range how
    /// many are left out before it and how many are in it.
    ///
    /// # Errors
    /// It is too long.
    pub fn metadata(&self) -> Result<String, Overflow> {
        let mut text = format!("{FORMAT} {}", self.next);
        let mut at = self.next;
        for range in self.beyond.iter() {
            let (skipped, done) = (range.start - at, range.end - range.start);
            // Writing to a String does not fail.
            write!(text, " {skipped}+{done}").unwrap_or_default();
            at = range.end;
        }
        if text.len() > METADATA_BYTES_MAX {
            return Err(Overflow);
        }
        Ok(text)
    }

    /// Reads a commit. One without metadata was put there by hand, and says what it says.
    ///
    /// # Errors
    /// Nothing that [`Progress::metadata`] writes, or of another offset.
    pub fn read(committed: i64, metadata: &str) -> Result<Progress, Unreadable> {
        let mut progress = Progress::from(committed);
        if metadata.is_empty() {
            return Ok(progress);
        }
        let mut words = metadata.split(' ');
        if words.next() != Some(FORMAT) || words.next() != Some(committed.to_string().as_str()) {
            return Err(Unreadable);
        }
        let mut at = committed;
        for word in words {
            let (skipped, done) = word.split_once('+').ok_or(Unreadable)?;
            let behind = |at: i64, count: &str| {
                let count = count.parse().ok().filter(|count| *count > 0);
                count
                    .and_then(|count| at.checked_add(count))
                    .ok_or(Unreadable)
            };
            let start = behind(at, skipped)?;
            at = behind(start, done)?;
            progress.beyond.insert(start..at);
        }
        Ok(progress)
    }
}
