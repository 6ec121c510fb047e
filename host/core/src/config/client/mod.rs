//! The librdkafka settings that are passed through: which there are, what they take, and which
//! the host keeps for itself.

mod loose;
mod owned;
mod properties;

use std::collections::BTreeMap;

use super::report::Diagnostic;
use super::section::Context;
use super::tree::{Entry, Table, Value};
use super::{GroupProtocol, suggest};
use crate::codes::Code;
pub use loose::client_settings;
pub(super) use properties::{Property, Reader, Values, all};

/// Checks `[kafka.common]`, `[kafka.consumer]` or `[kafka.producer]`, and gives its settings.
pub(super) fn read(
    reader: Reader,
    table: Option<&Table>,
    protocol: Option<GroupProtocol>,
    cx: &mut Context<'_>,
) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let mut by_meaning: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, entry) in table.into_iter().flatten() {
        let path = format!("kafka.{}", reader.table());
        if matches!(entry.node.value, Value::Wrong) {
            continue;
        }
        let Some(property) = properties::find(name) else {
            cx.found.push(unknown(name, entry, &path));
            continue;
        };
        if let Some(first) = by_meaning.insert(property.meaning, name) {
            cx.found.push(
                Diagnostic::error(
                    Code::DuplicateName,
                    entry.key,
                    format!("`{name}` and `{first}` in `{path}` are the same setting"),
                )
                .label(format!("the same as `{first}`"))
                .help("they are two names of one setting: keep one of them"),
            );
            continue;
        }
        let wrong = refused(property, entry, protocol)
            .or_else(|| misplaced(property, entry, reader))
            .or_else(|| wrong_value(property, entry));
        match (wrong, text(&entry.node.value)) {
            (Some(diagnostic), _) => cx.found.push(diagnostic),
            (None, Some(value)) => {
                settings.insert(name.clone(), value);
            }
            (None, None) => {}
        }
    }
    settings
}

/// SASL's mechanism by default is Kerberos, which this build leaves out: it must be named.
pub(super) fn check_sasl(common: Option<&Table>, other: Option<&Table>, cx: &mut Context<'_>) {
    let find = |meaning: &str| {
        let tables = [other, common].into_iter().flatten();
        tables.flatten().find(|(name, _)| {
            properties::find(name).is_some_and(|property| property.meaning == meaning)
        })
    };
    let Some((_, protocol)) = find("security.protocol") else {
        return;
    };
    let sasl = text(&protocol.node.value).is_some_and(|v| v.to_lowercase().starts_with("sasl"));
    if sasl && find("sasl.mechanisms").is_none() {
        cx.found.push(
            Diagnostic::error(
                Code::MissingKey,
                protocol.node.place,
                "`sasl.mechanism` is missing: without it Kerberos is meant, which is not in this build",
            )
            .label("needs a `sasl.mechanism`")
            .help("add `\"sasl.mechanism\" = \"PLAIN\"`, `\"SCRAM-SHA-256\"`, `\"SCRAM-SHA-512\"` or `\"OAUTHBEARER\"`"),
        );
    }
}

/// Tokens need somebody to get them.
pub(super) fn check_tokens(common: Option<&Table>, cx: &mut Context<'_>) {
    let given = common.into_iter().flatten();
    let found: BTreeMap<&str, &Entry> = given
        .filter_map(|(name, entry)| Some((properties::find(name)?.meaning, entry)))
        .collect();
    let is = |name: &str, value: &str| {
        let given = found.get(name).and_then(|entry| text(&entry.node.value));
        given.is_some_and(|given| given.eq_ignore_ascii_case(value))
    };
    let Some(mechanism) = found.get("sasl.mechanisms") else {
        return;
    };
    let unsecured = is("enable.sasl.oauthbearer.unsecure.jwt", "true");
    if !is("sasl.mechanisms", "OAUTHBEARER") || unsecured {
        return;
    }
    let needed = [
        "sasl.oauthbearer.client.id",
        "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.token.endpoint.url",
    ];
    let method = (!is("sasl.oauthbearer.method", "oidc"))
        .then(|| "`\"sasl.oauthbearer.method\" = \"oidc\"`".to_owned());
    let missing = needed.iter().filter(|name| !found.contains_key(**name));
    let missing = missing.map(|name| format!("`\"{name}\"`"));
    let missing: Vec<String> = method.into_iter().chain(missing).collect();
    if !missing.is_empty() {
        let message = "the mechanism OAUTHBEARER has no way to get a token";
        cx.found.push(
            Diagnostic::error(Code::MissingKey, mechanism.node.place, message)
                .label("needs a token")
                .help(format!("add {}", missing.join(", "))),
        );
    }
}

