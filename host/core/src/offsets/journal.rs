//! What brokers write of groups into `__consumer_offsets`, as far as it is needed here. It is
//! theirs: what is not understood is passed over.

/// The topic.
pub const TOPIC: &str = "__consumer_offsets";

/// Something that was written of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// It committed.
    Commit {
        /// The group.
        group: String,
        /// The topic.
        topic: String,
        /// The partition's number.
        partition: i32,
        /// The offset and when it was committed, in milliseconds since 1970; `None`: it is gone.
        offset: Option<(i64, i64)>,
    },
    /// Its members changed.
    State {
        /// The group.
        group: String,
        /// Since when it has been as it is, in milliseconds since 1970.
        since_ms: Option<i64>,
    },
}

/// In which of the topic's `partitions` a group is written of.
pub fn partition_of(group: &str, partitions: i32) -> i32 {
    // As Java hashes a string.
    let hash = group.encode_utf16().fold(0i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    let hash = if hash == i32::MIN { 0 } else { hash.abs() };
    hash % partitions.max(1)
}

/// The group that a record is about, of whatever kind the record is: each begins with it.
pub fn group_of(key: &[u8]) -> Option<String> {
    let mut key = Reader::of(key);
    key.number::<2>()?;
    key.text()
}

/// Reads a record; `None`: it is of another kind, or of a version that is not known here.
pub fn entry(key: &[u8], value: Option<&[u8]>) -> Option<Entry> {
    let mut key = Reader::of(key);
    match key.number::<2>()? {
        0 | 1 => Some(Entry::Commit {
            group: key.text()?,
            topic: key.text()?,
            partition: i32::try_from(key.number::<4>()?).ok()?,
            offset: match value {
                Some(value) => Some(commit(value)?),
                None => None,
            },
        }),
        2 => Some(Entry::State {
            group: key.text()?,
            since_ms: value.and_then(state),
        }),
        _ => None,
    }
}

fn commit(value: &[u8]) -> Option<(i64, i64)> {
    let mut value = Reader::of(value);
    let version = value.number::<2>()?;
    if !(0..=4).contains(&version) {
        return None;
    }
    value.is_flexible = version >= 4;
    let offset = value.number::<8>()?;
    if version >= 3 {
        // The leader's epoch.
        value.number::<4>()?;
    }
    value.skip_text()?;
    Some((offset, value.number::<8>()?))
}

fn state(value: &[u8]) -> Option<i64> {
    let mut value = Reader::of(value);
    let version = value.number::<2>()?;
    if !(2..=4).contains(&version) {
        return None;
    }
    value.is_flexible = version >= 4;
    // The protocol's type; the generation; the protocol; the leader.
    value.skip_text()?;
    value.number::<4>()?;
    value.skip_text()?;
    value.skip_text()?;
    value.number::<8>().filter(|since| *since > 0)
}

struct Reader<'a> {
    left: &'a [u8],
    /// Lengths are written as in flexible versions.
    is_flexible: bool,
}

impl<'a> Reader<'a> {
    fn of(left: &'a [u8]) -> Reader<'a> {
        Reader {
            left,
            is_flexible: false,
        }
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(count)?;
        self.left = left;
        Some(taken)
    }

    /// A signed number of so many bytes.
    fn number<const BYTES: usize>(&mut self) -> Option<i64> {
        let bytes = self.take(BYTES)?;
        let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
        Some(
            bytes
                .iter()
                .fold(sign, |number, byte| (number << 8) | i64::from(*byte)),
        )
    }

    /// `None` inside: there is none.
    fn length(&mut self) -> Option<Option<usize>> {
        if !self.is_flexible {
            let length = self.number::<2>()?;
            return Some(usize::try_from(length).ok());
        }
        let mut length = 0usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.take(1)?[0];
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(length.checked_sub(1));
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        let length = self.length()??;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn skip_text(&mut self) -> Option<()> {
        match self.length()? {
            Some(length) => self.take(length).map(drop),
            None => Some(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_where_java_puts_them() {
        // "purchase-worker".hashCode() is what Kafka's own tools take it for.
        assert_eq!(partition_of("", 50), 0);
        assert_eq!(partition_of("a", 50), 97 % 50);
        assert_eq!(partition_of("ab", 50), (97 * 31 + 98) % 50);
        // A hash of the least number there is has no positive one.
        assert_eq!(partition_of("polygenelubricants", 50), 0);
    }

    fn text(text: &str) -> Vec<u8> {
        let length = u16::try_from(text.len()).expect("short");
        [&length.to_be_bytes()[..], text.as_bytes()].concat()
    }

    #[test]
    fn commits_are_read_in_each_version() {
        let key = [&[0, 1][..], &text("g"), &text("t"), &[0, 0, 0, 7]].concat();
        let offset = 300i64.to_be_bytes();
        let time = 1_767_261_600_000i64.to_be_bytes();
        let epoch = [0, 0, 0, 9];
        let oldest = [&[0, 0][..], &offset, &text(""), &time].concat();
        let with_epoch = [&[0, 3][..], &offset, &epoch, &text("m"), &time].concat();
        let flexible = [&[0, 4][..], &offset, &epoch, &[1], &time, &[0; 17]].concat();
        for value in [oldest, with_epoch, flexible] {
            let read = entry(&key, Some(&value));
            let expected = Entry::Commit {
                group: "g".to_owned(),
                topic: "t".to_owned(),
                partition: 7,
                offset: Some((300, 1_767_261_600_000)),
            };
            assert_eq!(read, Some(expected));
        }
        let gone = entry(&key, None);
        assert!(matches!(gone, Some(Entry::Commit { offset: None, .. })));
    }

    #[test]
    fn the_state_of_a_classic_group_has_its_time() {
        let key = [&[0, 2][..], &text("g")].concat();
        let time = 1_767_261_600_000i64.to_be_bytes();
        let none = [0xff, 0xff];
        let value = [
            &[0, 3][..],
            &text("consumer"),
            &[0, 0, 0, 2],
            &none,
            &none,
            &time,
        ]
        .concat();
        let expected = Entry::State {
            group: "g".to_owned(),
            since_ms: Some(1_767_261_600_000),
        };
        assert_eq!(entry(&key, Some(&value)), Some(expected));
        assert_eq!(group_of(&key).as_deref(), Some("g"));
    }

    #[test]
    fn what_is_written_of_the_members_of_a_newer_group_names_it() {
        let key = [&[0, 5][..], &text("g"), &text("member")].concat();
        assert_eq!(group_of(&key).as_deref(), Some("g"));
        assert_eq!(group_of(&[0, 5, 0]), None);
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        for key in [
            &[][..],
            &[0],
            &[0, 9, 1],
            &[0, 1, 0, 9, b't'],
            &[0, 1, 0xff, 0xff],
        ] {
            assert_eq!(entry(key, Some(&[0, 1])), None);
        }
    }
}
