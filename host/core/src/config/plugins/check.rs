//! Each handler against what its plugin says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{ConfigureProblem, PluginFacts, PluginProblem, Plugins};
use crate::codes::Code;
use crate::config::report::{Diagnostic, Place};
use crate::config::tree::{Entry, Node, Table, Value};
use crate::config::{Config, Handler, Topic, secrets, shape, suggest};
use crate::contract::SettingError;

/// Checks every handler but those that are `known` already; the facts of all whose plugin is usable,
/// by handler. What is pending is in neither.
pub(in crate::config) fn check(
    config: &Config,
    sound: &BTreeSet<String>,
    root: &Node,
    plugins: &dyn Plugins,
    known: BTreeMap<String, PluginFacts>,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<String, PluginFacts> {
    type Pinned = (PathBuf, Option<[u8; 32]>);
    let mut inspected: BTreeMap<Pinned, Option<Result<PluginFacts, PluginProblem>>> =
        BTreeMap::new();
    let mut facts_by_handler = known;
    for (name, handler) in &config.handlers {
        if facts_by_handler.contains_key(name) {
            continue;
        }
        let Some(entry) = root.entry(&["handlers", name]) else {
            continue;
        };
        let Some(plugin) = root.entry(&["handlers", name, "plugin"]) else {
            continue;
        };
        let Value::Text(written) = &plugin.node.value else {
            continue;
        };
        let (path, pinned) = (&handler.plugin, handler.sha256);
        if path.as_os_str().is_empty() || (pinned.is_none() && means_to_pin(entry)) {
            continue;
        }
        let result = inspected.entry((path.clone(), pinned)).or_insert_with(|| {
            let pending = plugins.is_pending(path, pinned, config);
            (!pending).then(|| plugins.inspect(path, pinned, config))
        });
        let Some(result) = result else { continue };
        let facts = match result {
            Ok(facts) => facts.clone(),
            Err(problem) => {
                let label = match written.from_environment {
                    true => String::new(),
                    false => path.display().to_string(),
                };
                let pin = entry.node.entry(&["sha256"]);
                let unusable = match pin.filter(|_| problem.code == Code::DigestMismatch) {
                    Some(pin) => not_the_pinned(name, pin.node.place, problem),
                    None => unusable(name, plugin.node.place, problem).label(label),
                };
                let help = problem.help.clone();
                found.push(unusable.help(help.unwrap_or_else(|| page(problem.code))));
                continue;
            }
        };
        let this = Checked {
            name,
            handler,
            entry,
            facts: &facts,
        };
        let before = found.len();
        this.outputs(found);
        this.settings(found);
        if found.len() == before && sound.contains(name) {
            this.configure(config, plugins, found);
        }
        facts_by_handler.insert(name.clone(), facts);
    }
    facts_by_handler
}

/// Whether a handler has a pin, in a wrong form, which has been reported: it says that not just any
/// file is to run.
fn means_to_pin(handler: &Entry) -> bool {
    let table = handler.node.table();
    table.is_some_and(|table| table.contains_key("sha256") || shape::is_misspelt(table, "sha256"))
}

fn not_the_pinned(name: &str, pin: Place, problem: &PluginProblem) -> Diagnostic {
    let message = format!("the plugin of `{name}` is not the pinned one");
    Diagnostic::error(problem.code, pin, message).label(problem.text.clone())
}

fn unusable(name: &str, plugin: Place, problem: &PluginProblem) -> Diagnostic {
    let message = format!("the plugin of `{name}` can't be used: {}", problem.text);
    Diagnostic::error(problem.code, plugin, message)
}

/// What to do where nothing more is known.
fn page(code: Code) -> String {
    format!("docs/codes/{code}.md says what to do")
}

struct Checked<'a> {
    name: &'a str,
    handler: &'a Handler,
    entry: &'a Entry,
    facts: &'a PluginFacts,
}

