//! `penstock peek --record`: what is shown becomes a test case of a plugin; with `--through`, with
//! what its handler makes of it.

mod told;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::through::Configured;
use crate::commands::{Exit, Failure, output};
use crate::escape;
use crate::record_json::RecordJson;
use crate::trial::Alone;
use crate::trial::case::{CONFIGURATION, Case, INPUT, Unusable};
use crate::trial::outcome::Outcome;
use told::Told;

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
            let told = Told::of(files, &self.folder, handler.name(), topic);
            let written = fs::write(self.folder.join(CONFIGURATION), &told.without_secrets);
            written.map_err(unwritten)?;
            for (setting, variable) in &told.left_out {
                output::tell(format!(
                    "(`{}` looks like a secret and was not written: the case reads it from the \
                     variable {variable})",
                    escape::text(setting.as_bytes())
                ));
            }
            expect(&self.folder, handler, told.whole).map_err(|why| {
                Failure::new(Exit::Usage, why).cost("what is expected was not written")
            })?;
        }
        output::tell(format!("(recorded in {folder}: {} records)", self.records));
        Ok(())
    }
}

/// Writes what the handler makes of the recorded case, as `penstock plugin test` runs it.
fn expect(folder: &Path, handler: &Configured<'_>, told: String) -> Result<(), Unusable> {
    let mut case = Case::read(folder)?.configured(told);
    let plugin = Alone::new(handler.plugin());
    let [fresh, ..] = case.run(&plugin, handler.description())?;
    case.expect(fresh.iter().map(Outcome::of).collect())
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
}
