//! librdkafka's settings, as its own documentation lists them.

use std::sync::LazyLock;

/// Which client reads a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Reader {
    /// The consumer and the producer.
    Both,
    /// The consumer.
    Consumer,
    /// The producer.
    Producer,
}

impl Reader {
    /// The name of its table under `[kafka]`.
    pub fn table(self) -> &'static str {
        match self {
            Reader::Both => "common",
            Reader::Consumer => "consumer",
            Reader::Producer => "producer",
        }
    }
}

/// One setting.
#[derive(Debug)]
pub(in crate::config) struct Property {
    /// As written.
    pub name: &'static str,
    /// Who reads it.
    pub reader: Reader,
    /// What it takes.
    pub values: Values,
    /// The name that it is an alias of, or its own.
    pub meaning: &'static str,
}

/// What a setting takes.
#[derive(Debug)]
pub(in crate::config) enum Values {
    /// Any string.
    Text,
    /// A boolean.
    Boolean,
    /// A number between the two, both included.
    Number(f64, f64),
    /// One of these, in upper or lower case.
    Choice(Vec<&'static str>),
    /// A function: it can't be configured.
    Code,
    /// Something of OAuth that is not supported.
    Oidc,
}

impl Values {
    /// What is expected instead of a value that doesn't fit.
    pub fn refuse(&self, value: &str) -> Option<String> {
        match self {
            Values::Text | Values::Code | Values::Oidc => None,
            Values::Boolean => {
                let good = ["true", "t", "1", "false", "f", "0"];
                let fits = good.contains(&value.to_lowercase().as_str());
                (!fits).then(|| "true or false".to_owned())
            }
            Values::Number(min, max) => {
                let fits = value.parse().is_ok_and(|n: f64| (*min..=*max).contains(&n));
                (!fits).then(|| format!("a number from {min} to {max}"))
            }
            Values::Choice(all) => {
                let fits = all.iter().any(|choice| choice.eq_ignore_ascii_case(value));
                let listed: Vec<String> = all.iter().map(|c| format!("`{c}`")).collect();
                (!fits).then(|| format!("one of {}", listed.join(", ")))
            }
        }
    }
}

static ALL: LazyLock<Vec<Property>> = LazyLock::new(|| {
    let lines = include_str!("properties.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(parse)
        .collect()
});

/// Every setting, by name.
pub(in crate::config) fn all() -> impl Iterator<Item = &'static Property> + Clone {
    ALL.iter()
}

/// The setting of a name.
pub(in crate::config) fn find(name: &str) -> Option<&'static Property> {
    let at = ALL
        .binary_search_by(|property| property.name.cmp(name))
        .ok()?;
    ALL.get(at)
}

fn parse(line: &'static str) -> Option<Property> {
    let fields: Vec<&'static str> = line.split(' ').collect();
    let &[name, reader, kind, values, alias] = fields.as_slice() else {
        return None;
    };
    let reader = match reader {
        "*" => Reader::Both,
        "C" => Reader::Consumer,
        "P" => Reader::Producer,
        _ => return None,
    };
    let values = match kind {
        "text" => Values::Text,
        "bool" => Values::Boolean,
        "number" => {
            let (min, max) = values.split_once("..")?;
            Values::Number(min.parse().ok()?, max.parse().ok()?)
        }
        "enum" => Values::Choice(values.split(',').collect()),
        "code" => Values::Code,
        "oidc" => Values::Oidc,
        _ => return None,
    };
    let meaning = if alias == "-" { name } else { alias };
    Some(Property {
        name,
        reader,
        values,
        meaning,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_in_order() {
        let lines = include_str!("properties.txt").lines();
        assert_eq!(
            ALL.len(),
            lines.filter(|line| !line.starts_with('#')).count()
        );
        assert!(ALL.is_sorted_by(|a, b| a.name < b.name));
        for property in all() {
            assert!(find(property.name).is_some() && find(property.meaning).is_some());
        }
    }

    #[test]
    fn values_are_held_to_what_librdkafka_takes() {
        let refuses = |name: &str, value: &str| find(name).unwrap().values.refuse(value).is_some();
        assert!(!refuses("linger.ms", "0.5") && refuses("linger.ms", "-1"));
        assert!(!refuses("security.protocol", "SASL_SSL") && refuses("security.protocol", "tls"));
        assert!(!refuses("check.crcs", "true") && refuses("check.crcs", "yes"));
        assert!(!refuses("ssl.ca.location", "anything at all"));
    }
}
