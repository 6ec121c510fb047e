//! Where `penstock peek` begins and how much it shows.

use std::str::FromStr;

use penstock_core::record::Offset;
use penstock_kafka::inspect::From;

use crate::record_json::Millis;

/// `--from`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Begin(pub From);

impl FromStr for Begin {
    type Err = String;

    fn from_str(text: &str) -> Result<Begin, String> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let from = match (text, text.strip_prefix('-')) {
            ("start", _) => Some(From::Start),
            ("end", _) => Some(From::End),
            (_, Some(count)) if digits(count) => count.parse().ok().map(From::Last),
            _ if digits(text) => text.parse().ok().map(|offset| From::Offset(Offset(offset))),
            _ => text.parse().ok().map(|Millis(time)| From::Time(time)),
        };
        from.map(Begin).ok_or_else(|| {
            "not `start`, `end`, an offset, `-N`, or a time as 2026-01-01T10:00:00Z".to_owned()
        })
    }
}

/// `-n`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Count {
    /// So many records.
    Records(u64),
    /// Whatever there is.
    All,
}

impl Count {
    /// What fits a screen; whoever follows wants all that comes.
    pub(super) fn default_for(follow: bool) -> Count {
        if follow {
            Count::All
        } else {
            Count::Records(10)
        }
    }

    /// Whether so many are enough.
    pub(in crate::commands) fn is_reached(self, records: u64) -> bool {
        match self {
            Count::Records(count) => records >= count,
            Count::All => false,
        }
    }
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Count, String> {
        match text {
            "all" => Ok(Count::All),
            _ => match text.parse() {
                Ok(0) | Err(_) => Err("a number from 1, or `all`".to_owned()),
                Ok(count) => Ok(Count::Records(count)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_beginning_are_told_apart() {
        let parse = |text: &str| text.parse::<Begin>().ok().map(|begin| begin.0);
        assert_eq!(parse("start"), Some(From::Start));
        assert_eq!(parse("end"), Some(From::End));
        assert_eq!(parse("2026"), Some(From::Offset(Offset(2026))));
        assert_eq!(parse("-3"), Some(From::Last(3)));
        assert_eq!(parse("1970-01-01T00:00:01Z"), Some(From::Time(1000)));
        for wrong in [
            "",
            "-",
            "--3",
            "-1.5",
            "begin",
            "99999999999999999999",
            "2026-01-01",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_count_is_at_least_one() {
        assert_eq!("3".parse(), Ok(Count::Records(3)));
        assert_eq!("all".parse(), Ok(Count::All));
        for wrong in ["0", "-1", "", "many"] {
            assert!(wrong.parse::<Count>().is_err(), "{wrong}");
        }
    }
}
