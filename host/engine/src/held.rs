//! Staged outputs with the delivery each belongs to, in order.

use penstock_core::partition::Seq;
use penstock_core::staging::{Output, Staging};

/// The outputs of one delivery: a range of the staging buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub seq: Seq,
    pub handler: usize,
    pub start: usize,
    pub end: usize,
    /// Of outputs that the handler gave none.
    pub timestamp_ms: Option<i64>,
}

/// A staging buffer and whose outputs lie in it.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub staging: Staging,
    pub spans: Vec<Span>,
}

impl Held {
    /// Empty, with as much room as `other` needed.
    pub fn sized_as(other: &Held) -> Held {
        Held {
            staging: Staging::sized_as(&other.staging),
            spans: Vec::with_capacity(other.spans.len()),
        }
    }

    pub fn clear(&mut self) {
        self.staging.clear();
        self.spans.clear();
    }

    /// Copies the outputs of `span` in.
    pub fn keep(&mut self, from: &Staging, span: Span) {
        let start = self.staging.len();
        for index in span.start..span.end {
            let Output {
                to,
                key,
                value,
                timestamp_ms,
                ..
            } = from.output(index);
            let headers = from.output(index).headers();
            self.staging.push(to, key, value, headers, timestamp_ms);
        }
        self.spans.push(Span {
            start,
            end: self.staging.len(),
            ..span
        });
    }
}
