//! Where the records of `penstock emit` come from.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use super::lines::Lines;
use crate::commands::{Exit, Failure};
use crate::record_json::{HeaderJson, RecordJson};

/// The records, as the command line gives them.
#[derive(Debug, Default, clap::Args)]
pub(super) struct SourceArgs {
    /// The value, as text; `-` reads it from standard input.
    #[arg(group = "value_from", allow_hyphen_values = true)]
    value: Option<String>,
    /// Reads the value from a file, byte by byte; `-` is standard input.
    #[arg(long, value_name = "FILE", group = "value_from")]
    file: Option<PathBuf>,
    /// A null value, by which a compacted topic forgets the key.
    #[arg(long, group = "value_from", requires = "key")]
    tombstone: bool,
    /// Each line is a record, with key and headers; from standard input, unless said otherwise.
    #[arg(long, conflicts_with_all = ["key", "headers", "tombstone"])]
    json_lines: bool,
    /// The key, as text; left out, it is null.
    #[arg(long)]
    key: Option<String>,
    /// A header; may be given more than once.
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = header)]
    headers: Vec<HeaderJson>,
}

/// Lines of so many bytes are sent together; each batch costs a connection.
const BATCH_BYTES: usize = 1 << 20;

/// Batches of records.
pub(super) type Batches = Box<dyn Iterator<Item = Result<Vec<RecordJson>, Failure>>>;

impl SourceArgs {
    /// Opens the source.
    ///
    /// # Errors
    /// There is none, or it can't be read.
    pub(super) fn open(&self) -> Result<Batches, Failure> {
        if self.json_lines {
            let input = self.input()?.unwrap_or_else(|| Box::new(io::stdin()));
            // What is buffered is sent at once, as one batch.
            let input = BufReader::with_capacity(BATCH_BYTES, input);
            return Ok(Box::new(Lines::new(input)));
        }
        let value = match self.input()? {
            Some(mut input) => {
                let mut value = Vec::new();
                input.read_to_end(&mut value).map_err(unreadable)?;
                Some(value)
            }
            None if self.tombstone => None,
            None => {
                return Err(Failure::new(Exit::Usage, "there is no value to send").hint(
                    "give it as an argument, with --file, or `-` for standard input; --tombstone \
                     sends null",
                ));
            }
        };
        let record = RecordJson {
            key: self.key.clone().map(String::into_bytes),
            value,
            headers: self.headers.clone(),
            ..RecordJson::default()
        };
        Ok(Box::new(std::iter::once(Ok(vec![record]))))
    }

    fn input(&self) -> Result<Option<Box<dyn Read>>, Failure> {
        let stdin = || -> Box<dyn Read> { Box::new(io::stdin()) };
        match (&self.value, &self.file) {
            (Some(value), _) if value == "-" => Ok(Some(stdin())),
            (Some(value), _) => Ok(Some(Box::new(io::Cursor::new(value.clone())))),
            (None, Some(file)) if file == Path::new("-") => Ok(Some(stdin())),
            (None, Some(file)) => {
                let opened = File::open(file).map_err(|error| {
                    let what = format!("{} can't be read: {error}", file.display());
                    Failure::new(Exit::Usage, what)
                })?;
                Ok(Some(Box::new(opened)))
            }
            (None, None) => Ok(None),
        }
    }
}

pub(super) fn unreadable(error: io::Error) -> Failure {
    Failure::new(Exit::Usage, format!("the input can't be read: {error}"))
}

fn header(text: &str) -> Result<HeaderJson, String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "a header is NAME=VALUE".to_owned())?;
    Ok(HeaderJson {
        name: name.as_bytes().to_vec(),
        value: Some(value.as_bytes().to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(args: &SourceArgs) -> RecordJson {
        let mut batches = args.open().expect("a source");
        let mut batch = batches.next().expect("a batch").expect("readable");
        assert!(batches.next().is_none());
        assert_eq!(batch.len(), 1);
        batch.remove(0)
    }

    #[test]
    fn a_value_comes_with_its_key_and_headers() {
        let record = only(&SourceArgs {
            value: Some("v".to_owned()),
            key: Some("k".to_owned()),
            headers: vec![
                header("a=b=c").expect("a header"),
                header("d=").expect("a header"),
            ],
            ..SourceArgs::default()
        });
        assert_eq!(
            record.to_string(),
            r#"{"key":"k","value":"v","headers":[{"name":"a","value":"b=c"},{"name":"d","value":""}]}"#
        );
    }

    #[test]
    fn a_file_is_sent_byte_by_byte() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        io::Write::write_all(&mut file, b"\xff\r\n").expect("it is written");
        let record = only(&SourceArgs {
            file: Some(file.path().to_owned()),
            ..SourceArgs::default()
        });
        assert_eq!(record.value.as_deref(), Some(&b"\xff\r\n"[..]));
    }

    #[test]
    fn null_is_sent_only_when_asked_for() {
        let tombstone = SourceArgs {
            tombstone: true,
            ..SourceArgs::default()
        };
        assert_eq!(only(&tombstone).value, None);
        let Err(failure) = SourceArgs::default().open() else {
            panic!("there is no value");
        };
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(header("x").is_err());
    }
}
