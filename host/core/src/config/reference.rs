//! The reference of every key, in Markdown: what `docs/configuration.md` holds.

use std::fmt::Write;

use super::keys::{Key, Kind, Need, ROOT};
use super::{client, scalar};

const INTRODUCTION: &str = "\
# Configuration

Penstock reads one TOML file, or several laid over each other: `penstock run -c base.toml -c prod.toml`. \
Tables merge; arrays and values of a later file replace those of an earlier one. \
`penstock check -c FILE` reports every mistake at once without a broker, and \
`penstock schema` prints a JSON Schema for editors: for those that use Taplo, keep it as \
`penstock.schema.json` and begin the file with `#:schema ./penstock.schema.json`. Examples are in `config/`.

- **Variables.** `${NAME}` in a string value is read from the environment; `${NAME:-default}` has a \
default for one that is unset or empty; `$${` stands for `${` itself. `${file:PATH}` is what stands in a \
file, such as a mounted secret, without the end of its last line. Filling in comes after parsing, \
so a value can't break the file, and what comes from the environment or a file is never shown in a report. \
A whole number, `true` and `false` may be given as a string with a variable in it.
- **Paths** are relative to the file they stand in.
- **Durations** are whole numbers with `ms`, `s`, `m` or `h`; **bytes** have `B`, `KiB`, `MiB`, `GiB`, `kB`, `MB` or `GB`.

<!-- Made from the table of keys in host/core/src/config/keys/table.rs; a test says how to renew it. -->
";

const CLIENT_SETTINGS: &str = "
## librdkafka settings

`[kafka.common]`, `[kafka.consumer]` and `[kafka.producer]` take the settings of librdkafka 2.12, as \
strings, numbers, `true` or `false`. A setting that only one of the clients reads belongs in that \
client's table. Unknown settings and values out of range are mistakes.

```toml
[kafka.common]
\"security.protocol\" = \"SASL_SSL\"
\"sasl.mechanism\" = \"SCRAM-SHA-512\"
\"sasl.username\" = \"${KAFKA_USER}\"
\"sasl.password\" = \"${KAFKA_PASSWORD}\"      # or \"${file:/run/secrets/kafka/password}\"
```

[Secured clusters](guides/secured-clusters.md) has the settings of each way to encrypt and to log in.
";

const HOST_OWNED: &str = "
These are the host's, and refused:

| setting | reason |
|---|---|
";

/// The reference of every key, in Markdown.
pub fn reference() -> String {
    let mut out = INTRODUCTION.to_owned();
    let mut tables = Tables::default();
    for key in ROOT {
        tables.describe(&mut out, &key.kind, key.name, key.doc);
    }
    out.push_str(CLIENT_SETTINGS);
    out.push_str(HOST_OWNED);
    for (name, reason) in client::host_owned() {
        push(&mut out, format_args!("| `{name}` | {reason} |\n"));
    }
    out
}

/// The tables that are described, each once, and where.
#[derive(Default)]
struct Tables(Vec<(&'static [Key], String)>);

impl Tables {
    fn describe(&mut self, out: &mut String, kind: &Kind, path: &str, doc: &str) {
        match *kind {
            Kind::Section(keys) => self.section(out, path, doc, keys),
            Kind::Named(keys) => self.section(out, &format!("{path}.NAME"), doc, keys),
            _ => {}
        }
    }

    fn section(&mut self, out: &mut String, path: &str, doc: &str, keys: &'static [Key]) {
        if self.place(keys).is_some() {
            return;
        }
        self.0.push((keys, path.to_owned()));
        push(
            out,
            format_args!(
                "\n## `[{path}]`\n\n{doc}\n\n| key | takes | default | |\n|---|---|---|---|\n"
            ),
        );
        let mut later: Vec<&'static [Key]> = Vec::new();
        for key in keys {
            let default = match key.need {
                Need::Required => "**required**".to_owned(),
                Need::Default(text) => format!("`{text}`"),
                Need::Computed(words) => words.to_owned(),
                Need::Optional => "–".to_owned(),
            };
            let takes = match key.kind {
                Kind::Named(inner) if later.iter().any(|known| std::ptr::eq(*known, inner)) => {
                    "tables of the same kind, by name".to_owned()
                }
                Kind::Section(inner) | Kind::Named(inner) => match self.place(inner) {
                    Some(place) => format!("a table, as `[{place}]`"),
                    None if later.iter().any(|known| std::ptr::eq(*known, inner)) => {
                        "a table of the same kind".to_owned()
                    }
                    None => {
                        later.push(inner);
                        takes(&key.kind)
                    }
                },
                _ => takes(&key.kind),
            };
            push(
                out,
                format_args!("| `{}` | {takes} | {default} | {} |\n", key.name, key.doc),
            );
        }
        for key in keys {
            let path = format!("{path}.{}", key.name);
            self.describe(out, &key.kind, &path, key.doc);
        }
    }

    fn place(&self, keys: &[Key]) -> Option<&str> {
        let described = self.0.iter().find(|(known, _)| std::ptr::eq(*known, keys));
        described.map(|(_, path)| path.as_str())
    }
}

fn takes(kind: &Kind) -> String {
    match kind {
        Kind::Duration(min, max) => {
            let (min, max) = (scalar::show_duration(*min), scalar::show_duration(*max));
            format!("a duration, {min} to {max}")
        }
        Kind::Bytes(min, max) => {
            format!(
                "bytes, {} to {}",
                scalar::show_bytes(*min),
                scalar::show_bytes(*max)
            )
        }
        Kind::Count(min, max) => format!("a whole number, {min} to {max}"),
        Kind::Settings => "a table of strings".to_owned(),
        Kind::Outputs => "a table of topics".to_owned(),
        Kind::Client(_) => "librdkafka settings, see below".to_owned(),
        Kind::Backoff => "`MIN..MAX`, two durations".to_owned(),
        kind => kind.expected(),
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` can't fail.
    out.write_fmt(text).unwrap_or_default();
}
