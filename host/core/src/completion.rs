//! What is finished beyond a committed offset, as it is written into the commit's metadata
//! (kafka.md, rule 20).
//!
//! ```text
//! penstock/1 9c1f04d2ab33e871 1200 2-15,17,19-40
//!            │                │    └ finished: offsets from the base on
//!            │                └ the base: the committed offset
//!            └ the handlers that finished them
//! ```

use std::fmt::Write;

use crate::record::{NextOffset, Offset};

/// Brokers keep up to 4096 bytes of metadata unless told otherwise (`offset.metadata.max.bytes`).
pub const BYTES_MAX: usize = 4000;

/// Ranges of offsets whose records are finished; in order, and none touches the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompletionMap {
    /// First and end.
    ranges: Vec<(i64, i64)>,
    /// After the last offset that was told.
    next: i64,
}

impl CompletionMap {
    /// To be told of records from here on, in order.
    pub fn beginning_at(from: NextOffset) -> CompletionMap {
        CompletionMap {
            ranges: Vec::new(),
            next: from.0,
        }
    }

    /// All up to this one that was not told as unfinished is finished. Offsets have gaps; one
    /// between finished records belongs to them.
    pub fn finished(&mut self, offset: Offset) {
        let end = offset.next().0;
        match self.ranges.last_mut() {
            Some(last) if last.1 == self.next => last.1 = end,
            _ => self.ranges.push((self.next, end)),
        }
        self.next = end;
    }

    /// This one is not.
    pub fn unfinished(&mut self, offset: Offset) {
        if offset.0 > self.next
            && let Some(last) = self.ranges.last_mut()
            && last.1 == self.next
        {
            last.1 = offset.0;
        }
        self.next = offset.next().0;
    }

    /// What an earlier map says of records from `from` on, behind all that was told.
    pub fn finished_as(&mut self, earlier: &CompletionMap, from: NextOffset) {
        for (first, end) in &earlier.ranges {
            let first = (*first).max(from.0).max(self.next);
            if first < *end {
                if first > self.next {
                    self.next = first;
                }
                self.finished(Offset(end - 1));
            }
        }
    }

    /// All is told.
    pub fn over(mut self) -> CompletionMap {
        self.next = 0;
        self
    }

    /// Whether nothing is finished.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether the record at this offset is finished.
    pub fn contains(&self, offset: Offset) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= offset.0);
        after > 0 && offset.0 < self.ranges[after - 1].1
    }

    /// As metadata of a commit at `base`; empty if nothing is finished. `handlers` stands for those
    /// that finished the records. What does not fit into [`BYTES_MAX`] is left out, and done again.
    pub fn encode(&self, base: NextOffset, handlers: u64) -> String {
        let mut text = String::new();
        for (first, end) in &self.ranges {
            let (first, last) = (first - base.0, end - base.0 - 1);
            let before = text.len();
            if before == 0 {
                write!(text, "{MARK} {handlers:016x} {} ", base.0)
            } else {
                write!(text, ",")
            }
            .expect("a string takes all");
            if first == last {
                write!(text, "{first}")
            } else {
                write!(text, "{first}-{last}")
            }
            .expect("a string takes all");
            if text.len() > BYTES_MAX {
                text.truncate(before);
                break;
            }
        }
        text
    }

    /// From the metadata of a commit at `base`. `None` if it is nothing of ours, or speaks of
    /// another commit or other handlers.
    pub fn decode(text: &str, base: NextOffset, handlers: u64) -> Option<CompletionMap> {
        let mut parts = text.split(' ');
        let is_ours = parts.next()? == MARK
            && u64::from_str_radix(parts.next()?, 16).ok()? == handlers
            && parts.next()?.parse::<i64>().ok()? == base.0;
        let ranges = parts.next().filter(|_| is_ours && parts.next().is_none())?;
        let mut map = CompletionMap::default();
        let mut least = 0;
        for range in ranges.split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last) = (first.parse::<i64>().ok()?, last.parse::<i64>().ok()?);
            let first_at = base.0.checked_add(first)?;
            let end_at = base.0.checked_add(last)?.checked_add(1)?;
            if first < least || last < first {
                return None;
            }
            least = last.checked_add(2)?;
            map.ranges.push((first_at, end_at));
        }
        Some(map)
    }
}

/// The metadata of a commit at `base`, for one at `to` further on.
pub fn rebased(metadata: &str, base: NextOffset, to: NextOffset) -> String {
    let handlers = metadata.split(' ').nth(1);
    let handlers = handlers.and_then(|text| u64::from_str_radix(text, 16).ok());
    let map = handlers.and_then(|of| Some((of, CompletionMap::decode(metadata, base, of)?)));
    map.map_or_else(String::new, |(handlers, map)| {
        let mut later = CompletionMap::beginning_at(to);
        later.finished_as(&map, to);
        later.over().encode(to, handlers)
    })
}

