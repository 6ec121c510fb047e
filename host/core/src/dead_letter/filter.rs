//! Which dead letters are meant.

use super::letter::Letter;

/// All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The topic that the record came from.
    pub topic: Option<String>,
    /// Who could not process it.
    pub handler: Option<String>,
    /// The host's code, or whose convention it is where others wrote it; the handler's reason code,
    /// or the class of an exception, whose package may be left out.
    pub code: Option<String>,
    /// The record's key.
    pub key: Option<Vec<u8>>,
    /// Dead-lettered at this time or later, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Dead-lettered before this time.
    pub until_ms: Option<i64>,
    /// One of these, by partition and offset; empty: any.
    pub places: Vec<(i32, i64)>,
}

/// What a filter looks at beside the letter itself.
#[derive(Debug, Clone, Copy)]
pub struct Lies<'a> {
    /// The dead letter's partition and offset.
    pub place: (i32, i64),
    /// The record's key.
    pub key: Option<&'a [u8]>,
    /// When it was dead-lettered, in milliseconds since 1970.
    pub time_ms: Option<i64>,
}

impl Filter {
    /// Whether the dead letter is meant.
    pub fn takes(&self, letter: &Letter, lies: Lies<'_>) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let time = |holds: &dyn Fn(i64) -> bool| lies.time_ms.is_some_and(holds);
        is(&self.topic, letter.origin.as_ref().map(|of| &*of.topic))
            && is(&self.handler, letter.handler.as_deref())
            && self
                .code
                .as_deref()
                .is_none_or(|code| has_code(letter, code))
            && self.key.as_deref().is_none_or(|key| lies.key == Some(key))
            && self.since_ms.is_none_or(|since| time(&|at| at >= since))
            && self.until_ms.is_none_or(|until| time(&|at| at < until))
            && (self.places.is_empty() || self.places.contains(&lies.place))
    }
}

fn has_code(letter: &Letter, wanted: &str) -> bool {
    let is_reason = |reason: &str| {
        let class = reason.rsplit(['.', '$']).next();
        reason == wanted || class == Some(wanted)
    };
    letter.code_or_convention().as_deref() == Some(wanted)
        || letter.reason.as_deref().is_some_and(is_reason)
}