impl Checked<'_> {
    fn table(&self, name: &str) -> Option<&Table> {
        self.entry.node.table()?.get(name)?.node.table()
    }

    fn place(&self, name: &str) -> Place {
        let key = self.entry.node.table().and_then(|table| table.get(name));
        key.map_or(self.entry.key, |entry| entry.key)
    }

    /// Whether the table of this name is there in a wrong form, which has been reported.
    fn is_wrong(&self, name: &str) -> bool {
        let table = self.entry.node.table();
        table.is_some_and(|table| shape::is_misspelt(table, name))
    }

    fn outputs(&self, found: &mut Vec<Diagnostic>) {
        let description = &self.facts.description;
        if self.is_wrong("outputs") {
            return;
        }
        let mapped = self.table("outputs");
        let is_mapped = |name: &str| mapped.is_some_and(|table| table.contains_key(name));
        let is_declared = |name: &str| description.outputs.iter().any(|o| o.name == name);
        let unknown: Vec<_> = mapped
            .into_iter()
            .flatten()
            .filter(|(name, _)| !is_declared(name))
            .collect();
        let missing: Vec<_> = description
            .outputs
            .iter()
            .filter(|output| !is_mapped(&output.name))
            .collect();
        for (name, entry) in &unknown {
            let name = name.escape_debug().to_string();
            let message = format!("plugin `{}` has no output `{name}`", description.name);
            let open = missing.iter().map(|output| output.name.as_str());
            let declared = description
                .outputs
                .iter()
                .map(|output| output.name.as_str());
            let help = suggest::advice(&name, open, "it declares, and lacks a topic for")
                .or_else(|| suggest::advice(&name, declared, "it declares"))
                .unwrap_or_else(|| "it declares none: remove this line".to_owned());
            found.push(
                Diagnostic::error(Code::OutputNotDeclared, entry.key, message)
                    .label("not declared by the plugin")
                    .help(help),
            );
        }
        for output in missing {
            let name = &output.name;
            let meant = |(given, _): &&(&String, &Entry)| {
                suggest::nearest(given, [name.as_str()]).is_some()
            };
            // The misspelt line has said it already.
            if unknown.iter().any(|u| meant(&u)) {
                continue;
            }
            let doc = if output.doc.is_empty() {
                String::new()
            } else {
                format!(" ({})", output.doc)
            };
            let message = format!(
                "output `{name}` of `{}` is not mapped to a topic",
                self.name
            );
            found.push(
                Diagnostic::error(Code::OutputNotMapped, self.place("outputs"), message)
                    .label(format!("no topic for `{name}`"))
                    .help(format!(
                        "add `{name} = \"TOPIC\"` to the `outputs` of `handlers.{}`{doc}",
                        self.name
                    )),
            );
        }
    }

    fn settings(&self, found: &mut Vec<Diagnostic>) {
        let description = &self.facts.description;
        if self.is_wrong("settings") {
            return;
        }
        let given = self.table("settings");
        let known = description
            .settings
            .iter()
            .map(|setting| setting.name.as_str());
        for (name, entry) in given.into_iter().flatten() {
            if known.clone().any(|known| known == name) {
                continue;
            }
            let shown = name.escape_debug();
            let message = format!("plugin `{}` has no setting `{shown}`", description.name);
            let help = suggest::advice(name, known.clone(), "its settings are")
                .unwrap_or_else(|| "it has none: remove this line".to_owned());
            found.push(
                Diagnostic::error(Code::UnknownKey, entry.key, message)
                    .label("unknown setting")
                    .help(help),
            );
        }
        for setting in description
            .settings
            .iter()
            .filter(|setting| setting.required)
        {
            if given.is_some_and(|table| table.contains_key(&setting.name)) {
                continue;
            }
            let message = format!("setting `{}` of `{}` is missing", setting.name, self.name);
            found.push(
                Diagnostic::error(Code::MissingKey, self.place("settings"), message)
                    .label(format!("has no `{}`", setting.name))
                    .help(format!(
                        "add `{} = \"…\"` to its `settings`: {}",
                        setting.name, setting.doc
                    )),
            );
        }
    }

    fn configure(&self, config: &Config, plugins: &dyn Plugins, found: &mut Vec<Diagnostic>) {
        let Handler {
            plugin,
            settings,
            limits,
            ..
        } = self.handler;
        let reads = |topic: &Topic| topic.handlers.iter().any(|h| h == self.name);
        for (topic, _) in config.topics.iter().filter(|(_, topic)| reads(topic)) {
            match plugins.configure(plugin, self.facts.sha256, topic, settings, limits) {
                Ok(()) => {}
                Err(ConfigureProblem::Refused(refused)) => {
                    found.extend(refused.iter().map(|error| self.refused(error)));
                }
                Err(ConfigureProblem::Failed(why)) => {
                    let why = self.without_secrets(&why);
                    let (first, trace) = why.split_once('\n').unwrap_or((&why, ""));
                    let message = format!(
                        "plugin `{}` could not check its settings: {first}",
                        self.facts.description.name,
                    );
                    let help = "raise `limits` if that is what it lacks; otherwise its `configure` \
                                is to be mended";
                    found.push(
                        Diagnostic::error(Code::SettingsRefused, self.place("settings"), message)
                            .label(format!("for `{topic}`"))
                            .help(format!("{help}\n{trace}").trim_end()),
                    );
                }
            }
        }
    }

    fn refused(&self, error: &SettingError) -> Diagnostic {
        let entry = self
            .table("settings")
            .and_then(|table| table.get(&error.name));
        let place = entry.map_or(self.place("settings"), |entry| entry.node.place);
        let (plugin, name) = (&self.facts.description.name, error.name.escape_debug());
        let message = match entry {
            Some(_) => format!("plugin `{plugin}` refuses its setting `{name}`"),
            None => format!("plugin `{plugin}` refuses to go without its setting `{name}`"),
        };
        Diagnostic::error(Code::SettingsRefused, place, message)
            .label(self.without_secrets(&error.problem))
            .help(self.about(&error.name, entry.is_some()))
    }

    /// What the plugin says that a setting takes.
    fn about(&self, name: &str, given: bool) -> String {
        let mut settings = self.facts.description.settings.iter();
        let Some(setting) = settings.find(|setting| setting.name == name) else {
            return page(Code::SettingsRefused);
        };
        if !given {
            return format!("add `{name} = \"…\"` to its `settings`: {}", setting.doc);
        }
        let default = match &setting.default {
            Some(default) => format!(", or leave it out (default: {default})"),
            None if setting.required => String::new(),
            None => ", or leave it out".to_owned(),
        };
        let doc = match setting.doc.as_str() {
            "" => String::new(),
            doc => format!(": {doc}"),
        };
        format!("give it another value{default}{doc}")
    }

    /// A plugin's words, unless they repeat a setting that may be a secret.
    fn without_secrets(&self, words: &str) -> String {
        let settings = self.table("settings").into_iter().flatten();
        let repeats = |name: &str, entry: &Entry| match &entry.node.value {
            Value::Text(text) => {
                let secret = text.from_environment || secrets::is_secret(name);
                secret && !text.text.is_empty() && words.contains(&text.text)
            }
            _ => false,
        };
        if settings
            .into_iter()
            .any(|(name, entry)| repeats(name, entry))
        {
            "what it says repeats a value that may be secret, and is not shown".to_owned()
        } else {
            words.to_owned()
        }
    }
}
