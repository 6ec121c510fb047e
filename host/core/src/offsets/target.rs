//! Where a group is to be put, as it is written on a command line.

use std::fmt;
use std::str::FromStr;

/// Where to go on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The first record that there is.
    Earliest,
    /// Behind the last record.
    Latest,
    /// This offset.
    Offset(i64),
    /// The first record that is not older, in milliseconds since 1970.
    Time(i64),
    /// So many offsets before the committed one.
    Back(i64),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        let number = |digits: &str| {
            let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            all_digits.then(|| digits.parse::<i64>())
        };
        let too_large = |_| format!("{text} is larger than any offset");
        match text {
            "earliest" => return Ok(Target::Earliest),
            "latest" => return Ok(Target::Latest),
            _ => {}
        }
        if let Some(offset) = number(text) {
            return offset.map(Target::Offset).map_err(too_large);
        }
        if let Some(by) = text.strip_prefix('-').and_then(number) {
            return by.map(Target::Back).map_err(too_large);
        }
        let time: jiff::Timestamp = text.parse().map_err(|_| {
            "one of these: earliest, latest, an offset, -N (so many before the committed one), or a \
             time such as 2026-01-01T10:00:00Z"
                .to_owned()
        })?;
        Ok(Target::Time(time.as_millisecond()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Earliest => f.write_str("earliest"),
            Target::Latest => f.write_str("latest"),
            Target::Offset(offset) => write!(f, "{offset}"),
            Target::Back(by) => write!(f, "-{by}"),
            Target::Time(ms) => match jiff::Timestamp::from_millisecond(*ms) {
                Ok(time) => write!(f, "{time}"),
                Err(_) => write!(f, "{ms} ms since 1970"),
            },
        }
    }
}
