//! A test case: a folder of records, and of what they must come to.
//!
//! | file | |
//! |---|---|
//! | `in.jsonl` | a record a line, as `penstock peek --json` writes it ([`crate::record_json`]) |
//! | `expected.jsonl` | what each must come to, a line each ([`super::outcome`]) |
//! | `case.toml` | optional: a piece of configuration, laid over the defaults |
//!
//! A record without a topic is one of `input`, without a partition of 0; without an offset it has
//! the number of its line, counted from 0; without a timestamp it has none.
//!
//! The handler is called as the plugin calls itself, or as the one table `[handlers.NAME]` of
//! `case.toml` does: what is derived from the seed depends on it. Each topic has a dead-letter
//! topic, but those that `case.toml` has a table for, which have what stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use penstock_core::batch::Batch;
use penstock_core::config::{Loaded, Report, SourceFile};
use penstock_core::contract::Description;
use penstock_core::record::{Header, Offset};

use super::outcome::Outcome;
use super::{Alone, Bench, Delivery, Pass, Topic, isolated, name_of};
use crate::escape;
use crate::record_json::RecordJson;
use crate::toml_text;

/// The records.
pub const INPUT: &str = "in.jsonl";
/// What they must come to.
pub const EXPECTED: &str = "expected.jsonl";
/// The configuration.
pub const CONFIGURATION: &str = "case.toml";

/// What a line of the first is.
const RECORD: &str = "a line is a record, as {\"key\":\"u7\",\"value\":\"text\"}; `penstock peek \
     --json` writes it so";
/// What a line of the second is.
const OUTCOME: &str = "a line is what a record comes to, as {\"verdict\":\"skipped\",\
     \"reason\":\"tombstone\"}; `penstock plugin test --bless` writes them";

/// The topic of a record that has none.
const TOPIC: &str = "input";
/// Of a case's file; all of it is held.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// A case.
#[derive(Debug)]
pub struct Case {
    /// The folder.
    pub folder: PathBuf,
    /// The records, and the lines that they stand in.
    pub records: Vec<(usize, RecordJson)>,
    /// What each must come to; `None` where nobody has said.
    pub expected: Option<Vec<Outcome>>,
    configuration: Option<SourceFile>,
}

/// Why a case can't be run, in words.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A file is not as it must be.
    #[error("{0}")]
    File(String),
    /// Its configuration is wrong.
    #[error("{}", .0.render(false))]
    Configuration(Report),
}

