//! Outputs that a handler has staged and nobody has sent yet: kept on success, dropped otherwise.

/// One staged output, borrowed from [`Staging`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output<'a> {
    /// Index into the plugin's declared outputs.
    pub to: u32,
    /// The key; `None` is null.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Headers as laid down by [`Staging::push`]; read them with [`Output::headers`].
    headers: &'a [u8],
    /// Milliseconds since 1970, where the handler set it.
    pub timestamp_ms: Option<i64>,
}

/// A reusable buffer of staged outputs; one serves a whole batch.
#[derive(Debug, Default)]
pub struct Staging {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    to: u32,
    start: usize,
    key: Option<u32>,
    value: Option<u32>,
    headers: u32,
    timestamp_ms: Option<i64>,
}

/// A position in a [`Staging`], to roll back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    bytes: usize,
    entries: usize,
}

impl Staging {
    /// Copies an output in. Header values of `None` are Kafka's null.
    pub fn push<'h>(
        &mut self,
        to: u32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: impl IntoIterator<Item = (&'h str, Option<&'h [u8]>)>,
        timestamp_ms: Option<i64>,
    ) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key.unwrap_or_default());
        self.bytes.extend_from_slice(value.unwrap_or_default());
        let headers_start = self.bytes.len();
        for (name, value) in headers {
            put_len(&mut self.bytes, Some(name.len()));
            self.bytes.extend_from_slice(name.as_bytes());
            put_len(&mut self.bytes, value.map(<[u8]>::len));
            self.bytes.extend_from_slice(value.unwrap_or_default());
        }
        self.entries.push(Entry {
            to,
            start,
            key: key.map(|key| key.len() as u32),
            value: value.map(|value| value.len() as u32),
            headers: (self.bytes.len() - headers_start) as u32,
            timestamp_ms,
        });
    }

    /// Empty, with as much room as `other` needed.
    pub fn sized_as(other: &Staging) -> Staging {
        Staging {
            bytes: Vec::with_capacity(other.bytes.len()),
            entries: Vec::with_capacity(other.entries.len()),
        }
    }

    /// The present end, to [`Staging::rollback`] to.
    pub fn mark(&self) -> Mark {
        Mark {
            bytes: self.bytes.len(),
            entries: self.entries.len(),
        }
    }

    /// Drops all that was staged after `mark`.
    pub fn rollback(&mut self, mark: Mark) {
        self.bytes.truncate(mark.bytes);
        self.entries.truncate(mark.entries);
    }

    /// Drops everything, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    /// How many outputs are staged.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes staged, headers included.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The output at `index`, in `0..len()`.
    pub fn output(&self, index: usize) -> Output<'_> {
        let entry = &self.entries[index];
        let mut rest = &self.bytes[entry.start..];
        let mut take = |len: u32| {
            let (taken, left) = rest.split_at(len as usize);
            rest = left;
            taken
        };
        Output {
            to: entry.to,
            key: entry.key.map(&mut take),
            value: entry.value.map(&mut take),
            headers: take(entry.headers),
            timestamp_ms: entry.timestamp_ms,
        }
    }
}

impl<'a> Output<'a> {
    /// Bytes of key, value and headers.
    pub fn bytes(&self) -> usize {
        self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len) + self.headers.len()
    }

    /// The headers, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, Option<&'a [u8]>)> + use<'a> {
        let mut rest = self.headers;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let name = take_field(&mut rest).expect("a header has a name");
            let value = take_field(&mut rest);
            Some((
                std::str::from_utf8(name).expect("written from a str"),
                value,
            ))
        })
    }
}

fn put_len(bytes: &mut Vec<u8>, len: Option<usize>) {
    let len = len.map_or(u32::MAX, |len| len as u32);
    bytes.extend_from_slice(&len.to_le_bytes());
}

fn take_field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, after) = rest
        .split_first_chunk::<4>()
        .expect("a length is written first");
    let len = u32::from_le_bytes(*len);
    *rest = after;
    (len != u32::MAX).then(|| {
        let (field, after) = rest.split_at(len as usize);
        *rest = after;
        field
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_staged_comes_back_byte_for_byte() {
        let mut staging = Staging::default();
        staging.push(1, None, Some(b""), [], None);
        let mark = staging.mark();
        let headers = [("a", None), ("a", Some(&b""[..])), ("b", Some(&b"x"[..]))];
        staging.push(0, Some(b"k"), None, headers, Some(9));
        let output = staging.output(1);
        assert_eq!(
            (output.to, output.key, output.value),
            (0, Some(&b"k"[..]), None)
        );
        assert_eq!(output.headers().collect::<Vec<_>>(), headers);
        assert_eq!(output.timestamp_ms, Some(9));
        assert_eq!(staging.output(0).value, Some(&b""[..]));
        staging.rollback(mark);
        assert_eq!(staging.len(), 1);
    }
}
