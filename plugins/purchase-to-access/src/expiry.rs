//! Whole days added to an RFC 3339 time: only the date changes.

/// The same time of day, `days` later. Offset and fraction stay as they are written.
pub fn days_later(time: &str, days: u32) -> Result<String, String> {
    let (date, rest) = parse(time).ok_or_else(|| {
        format!("expected an RFC 3339 time as 2026-01-01T10:00:00Z, found `{time}`")
    })?;
    let (year, month, day) = from_days(to_days(date) + i64::from(days));
    if year > 9999 {
        return Err(format!("{days} days after {time} is beyond the year 9999"));
    }
    Ok(format!("{year:04}-{month:02}-{day:02}{rest}"))
}

type Date = (i64, i64, i64);

/// The date, and all that follows it.
fn parse(time: &str) -> Option<(Date, &str)> {
    let (date, rest) = time.split_at_checked(10)?;
    let date = match date.as_bytes() {
        [y @ .., b'-', m1, m2, b'-', d1, d2] => {
            (number(y)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?)
        }
        _ => return None,
    };
    let (year, month, day) = date;
    let valid = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    (valid && is_time_of_day(rest.as_bytes())).then_some((date, rest))
}

/// `T10:00:00`, then perhaps a fraction, then `Z` or an offset.
fn is_time_of_day(text: &[u8]) -> bool {
    let [b'T' | b't', h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = text else {
        return false;
    };
    let below = |a: &u8, b: &u8, limit| number(&[*a, *b]).is_some_and(|n| n < limit);
    let zone = match rest {
        [b'.', fraction @ ..] => {
            let digits = fraction
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        _ => rest,
    };
    let zone = match zone {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => below(h1, h2, 24) && below(m1, m2, 60),
        _ => false,
    };
    // 60 is a leap second.
    zone && below(h1, h2, 24) && below(m1, m2, 60) && below(s1, s2, 61)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 0000-03-01, by which every year ends with its leap day.
fn to_days((year, month, day): Date) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let month = (month + 9) % 12;
    year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (month * 153 + 2) / 5
        + day
        - 1
}

fn from_days(days: i64) -> Date {
    let mut year = days * 400 / 146_097;
    // The guess is at most a year off, at the turn of a year.
    while to_days((year + 1, 3, 1)) <= days {
        year += 1;
    }
    while to_days((year, 3, 1)) > days {
        year -= 1;
    }
    let day = days - to_days((year, 3, 1));
    let month = (day * 5 + 2) / 153;
    let day = day - (month * 153 + 2) / 5 + 1;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_date_changes() {
        for (time, days, later) in [
            ("2026-01-01T10:00:00.000Z", 365, "2027-01-01T10:00:00.000Z"),
            ("2026-01-01T10:00:00Z", 1, "2026-01-02T10:00:00Z"),
            (
                "2024-02-28T23:59:59.123456789+05:30",
                1,
                "2024-02-29T23:59:59.123456789+05:30",
            ),
            ("2023-02-28t00:00:00z", 1, "2023-03-01t00:00:00z"),
            ("1900-02-28T00:00:00-00:30", 1, "1900-03-01T00:00:00-00:30"),
            ("2000-12-31T00:00:00Z", 60, "2001-03-01T00:00:00Z"),
            ("0000-01-01T00:00:00Z", 60, "0000-03-01T00:00:00Z"),
            ("9999-12-30T00:00:00Z", 1, "9999-12-31T00:00:00Z"),
        ] {
            assert_eq!(days_later(time, days).as_deref(), Ok(later));
        }
    }

    #[test]
    fn what_is_no_time_is_named() {
        for time in [
            "",
            "yesterday",
            "2026-01-01",
            "2026-01-01 10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-00-01T10:00:00Z",
            "2026-02-29T10:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T10:60:00Z",
            "2026-01-01T10:00:61Z",
            "2026-01-01T10:00:00",
            "2026-01-01T10:00:00.Z",
            "2026-01-01T10:00:00+0100",
            "2026-01-01T10:00:00ZZ",
            "+026-01-01T10:00:00Z",
            "26-001-01T10:00:00Z",
            "2026-01-0éT10:00:00Z",
        ] {
            let error = days_later(time, 1).expect_err(time);
            assert!(
                error.contains("RFC 3339") && error.contains(time),
                "{error}"
            );
        }
        assert!(days_later("9999-12-31T00:00:00Z", 1).is_err());
        assert!(days_later("2026-01-01T00:00:00Z", u32::MAX).is_err());
    }

    #[test]
    fn every_day_of_four_centuries_has_the_next() {
        let mut date = (1970, 1, 1);
        for _ in 0..146_097 {
            let next = from_days(to_days(date) + 1);
            let (year, month, day) = date;
            let expected = if day < days_in(year, month) {
                (year, month, day + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
            assert_eq!(next, expected);
            date = next;
        }
        assert_eq!(date, (2370, 1, 1));
    }
}