const MARK: &str = "penstock/1";

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: NextOffset = NextOffset(1200);

    fn map(told: &[(i64, bool)]) -> CompletionMap {
        let mut map = CompletionMap::beginning_at(BASE);
        for (offset, finished) in told {
            match finished {
                true => map.finished(Offset(*offset)),
                false => map.unfinished(Offset(*offset)),
            }
        }
        map.over()
    }

    #[test]
    fn it_is_written_as_ranges_from_the_base_and_read_again() {
        // 1203 and 1207 were never there.
        let told = [
            (1200, false),
            (1201, false),
            (1202, true),
            (1204, true),
            (1205, false),
            (1206, true),
            (1208, false),
            (1209, false),
            (1210, true),
        ];
        let map = map(&told);
        let text = map.encode(BASE, 0x9c1f);
        assert_eq!(text, "penstock/1 0000000000009c1f 1200 2-4,6-7,10");
        assert_eq!(
            CompletionMap::decode(&text, BASE, 0x9c1f),
            Some(map.clone())
        );
        for (offset, finished) in told {
            assert_eq!(map.contains(Offset(offset)), finished, "{offset}");
        }
        assert!(!map.contains(Offset(1199)) && !map.contains(Offset(1211)));
    }

    #[test]
    fn what_an_earlier_one_says_is_carried_on() {
        let earlier = map(&[(1200, false), (1201, true), (1204, false), (1205, true)]);
        let mut later = CompletionMap::beginning_at(NextOffset(1200));
        later.unfinished(Offset(1200));
        later.finished_as(&earlier, NextOffset(1201));
        assert_eq!(later.over(), earlier);
        // 1200 and 1204 are finished, and nothing was read behind 1204.
        let mut later = CompletionMap::beginning_at(NextOffset(1205));
        later.finished_as(&earlier, NextOffset(1205));
        let text = later.over().encode(NextOffset(1205), 1);
        assert_eq!(text, "penstock/1 0000000000000001 1205 0");
        assert!(CompletionMap::decode(&text, NextOffset(1205), 1).is_some());
    }

    #[test]
    fn it_can_be_put_to_a_later_base() {
        let text = map(&[(1200, false), (1201, true), (1204, false), (1205, true)]).encode(BASE, 1);
        let later = rebased(&text, BASE, NextOffset(1203));
        assert_eq!(later, "penstock/1 0000000000000001 1203 0,2");
        assert_eq!(rebased(&text, BASE, NextOffset(1206)), "");
        assert_eq!(rebased("of somebody else", BASE, NextOffset(1206)), "");
    }

    #[test]
    fn nothing_finished_is_no_metadata() {
        let map = map(&[(1200, false), (1201, false)]);
        assert!(map.is_empty());
        assert_eq!(map.encode(BASE, 1), "");
    }

    #[test]
    fn what_is_not_ours_is_ignored() {
        let text = map(&[(1200, false), (1201, true)]).encode(BASE, 1);
        assert!(CompletionMap::decode(&text, BASE, 1).is_some());
        assert_eq!(
            CompletionMap::decode(&text, BASE, 2),
            None,
            "other handlers"
        );
        let elsewhere = NextOffset(1201);
        assert_eq!(CompletionMap::decode(&text, elsewhere, 1), None);
        for text in [
            "",
            "x",
            "penstock/1",
            "penstock/1 1 1200 ",
            "penstock/1 1 1200 4-3",
            "penstock/1 1 1200 1-3,4",
            "penstock/1 1 1200 3,1",
            "penstock/1 1 1200 1 2",
            "penstock/1 1 1200 9223372036854775807",
            "penstock/2 1 1200 1",
        ] {
            assert_eq!(CompletionMap::decode(text, BASE, 1), None, "{text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_from_the_end() {
        let every_other = (0..10_000).map(|n| (1200 + n, n % 2 == 1));
        let map = map(&every_other.collect::<Vec<_>>());
        let text = map.encode(BASE, 1);
        assert!((BYTES_MAX - 10..=BYTES_MAX).contains(&text.len()));
        let read = CompletionMap::decode(&text, BASE, 1).expect("it is whole");
        assert!(read.contains(Offset(1201)) && !read.contains(Offset(1200 + 9_999)));
        assert!(read.ranges.iter().all(|range| map.ranges.contains(range)));
    }
}
