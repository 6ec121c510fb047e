//! The forms that values are written in.

use std::time::Duration;

use super::Start;

/// `200ms`, `10s`, `5m`, `1h`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text)?;
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit_ms).map(Duration::from_millis)
}

/// A duration in the largest unit that holds it without a fraction.
pub(super) fn show_duration(duration: Duration) -> String {
    let ms = duration.as_millis();
    for (unit, unit_ms) in [("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        if ms >= unit_ms && ms.is_multiple_of(unit_ms) {
            return format!("{}{unit}", ms / unit_ms);
        }
    }
    format!("{ms}ms")
}

/// `512B`, `4KiB`, `64MiB`, `1GiB`, and in powers of ten `kB`, `MB`, `GB`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let factor = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// A number of bytes in the largest unit that holds it without a fraction.
pub(super) fn show_bytes(bytes: u64) -> String {
    for (unit, factor) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{}{unit}", bytes / factor);
        }
    }
    format!("{bytes}B")
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}

/// `MIN..MAX`.
pub(super) fn backoff(text: &str) -> Option<(Duration, Duration)> {
    let (min, max) = text.split_once("..")?;
    Some((duration(min.trim())?, duration(max.trim())?))
}

/// 64 hexadecimal digits.
pub(super) fn digest(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(bytes.chunks_exact(2)) {
        let digit = |b: u8| char::from(b).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(digest)
}

/// As `sha256sum` prints it.
pub(super) fn show_digest(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `earliest`, `latest` or an RFC 3339 time from 1970 on.
pub(super) fn start(text: &str) -> Option<Start> {
    match text {
        "earliest" => Some(Start::Earliest),
        "latest" => Some(Start::Latest),
        time => {
            let time: jiff::Timestamp = time.parse().ok()?;
            let ms = time.as_millisecond();
            (ms >= 0).then_some(Start::Time(ms))
        }
    }
}

/// Letters, digits, `.`, `_` and `-`, 128 at most.
pub(super) fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.chars().all(is_plain)
}

/// What is wrong with a topic's name, if anything; the rules are Kafka's.
pub(super) fn topic_problem(text: &str) -> Option<&'static str> {
    match text {
        "" => Some("it is empty"),
        "." | ".." => Some("Kafka refuses `.` and `..`"),
        _ if text.len() > 249 => Some("it is longer than 249 characters"),
        _ if !text.chars().all(is_plain) => {
            Some("only letters, digits, `.`, `_` and `-` are allowed")
        }
        _ => None,
    }
}

/// A character of a name.
pub(super) fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

/// `a` to `z`, digits and `-`, 64 at most: a handler's reason code, so that others never come.
pub(super) fn is_reason_code(text: &str) -> bool {
    let in_form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(in_form)
}

/// `host:port` or `host`, comma-separated, each with a scheme at most.
pub fn is_brokers(text: &str) -> bool {
    text.split(',').all(|broker| {
        let broker = broker.trim();
        let address = broker
            .split_once("://")
            .map_or(broker, |(_, address)| address);
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (address, None),
        };
        let port_holds = port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p > 0));
        let host_holds =
            !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/');
        host_holds && port_holds
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_bytes_are_shown_as_they_are_read() {
        for text in ["1ms", "200ms", "10s", "90s", "5m", "1h"] {
            assert_eq!(show_duration(duration(text).unwrap()), text);
        }
        for text in ["1B", "4KiB", "64MiB", "3GiB", "1025B"] {
            assert_eq!(show_bytes(bytes(text).unwrap()), text);
        }
        assert_eq!(bytes("2MB"), Some(2_000_000));
    }

    #[test]
    fn a_number_needs_its_unit_and_a_unit_its_number() {
        for text in [
            "",
            "5",
            "s",
            "5 s",
            "5sec",
            "-5s",
            "1.5s",
            "99999999999999999999h",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
        for text in ["", "5", "MiB", "5mib", "99999999999GiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn a_digest_has_64_digits() {
        let text = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert_eq!(show_digest(&digest(text).unwrap()), text);
        assert_eq!(digest(&text[1..]), None);
        assert_eq!(digest(&text.replace('9', "x")), None);
    }

    #[test]
    fn a_start_time_says_its_zone() {
        assert_eq!(start("1970-01-01T00:00:01+00:00"), Some(Start::Time(1000)));
        assert_eq!(start("2026-01-01T00:00:00"), None);
        assert_eq!(start("1969-12-31T23:59:59Z"), None);
        assert_eq!(start("Earliest"), None);
    }

    #[test]
    fn brokers_have_hosts_and_ports() {
        for good in [
            "a:9092",
            "a:9092, b:9093",
            "a",
            "[::1]:9092",
            "[::1]",
            "SSL://a:1",
        ] {
            assert!(is_brokers(good), "{good}");
        }
        for bad in [
            "",
            "a:",
            ":9092",
            "a:0",
            "a:99999",
            "a:9092,",
            "a b:1",
            "http://a/b",
        ] {
            assert!(!is_brokers(bad), "{bad}");
        }
    }
}
