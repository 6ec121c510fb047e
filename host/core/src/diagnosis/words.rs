//! How numbers, times and names are put.

use jiff::Timestamp;

use super::snapshot::Member;
pub(crate) use crate::shell::quoted;

/// `1 record`, `2 records`
pub(crate) fn count(number: i64, one: &str, many: &str) -> String {
    format!("{} {}", number, if number == 1 { one } else { many })
}

/// `once`, `2 times`
pub(crate) fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        many => format!("{many} times"),
    }
}

/// `1 record waits`, `2 records wait`
pub(crate) fn wait(records: i64) -> String {
    count(records, "record waits", "records wait")
}

/// `350 ms`, `12.3 s`, `4 min 5 s`, `3 h 2 min`, `2 d 3 h`
pub(crate) fn span(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        ..1 => format!("{ms} ms"),
        1..60 => format!("{}.{} s", seconds, ms % 1000 / 100),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..172_800 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// RFC 3339, in seconds.
pub(crate) fn time(ms: i64) -> String {
    match Timestamp::from_second(ms.div_euclid(1000)) {
        Ok(time) => time.to_string(),
        Err(_) => format!("{ms} ms since 1970"),
    }
}

/// A member, so that somebody can find it.
pub(crate) fn member(of: &Member) -> String {
    let instance = of
        .instance
        .as_ref()
        .map(|name| format!(", static member {name}"));
    format!(
        "{} on {}{} ({})",
        of.client,
        of.host,
        instance.unwrap_or_default(),
        of.id
    )
}

/// `0, 2 and 5`
pub(crate) fn list<T: ToString>(items: &[T], last: &str) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    match items.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// Names that may have been meant, the likeliest first, at most three.
pub(crate) fn near<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut near: Vec<_> = names
        .filter(|name| *name != wanted)
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(likeness, _)| *likeness > 0.85)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter()
        .take(3)
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_is_once() {
        assert_eq!([1, 2].map(times), ["once", "2 times"]);
    }

    #[test]
    fn words_are_short_and_safe() {
        assert_eq!(count(1, "record", "records"), "1 record");
        assert_eq!(span(350), "350 ms");
        assert_eq!(span(12_345), "12.3 s");
        assert_eq!(span(245_000), "4 min 5 s");
        assert_eq!(span(200_000_000), "2 d 7 h");
        assert_eq!(time(1_767_225_600_999), "2026-01-01T00:00:00Z");
        assert_eq!(list(&[0, 2, 5], "and"), "0, 2 and 5");
        assert_eq!(quoted("a-b.c"), "a-b.c");
        assert_eq!(quoted("a b'c"), r#"'a b'"'"'c'"#);
        let names = ["orders", "order", "purchases"];
        assert_eq!(near("ordres", names.into_iter()), ["orders", "order"]);
    }
}