fn unknown(name: &str, entry: &Entry, path: &str) -> Diagnostic {
    let known = all().map(|property| property.name);
    let help = suggest::nearest(name, known).map_or_else(
        || "the settings are those of librdkafka 2.12 (its CONFIGURATION.md)".to_owned(),
        |best| format!("did you mean `\"{best}\"`?"),
    );
    let name = name.escape_debug();
    Diagnostic::error(
        Code::UnknownClientSetting,
        entry.key,
        format!("librdkafka has no setting `{name}` (in `{path}`)"),
    )
    .label("unknown setting")
    .help(help)
}

fn refused(
    property: &Property,
    entry: &Entry,
    protocol: Option<GroupProtocol>,
) -> Option<Diagnostic> {
    let name = property.name;
    if matches!(property.values, Values::Oidc) {
        let message = format!("`{name}` is for a way to get tokens that is not supported");
        return Some(
            Diagnostic::error(Code::UnknownClientSetting, entry.key, message)
                .label("not supported")
                .help("tokens are got by client credentials: `sasl.oauthbearer.client.id` and `.client.secret`"),
        );
    }
    let reason = match property.values {
        Values::Code => Some("it takes a function, not a value"),
        _ => owned::reason(property.meaning, protocol),
    }?;
    Some(
        Diagnostic::error(
            Code::HostOwnedSetting,
            entry.key,
            format!("`{name}` is the host's to set"),
        )
        .label("not yours to set")
        .help(reason),
    )
}

fn misplaced(property: &Property, entry: &Entry, reader: Reader) -> Option<Diagnostic> {
    if property.reader == Reader::Both || property.reader == reader {
        return None;
    }
    let owner = property.reader.table();
    Some(
        Diagnostic::error(
            Code::UnknownClientSetting,
            entry.key,
            format!("`{}` is a setting of the {owner} alone", property.name),
        )
        .label(format!("not for `[kafka.{}]`", reader.table()))
        .help(format!("move it to `[kafka.{owner}]`")),
    )
}

fn wrong_value(property: &Property, entry: &Entry) -> Option<Diagnostic> {
    let value = text(&entry.node.value)?;
    let problem = |code, expected: String, help: String| {
        Diagnostic::error(
            code,
            entry.node.place,
            format!("`{}` must be {expected}", property.name),
        )
        .label(format!("expected {expected}"))
        .help(help)
    };
    if let Some(expected) = property.values.refuse(&value) {
        let help = hint(property, &value);
        return Some(problem(Code::WrongType, expected, help));
    }
    let (expected, reason) = owned::bound(property.meaning, &value)?;
    Some(problem(
        Code::ImpossibleValue,
        expected.to_owned(),
        reason.to_owned(),
    ))
}

/// What to write instead of a value that does not fit.
fn hint(property: &Property, value: &str) -> String {
    let what = match &property.values {
        Values::Choice(all) => match suggest::nearest(value, all.iter().copied()) {
            Some(best) => return format!("did you mean \"{best}\"?"),
            // Everybody's name for it, and none of librdkafka's.
            None if property.meaning == "security.protocol" => {
                "write \"ssl\" for TLS, \"sasl_ssl\" for TLS with a login"
            }
            None => "write one of them",
        },
        Values::Boolean => "write true to switch it on, false to switch it off",
        Values::Number(..) if property.name.ends_with(".ms") => {
            "write milliseconds, as a number without a unit"
        }
        Values::Number(..) if property.name.ends_with(".bytes") => {
            "write bytes, as a number without a unit"
        }
        Values::Number(..) | Values::Text | Values::Code | Values::Oidc => {
            "write a number without a unit"
        }
    };
    format!("{what}, or leave it out for librdkafka's default")
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.clone()),
        Value::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Whether a configuration may set it.
pub(super) fn is_settable(property: &Property) -> bool {
    let takes_values = !matches!(property.values, Values::Code | Values::Oidc);
    takes_values && owned::reason(property.meaning, None).is_none()
}

/// The settings that no configuration may set, with the reason.
pub(super) fn host_owned() -> impl Iterator<Item = (&'static str, &'static str)> {
    let has_value = |property: &&Property| !matches!(property.values, Values::Code);
    let owned =
        |p: &'static Property| owned::reason(p.meaning, None).map(|reason| (p.name, reason));
    all().filter(has_value).filter_map(owned)
}
