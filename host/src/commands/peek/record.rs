//! `penstock peek --record`: what is shown becomes a test case of a plugin; with `--through`, with
//! what its handler makes of it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::through::Configured;
use crate::commands::{Exit, Failure, output};
use crate::escape;
use crate::record_json::RecordJson;
use crate::trial::Alone;
use crate::trial::case::{CONFIGURATION, Case, INPUT, Unusable};
use crate::trial::outcome::Outcome;

/// Of `[handlers.NAME]`: what says which plugin it is and where its outputs go is another matter in
/// a test.
const NOT_OF_A_CASE: [&str; 3] = ["plugin", "sha256", "outputs"];
/// Sections that hold for all handlers.
const FOR_ALL: [&str; 3] = ["limits", "retry", "failures"];

/// A case that is being recorded.
pub(super) struct Recorder {
    folder: PathBuf,
    file: BufWriter<File>,
    records: u64,
    /// The first thing that went wrong; nothing is written after it.
    failed: Option<io::Error>,
}

impl Recorder {
    /// Makes the folder, which must not hold a case.
    ///
    /// # Errors
    /// It holds one, or can't be made.
    pub(super) fn create(folder: &Path) -> Result<Recorder, Failure> {
        let file = fs::create_dir_all(folder).and_then(|()| File::create_new(folder.join(INPUT)));
        let file = file.map_err(|error| {
            let shown = escape::text(folder.display().to_string().as_bytes());
            let failure = match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    Failure::new(Exit::Usage, format!("{shown} has a case already"))
                        .hint("name another folder, or remove this one")
                }
                _ => Failure::new(Exit::Usage, format!("{shown} can't be written: {error}")),
            };
            failure.cost("nothing was recorded")
        })?;
        Ok(Recorder {
            folder: folder.to_owned(),
            file: BufWriter::new(file),
            records: 0,
            failed: None,
        })
    }

    /// Takes one more record.
    pub(super) fn take(&mut self, record: &RecordJson) {
        if self.failed.is_none() {
            let line = escape::json(&record.to_string());
            self.failed = writeln!(self.file, "{line}").err();
            self.records += 1;
        }
    }

    /// Completes the case: with the handler, its configuration and what it makes of the records.
    ///
    /// # Errors
    /// It can't be written, or the handler can't be tried with it.
    pub(super) fn finish(
        mut self,
        through: Option<(&Configured<'_>, &[PathBuf])>,
        topic: &str,
    ) -> Result<(), Failure> {
        let folder = escape::text(self.folder.display().to_string().as_bytes());
        let unwritten = |error: io::Error| {
            Failure::new(Exit::Usage, format!("{folder} can't be written: {error}"))
                .cost("the case is not whole")
        };
        self.failed
            .map_or_else(|| self.file.flush(), Err)
            .map_err(unwritten)?;
        if let Some((handler, files)) = through {
            let text = configuration(files, handler.name(), topic);
            fs::write(self.folder.join(CONFIGURATION), text).map_err(unwritten)?;
            expect(&self.folder, handler).map_err(|why| {
                Failure::new(Exit::Usage, why).cost("what is expected was not written")
            })?;
        }
        output::tell(format!("(recorded in {folder}: {} records)", self.records));
        Ok(())
    }
}

/// Writes what the handler makes of the recorded case, as `penstock plugin test` runs it.
fn expect(folder: &Path, handler: &Configured<'_>) -> Result<(), Unusable> {
    let mut case = Case::read(folder)?;
    let plugin = Alone::new(handler.plugin());
    let [fresh, ..] = case.run(&plugin, handler.description())?;
    case.expect(fresh.iter().map(Outcome::of).collect())
}

/// What the files say of the handler, as it stands there: a variable stays one.
fn configuration(files: &[PathBuf], handler: &str, topic: &str) -> String {
    let mut all = Table::new();
    // They were loaded a moment ago.
    for file in files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
    {
        lay_over(&mut all, file.parse().unwrap_or_default());
    }
    let mut case = Table::new();
    for name in FOR_ALL {
        case.extend(all.remove(name).map(|of| (name.to_owned(), of)));
    }
    let mut own = taken(&mut all, "handlers", handler).unwrap_or_default();
    own.retain(|name, _| !NOT_OF_A_CASE.contains(&name));
    case.insert("handlers".to_owned(), only(handler, own));
    // One that is not configured has a dead-letter topic in a case.
    if let Some(mut of) = taken(&mut all, "topics", topic) {
        of.retain(|name, _| name == "dead-letter");
        case.insert("topics".to_owned(), only(topic, of));
    }
    case.to_string()
}

fn taken(all: &mut Table, section: &str, name: &str) -> Option<Table> {
    match all.get_mut(section)?.as_table_mut()?.remove(name)? {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

fn only(name: &str, table: Table) -> Value {
    Value::Table(Table::from_iter([(name.to_owned(), Value::Table(table))]))
}

/// Tables merge, arrays and values replace.
fn lay_over(below: &mut Table, above: Table) {
    for (name, value) in above {
        match (below.get_mut(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => drop(below.insert(name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> RecordJson {
        RecordJson {
            value: Some(b"v\x1b".to_vec()),
            ..RecordJson::default()
        }
    }

    #[test]
    fn records_come_back_as_they_were() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("tests/one");
        let mut recorder = Recorder::create(&folder).expect("made");
        recorder.take(&record());
        recorder.take(&record());
        recorder.finish(None, "t").expect("written");
        let case = Case::read(&folder).expect("a case");
        assert_eq!(case.records, [(1, record()), (2, record())]);
        assert!(case.expected.is_none());
        let error = Recorder::create(&folder).err().expect("it is there");
        assert!(error.to_string().contains("has a case already"), "{error}");
    }

    #[test]
    fn a_case_has_what_the_configuration_says_of_its_handler() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().join("base.toml");
        let top = folder.path().join("top.toml");
        let text = "[host]\nid = \"a\"\n[retry]\nattempts = 3\n\
            [handlers.h]\nplugin = \"x.wasm\"\noutputs = { o = \"t\" }\n\
            settings = { token = \"${TOKEN}\", days = \"1\" }\n[handlers.other]\nplugin = \"y.wasm\"\n\
            [topics.t]\nhandlers = [\"h\"]\nstart = \"earliest\"\ndead-letter = \"d\"\n[topics.u]\n";
        fs::write(&base, text).expect("written");
        fs::write(&top, "[handlers.h.settings]\ndays = \"2\"\n").expect("written");
        let case = |topic: &str| -> Table {
            let text = configuration(&[base.clone(), top.clone()], "h", topic);
            text.parse().expect("TOML")
        };
        let parse = |text: &str| -> Table { text.parse().expect("TOML") };
        let common =
            "retry.attempts = 3\nhandlers.h.settings = { token = \"${TOKEN}\", days = \"2\" }\n";
        assert_eq!(
            case("t"),
            parse(&format!("{common}topics.t.dead-letter = \"d\""))
        );
        assert_eq!(case("u"), parse(&format!("{common}topics.u = {{}}")));
        assert_eq!(case("none"), parse(common));
    }
}
