//! A set of offsets, kept as ranges.

use std::ops::Range;

/// Offsets in ascending ranges that neither overlap nor touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetRanges(Vec<Range<i64>>);

impl OffsetRanges {
    /// Adds offsets, of which some may be in it already.
    pub fn insert(&mut self, offsets: Range<i64>) {
        if offsets.is_empty() {
            return;
        }
        let first = self.0.partition_point(|of| of.end < offsets.start);
        let last = self.0.partition_point(|of| of.start <= offsets.end);
        let joined = match self.0.get(first..last) {
            Some([only]) => only.start.min(offsets.start)..only.end.max(offsets.end),
            Some([one, .., other]) => one.start.min(offsets.start)..other.end.max(offsets.end),
            _ => offsets,
        };
        self.0.splice(first..last, [joined]);
    }

    /// Whether the offset is in it.
    pub fn contains(&self, offset: i64) -> bool {
        let at = self.0.partition_point(|of| of.end <= offset);
        self.0.get(at).is_some_and(|of| of.start <= offset)
    }

    /// How many offsets are in it.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|of| (of.end - of.start) as u64).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From the lowest to the highest.
    pub fn iter(&self) -> impl Iterator<Item = &Range<i64>> {
        self.0.iter()
    }

    /// The lowest range, if it begins at `offset` or below; it is no longer in it then.
    pub(super) fn take_first(&mut self, offset: i64) -> Option<Range<i64>> {
        let begins = self.0.first().is_some_and(|of| of.start <= offset);
        begins.then(|| self.0.remove(0))
    }
}
