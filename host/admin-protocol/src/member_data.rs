//! What members of the classic protocol tell each other through the coordinator: their
//! subscription and their assignment.
//!
//! Any client may have written it, so lengths are not believed before the bytes are there; the
//! protocol crate's own reader reserves whatever memory they claim.

use bytes::Buf;

/// The topics of a subscription; `None` if it can't be read.
pub(crate) fn subscription(mut bytes: &[u8]) -> Option<Vec<String>> {
    let _version = bytes.try_get_i16().ok()?;
    list(&mut bytes, text)
}

/// The partitions of an assignment, by topic; `None` if it can't be read.
pub(crate) fn assignment(mut bytes: &[u8]) -> Option<Vec<(String, Vec<i32>)>> {
    let _version = bytes.try_get_i16().ok()?;
    list(&mut bytes, |bytes| {
        let topic = text(bytes)?;
        Some((topic, list(bytes, |bytes| bytes.try_get_i32().ok())?))
    })
}

fn list<T>(bytes: &mut &[u8], item: impl Fn(&mut &[u8]) -> Option<T>) -> Option<Vec<T>> {
    let length = bytes.try_get_i32().ok()?.max(0);
    (0..length).map(|_| item(bytes)).collect()
}

fn text(bytes: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(bytes.try_get_i16().ok()?).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_write_is_read() {
        // One topic of one letter, no user data.
        let bytes = [0, 0, 0, 0, 0, 1, 0, 1, b't', 0xff, 0xff, 0xff, 0xff];
        assert_eq!(subscription(&bytes), Some(vec!["t".to_owned()]));
        let bytes = [
            0, 1, 0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7,
        ];
        assert_eq!(assignment(&bytes), Some(vec![("t".to_owned(), vec![0, 7])]));
    }

    #[test]
    fn garbage_is_neither_believed_nor_paid_for() {
        for garbage in [
            &[][..],
            &[0],
            &[0, 0, 9],
            &[0, 0, 0x7f, 0xff, 0xff, 0xff],
            &[0, 0, 0, 0, 0, 1, 0, 9, b't'],
            &[0, 0, 0, 0, 0, 1, 0xff, 0xff, b't'],
        ] {
            assert_eq!(subscription(garbage), None);
            assert_eq!(assignment(garbage), None);
        }
    }
}
