//! What was found of a plugin, for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use penstock_core::config::PluginProblem;
use penstock_core::contract::Description;
use penstock_wasm::{CONTRACT_VERSION, Kind};

use super::super::snippet::snippet;
use super::Inspected;
use crate::commands::columns::shown;
use crate::commands::plugin::size;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const NAME: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// All of it, with colours, which the stream takes out where they don't belong.
pub(super) fn render(of: &Inspected) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    lines(&mut text, of).unwrap_or_default();
    text
}

fn lines(text: &mut String, of: &Inspected) -> std::fmt::Result {
    let anatomy = &of.anatomy;
    let kind = match anatomy.kind {
        Kind::Component => "a component",
        Kind::Module => "a core module",
        Kind::Other => "no WebAssembly",
    };
    writeln!(
        text,
        "{NAME}{}{NAME:#}: {kind}, {}",
        shown(&of.file),
        size(anatomy.bytes)
    )?;
    row(text, "sha256", &of.digest())?;
    if let Some(contract) = anatomy.contract() {
        let contract = shown(contract);
        let both = format!("penstock:handler@{contract}; this host knows {CONTRACT_VERSION}");
        row(text, "contract", &both)?;
    }
    for (field, makers) in &anatomy.producers {
        let makers: Vec<_> = makers.iter().map(|maker| shown(maker.trim_end())).collect();
        row(text, &shown(field), &makers.join(", "))?;
    }
    list(text, "imports", &anatomy.imports)?;
    list(text, "exports", &anatomy.exports)?;
    match &of.facts {
        Ok(facts) => {
            description(text, &facts.description)?;
            writeln!(text, "\n{GOOD}ok{GOOD:#}: this host takes it")?;
            let file = snippet(&of.file, facts);
            writeln!(
                text,
                "\n{DIM}# for the configuration; fill the topics in{DIM:#}\n{file}"
            )
        }
        Err(why) => problem(text, why),
    }
}

fn description(text: &mut String, of: &Description) -> std::fmt::Result {
    let name = format!("{} {}", shown(&of.name), shown(&of.version));
    row(text, "plugin", &name)?;
    if !of.sdk.is_empty() {
        row(text, "built with", &shown(&of.sdk))?;
    }
    let headers = if of.headers {
        "asked for"
    } else {
        "not asked for"
    };
    row(text, "headers", headers)?;
    let outputs = of
        .outputs
        .iter()
        .map(|of| (of.name.as_str(), of.doc.clone()));
    named(text, "outputs", outputs)?;
    let settings = of.settings.iter().map(|of| {
        let need = match (&of.default, of.required) {
            (Some(default), _) => format!("by default {default:?}"),
            (None, true) => "required".to_owned(),
            (None, false) => "optional".to_owned(),
        };
        let doc = match of.doc.is_empty() {
            true => need,
            false => format!("{need}; {}", of.doc),
        };
        (of.name.as_str(), doc)
    });
    named(text, "settings", settings)
}

fn problem(text: &mut String, of: &PluginProblem) -> std::fmt::Result {
    let (code, what) = (of.code, shown(&of.text));
    writeln!(
        text,
        "\n{BAD}{code}{BAD:#}: this host does not take it: {what}"
    )?;
    if let Some(help) = &of.help {
        writeln!(text, "  {DIM}help{DIM:#} {}", shown(help))?;
    }
    writeln!(text, "  {DIM}see{DIM:#}  docs/codes/{code}.md")
}

fn row(text: &mut String, name: &str, value: &str) -> std::fmt::Result {
    writeln!(text, "  {DIM}{name:<12}{DIM:#} {value}")
}

fn list(text: &mut String, name: &str, all: &[String]) -> std::fmt::Result {
    if all.is_empty() {
        return row(text, name, "nothing");
    }
    all.iter()
        .enumerate()
        .try_for_each(|(index, one)| row(text, if index == 0 { name } else { "" }, &shown(one)))
}

fn named<'a>(
    text: &mut String,
    name: &str,
    all: impl Iterator<Item = (&'a str, String)>,
) -> std::fmt::Result {
    let all: Vec<String> = all
        .map(|(name, doc)| match doc.is_empty() {
            true => name.to_owned(),
            false => format!("{name}: {doc}"),
        })
        .collect();
    list(text, name, &all)
}
