//! Which dead letters a command is about.

use std::num::NonZeroU32;
use std::str::FromStr;

use penstock_core::dead_letter::{Filter, Letter, Lies};
use penstock_kafka::Peeked;

use crate::record_json::Millis;

/// All that is given must hold.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct FilterArgs {
    /// Only of records that came from this topic.
    #[arg(long, value_name = "TOPIC")]
    origin: Option<String>,
    /// Only of this handler; of this consumer group or connector, if others wrote them.
    #[arg(long, value_name = "NAME")]
    handler: Option<String>,
    /// Only with this code of the host's, reason code of the handler's, or class of an exception;
    /// `spring`, `connect` or `streams` for what these wrote.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Only of records with this key.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only what was dead-lettered at this time or later, as 2026-01-01T10:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Millis>,
    /// Only what was dead-lettered before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Millis>,
}

/// Where a dead letter lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub i32, pub i64);

impl FilterArgs {
    /// What is asked for; of `places`, unless there are none.
    pub(super) fn filter(&self, places: &[Place]) -> Filter {
        Filter {
            topic: self.origin.clone(),
            handler: self.handler.clone(),
            code: self.code.clone(),
            key: self.key.as_ref().map(|key| key.clone().into_bytes()),
            since_ms: self.since.map(|of| of.0),
            until_ms: self.until.map(|of| of.0),
            places: places.iter().map(|of| (of.0, of.1)).collect(),
        }
    }
}

/// Whether a record of a dead-letter topic is meant.
pub(super) fn takes(filter: &Filter, letter: &Letter, record: &Peeked) -> bool {
    let lies = Lies {
        place: (record.partition, record.offset.0),
        key: record.key.as_deref(),
        time_ms: record.timestamp.millis(),
    };
    filter.takes(letter, lies)
}

/// A time on the command line.
pub(super) fn time(text: &str) -> Result<Millis, String> {
    text.parse()
        .map_err(|_| "not a time as 2026-01-01T10:00:00Z".to_owned())
}

/// Records a second on the command line.
pub(super) fn rate(text: &str) -> Result<NonZeroU32, String> {
    number(text).ok_or_else(|| format!("not a whole number from 1 to {}", u32::MAX))
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        let parts = text.split_once(':');
        let place =
            parts.and_then(|(partition, offset)| Some(Place(number(partition)?, number(offset)?)));
        place.ok_or_else(|| "not PARTITION:OFFSET, as 0:12".to_owned())
    }
}

/// Digits alone: no sign.
fn number<N: FromStr>(text: &str) -> Option<N> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_two_numbers() {
        assert_eq!("0:12".parse(), Ok(Place(0, 12)));
        for wrong in [
            "",
            "12",
            ":",
            "0:",
            ":12",
            "-1:2",
            "0:+1",
            "0:1:2",
            "0:x",
            "9999999999:0",
        ] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