/// The ways through a case, in the order of [`Pass::ALL`], each with what became of each record.
pub type Passes = [Vec<Delivery>; Pass::ALL.len()];

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// What is wrong with its files.
    pub fn read(folder: &Path) -> Result<Case, Unusable> {
        let input = text(&folder.join(INPUT))?;
        let input = input.ok_or_else(|| {
            let what = format!("{} has no {INPUT}", folder.display());
            Unusable::File(what)
        })?;
        let path = folder.join(CONFIGURATION);
        let configuration = text(&path)?
            .map(|text| super::alone::source(&path.display().to_string(), text, folder.to_owned()));
        let expected = match text(&folder.join(EXPECTED))? {
            None => None,
            Some(text) => {
                let outcomes = lines(&folder.join(EXPECTED), &text, OUTCOME)?;
                let outcomes = outcomes.into_iter();
                Some(
                    outcomes
                        .map(|(_, of): (_, Outcome)| of.without_places())
                        .collect(),
                )
            }
        };
        let path = folder.join(INPUT);
        let records = lines(&path, &input, RECORD)?;
        if records.is_empty() {
            let what = format!("{} has no record\n  help: {RECORD}", path.display());
            return Err(Unusable::File(what));
        }
        Ok(Case {
            folder: folder.to_owned(),
            records,
            expected,
            configuration,
        })
    }

    /// The same case with this in place of its configuration.
    pub fn configured(self, text: String) -> Case {
        let name = self.folder.join(CONFIGURATION).display().to_string();
        let configuration = Some(super::alone::source(&name, text, self.folder.clone()));
        Case {
            configuration,
            ..self
        }
    }

    /// Passes the records through the plugin, each way.
    ///
    /// # Errors
    /// The configuration is wrong, or the handler can't be started with it.
    pub fn run(&self, plugin: &Alone, description: &Description) -> Result<Passes, Unusable> {
        let (name, loaded) = self.load(plugin, description)?;
        let isolated = isolated(&loaded, &name);
        let pass = |pass: Pass| {
            let loaded = match pass {
                Pass::Fresh => &isolated,
                Pass::Reused | Pass::Reverse => &loaded,
            };
            self.pass(plugin, loaded, &name, pass)
        };
        let [first, second, third] = Pass::ALL;
        Ok([pass(first)?, pass(second)?, pass(third)?])
    }

    fn pass(
        &self,
        plugin: &Alone,
        loaded: &Loaded,
        name: &str,
        pass: Pass,
    ) -> Result<Vec<Delivery>, Unusable> {
        let unusable = |why: &dyn std::fmt::Display| Unusable::File(why.to_string());
        let runtime = plugin.shelf().runtime(&loaded.config);
        let runtime = runtime.map_err(|error| unusable(error))?;
        let mut benches = BTreeMap::new();
        for topic in self.topics() {
            let bench = Bench::new(loaded, runtime, topic, name);
            benches.insert(topic, bench);
        }
        let deliver = |(index, (_, record)): (usize, &(usize, RecordJson))| {
            let bench = &benches[topic_of(record)];
            let batch = batch(record, index);
            bench.deliver(record.partition.unwrap_or(0), &batch.record(0))
        };
        let records = self.records.iter().enumerate();
        Ok(match pass {
            Pass::Fresh | Pass::Reused => records.map(deliver).collect(),
            Pass::Reverse => {
                let mut turned: Vec<Delivery> = records.rev().map(deliver).collect();
                turned.reverse();
                turned
            }
        })
    }

    /// Writes what the records must come to from now on.
    ///
    /// # Errors
    /// It can't be written.
    pub fn expect(&mut self, outcomes: Vec<Outcome>) -> Result<(), Unusable> {
        let mut text = String::new();
        for outcome in &outcomes {
            // Texts, numbers and bytes: there is nothing in it that JSON lacks.
            text += &escape::json(&serde_json::to_string(outcome).unwrap_or_default());
            text.push('\n');
        }
        let path = self.folder.join(EXPECTED);
        replace(&path, text.as_bytes()).map_err(|error| {
            let what = format!(
                "{} can't be written, and is as it was: {error}",
                path.display()
            );
            Unusable::File(what)
        })?;
        self.expected = Some(outcomes);
        Ok(())
    }

    /// The handler's name, and its configuration.
    fn load(
        &self,
        plugin: &Alone,
        description: &Description,
    ) -> Result<(String, Loaded), Unusable> {
        let own = self.own_tables();
        let handlers = table_names(&own, "handlers");
        let name = match handlers.as_slice() {
            [only] => only,
            _ => name_of(description),
        };
        let configured = table_names(&own, "topics");
        let names: BTreeSet<&str> = configured.iter().copied().chain(self.topics()).collect();
        let topics: Vec<Topic<'_>> = names
            .into_iter()
            .map(|name| Topic {
                name,
                dead_letter: !configured.contains(&name),
            })
            .collect();
        let mut own_files = Vec::new();
        if !has_settings(&own, name) {
            own_files.push(self.lacking(name));
        }
        own_files.extend(self.configuration.clone());
        let loaded = plugin.load(name, description, &topics, own_files);
        let loaded = loaded.map_err(Unusable::Configuration)?;
        Ok((name.to_owned(), loaded))
    }

    /// What a case's configuration lacks, so that a setting that is missing is asked for there.
    fn lacking(&self, handler: &str) -> SourceFile {
        let path = self.folder.join(CONFIGURATION);
        let name = format!("{} (what it lacks)", path.display());
        let text = format!("[handlers.{}.settings]\n", toml_text::key(handler));
        super::alone::source(&name, text, self.folder.clone())
    }

    /// Empty where it is no TOML, which is for the configuration's own check to report.
    fn own_tables(&self) -> toml::Table {
        let bytes = self
            .configuration
            .as_ref()
            .and_then(|file| file.bytes.as_ref().ok());
        let text = bytes.and_then(|bytes| str::from_utf8(bytes).ok());
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    fn topics(&self) -> BTreeSet<&str> {
        self.records
            .iter()
            .map(|(_, record)| topic_of(record))
            .collect()
    }
}

