//! A dead letter read back from its headers.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::foreign;
use super::header;
use super::mark::{self, Mark};
use crate::record::OwnedHeader;

/// Whose headers say why a record is a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convention {
    /// Ours.
    Penstock,
    /// Spring's for Apache Kafka: `kafka_dlt-…`, or `kafka_…` of its retry topics.
    Spring,
    /// Kafka Connect's: `__connect.errors.…`.
    Connect,
    /// Kafka Streams': `__streams.errors.…`.
    Streams,
    /// Nobody's that is known.
    Unknown,
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Convention::Penstock => "penstock",
            Convention::Spring => "spring",
            Convention::Connect => "connect",
            Convention::Streams => "streams",
            Convention::Unknown => "unknown",
        })
    }
}

/// Where a record lay when it failed first, as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: Option<i32>,
    /// The record's offset.
    pub offset: Option<i64>,
    /// Its timestamp, in milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
    /// What the timestamp is, in the words of who wrote it.
    pub timestamp_type: Option<String>,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Whose headers were read.
    pub convention: Convention,
    /// Where the record lay; `None` if the headers don't tell.
    pub origin: Option<Origin>,
    /// Who could not process it: a handler, a consumer group, a connector.
    pub handler: Option<String>,
    /// The host's code, as `PSK-H002`.
    pub code: Option<String>,
    /// The handler's reason code, or the class of an exception.
    pub reason: Option<String>,
    /// What happened, with a trace below where there is one.
    pub text: Option<String>,
    /// How many times it was tried, since it was redriven last.
    pub attempts: Option<u32>,
    /// How often it was redriven before.
    pub redrives: u32,
    /// The record's own headers, without those of its dead letter and of an earlier redrive.
    pub own: Vec<OwnedHeader>,
}

const PENSTOCK: [&str; 11] = [
    header::CODE,
    header::REASON,
    header::TEXT,
    header::HANDLER,
    header::TOPIC,
    header::PARTITION,
    header::OFFSET,
    header::TIMESTAMP,
    header::TIMESTAMP_TYPE,
    header::ATTEMPTS,
    header::REDRIVES,
];

impl Letter {
    /// Reads the headers of a record of a dead-letter topic. If several have written theirs, the
    /// last one counts: what was there before belongs to the record that it could not process.
    pub fn read(headers: Vec<OwnedHeader>) -> Letter {
        let ours = headers
            .iter()
            .rposition(|of| of.name == header::CODE.as_bytes());
        match (ours, foreign::find(&headers)) {
            (Some(first), theirs) if theirs.is_none_or(|(at, _)| at < first) => {
                penstock(headers, first)
            }
            (_, Some((_, style))) => foreign::read(headers, style),
            (_, None) => Letter {
                convention: Convention::Unknown,
                origin: None,
                handler: None,
                code: None,
                reason: None,
                text: None,
                attempts: None,
                redrives: 0,
                own: headers,
            },
        }
    }

    /// The host's code; where others wrote the letter, whose convention it is.
    pub fn code_or_convention(&self) -> Option<Cow<'_, str>> {
        match self.convention {
            Convention::Penstock | Convention::Unknown => self.code.as_deref().map(Cow::Borrowed),
            others => Some(Cow::Owned(others.to_string())),
        }
    }

    /// The headers with which the record goes back to its topic, for all its handlers or for
    /// `only` one: its own, and a mark. `None` if the letter does not tell that topic.
    pub fn redriven(&self, only: Option<&str>) -> Option<Vec<OwnedHeader>> {
        let mark = Mark {
            origin: self.origin.clone()?,
            redrives: self.redrives.saturating_add(1),
            only: only.map(str::to_owned),
        };
        let mut headers = self.own.clone();
        headers.extend(mark.headers());
        Some(headers)
    }
}

fn penstock(headers: Vec<OwnedHeader>, first: usize) -> Letter {
    let ours = &headers[first..];
    let origin = last_text(ours, header::TOPIC).map(|topic| Origin {
        topic,
        partition: last_number(ours, header::PARTITION),
        offset: last_number(ours, header::OFFSET),
        timestamp_ms: last_number(ours, header::TIMESTAMP),
        timestamp_type: last_text(ours, header::TIMESTAMP_TYPE),
    });
    Letter {
        convention: Convention::Penstock,
        origin,
        handler: last_text(ours, header::HANDLER),
        code: last_text(ours, header::CODE),
        reason: last_text(ours, header::REASON),
        text: last_text(ours, header::TEXT),
        attempts: last_number(ours, header::ATTEMPTS),
        redrives: last_number(ours, header::REDRIVES).unwrap_or(0),
        own: without(headers, first, |name| {
            PENSTOCK.iter().any(|of| of.as_bytes() == name)
        }),
    }
}

/// A record of somebody else's that was redriven before: its origin is what the mark says.
pub(super) fn unmarked(mut letter: Letter) -> Letter {
    let Some(topic) = letter.origin.as_ref().map(|of| of.topic.clone()) else {
        return letter;
    };
    let (own, mark) = mark::take(std::mem::take(&mut letter.own), &topic);
    letter.own = own;
    if let Some(mark) = mark {
        letter.redrives = mark.redrives;
        letter.origin = Some(mark.origin);
    }
    letter
}

/// The headers without those from `first` on whose names are `taken`.
pub(super) fn without(
    headers: Vec<OwnedHeader>,
    first: usize,
    taken: impl Fn(&[u8]) -> bool,
) -> Vec<OwnedHeader> {
    let headers = headers.into_iter().enumerate();
    headers
        .filter(|(at, of)| *at < first || !taken(&of.name))
        .map(|(_, of)| of)
        .collect()
}

/// The last header of a name, as text; what is not UTF-8 is shown as such.
pub(super) fn last_text(headers: &[OwnedHeader], name: &str) -> Option<String> {
    let found = headers.iter().rfind(|of| of.name == name.as_bytes());
    let value = found?.value.as_deref()?;
    Some(String::from_utf8_lossy(value).into_owned())
}

pub(super) fn last_number<N: FromStr>(headers: &[OwnedHeader], name: &str) -> Option<N> {
    last_text(headers, name)?.parse().ok()
}