fn table_names<'a>(tables: &'a toml::Table, section: &str) -> Vec<&'a str> {
    let section = tables.get(section).and_then(toml::Value::as_table);
    section
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect()
}

fn has_settings(tables: &toml::Table, handler: &str) -> bool {
    let handlers = tables.get("handlers");
    let of = handlers.and_then(|handlers| handlers.get(handler));
    of.is_some_and(|of| of.get("settings").is_some())
}

fn topic_of(record: &RecordJson) -> &str {
    record.topic.as_deref().unwrap_or(TOPIC)
}

/// The record as the host holds it; `index` is its offset if it says nothing of it.
fn batch(record: &RecordJson, index: usize) -> Batch {
    let headers = record.headers.iter().map(|of| Header {
        name: &of.name,
        value: of.value.as_deref(),
    });
    let offset = Offset(record.offset.unwrap_or(index as i64));
    let mut batch = Batch::default();
    batch.push(
        offset,
        record.time(),
        record.key.as_deref(),
        record.value.as_deref(),
        headers,
    );
    batch
}

/// A file's text; `None` if there is none.
fn text(path: &Path) -> Result<Option<String>, Unusable> {
    let read = || -> io::Result<String> {
        if fs::metadata(path)?.len() > FILE_BYTES_MAX {
            let limit_mib = FILE_BYTES_MAX >> 20;
            return Err(io::Error::other(format!(
                "it is larger than {limit_mib} MiB"
            )));
        }
        fs::read_to_string(path)
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let what = format!("{} can't be read: {error}", path.display());
            Err(Unusable::File(what))
        }
    }
}

/// In one step: what was expected may be somebody's work, and a disk be full.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    beside.write_all(bytes)?;
    beside.persist(path)?;
    Ok(())
}

/// What stands in each line that is not empty, with the line's number; `help` says what should.
fn lines<T: serde::de::DeserializeOwned>(
    path: &Path,
    text: &str,
    help: &str,
) -> Result<Vec<(usize, T)>, Unusable> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_ascii().is_empty());
    let parse = |(index, line): (usize, &str)| {
        let number = index + 1;
        let parsed = serde_json::from_str(line).map_err(|error| {
            // Each line is one line to the parser.
            let error = error.to_string().replace(" at line 1 column", " at column");
            let place = format!("{}:{number}", path.display());
            Unusable::File(format!("{place}: {error}\n  help: {help}"))
        });
        parsed.map(|of| (number, of))
    };
    lines.map(parse).collect()
}

/// Whether there is a file; below what is no folder there is none.
fn is_there(path: &Path) -> io::Result<bool> {
    match path.try_exists() {
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
        found => found,
    }
}

/// The folders of cases below `folder`, by name.
///
/// # Errors
/// It can't be read.
pub fn find(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // One that has lost its records is said to, and not left out.
        let is_case = [INPUT, EXPECTED, CONFIGURATION]
            .iter()
            .try_fold(false, |is, name| Ok(is || is_there(&path.join(name))?));
        let is_case = is_case.map_err(|error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        });
        if is_case? {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
