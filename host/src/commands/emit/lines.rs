//! Records as lines of JSON, in batches of what is there: a pipe that pauses holds nothing back.

use std::io::{BufRead, BufReader, Read};

use super::source::unreadable;
use crate::commands::{Exit, Failure};
use crate::record_json::RecordJson;

const BATCH_RECORDS_MAX: usize = 10_000;
/// Of lines; one may exceed it.
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// See the module.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    line_number: u64,
    bytes: usize,
    /// What ends the lines, once those before it are handed out.
    end: Option<Failure>,
    ended: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: BufReader<R>) -> Lines<R> {
        Lines {
            input,
            line_number: 0,
            bytes: 0,
            end: None,
            ended: false,
        }
    }

    /// The next record; `None` at the end.
    fn record(&mut self) -> Result<Option<RecordJson>, Failure> {
        let mut line = Vec::new();
        loop {
            line.clear();
            self.line_number += 1;
            if self
                .input
                .read_until(b'\n', &mut line)
                .map_err(unreadable)?
                == 0
            {
                return Ok(None);
            }
            self.bytes += line.len();
            if !line.trim_ascii().is_empty() {
                return parse(&line).map(Some).map_err(|why| {
                    Failure::new(Exit::Usage, format!("line {}: {why}", self.line_number)).hint(
                        "a line is a record as `penstock peek --json` writes it: \
                         {\"key\":…,\"value\":…,\"headers\":[…]}",
                    )
                });
            }
        }
    }
}

fn parse(line: &[u8]) -> Result<RecordJson, String> {
    let line = str::from_utf8(line).map_err(|error| error.to_string())?;
    RecordJson::parse(line.trim_ascii_end()).map_err(|error| {
        // Each text is one line to the parser.
        error.to_string().replace(" at line 1 column", " at column")
    })
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Result<Vec<RecordJson>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Vec::new();
        self.bytes = 0;
        while !self.ended && batch.len() < BATCH_RECORDS_MAX && self.bytes < BATCH_BYTES_MAX {
            match self.record() {
                Ok(Some(record)) => batch.push(record),
                Ok(None) => self.ended = true,
                Err(failure) => {
                    self.end = Some(failure);
                    self.ended = true;
                }
            }
            // Another whole line can be had without waiting.
            if !self.input.buffer().contains(&b'\n') {
                break;
            }
        }
        if batch.is_empty() {
            return self.end.take().map(Err);
        }
        Some(Ok(batch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Result<Vec<RecordJson>, Failure>> {
        Lines::new(BufReader::new(text.as_bytes())).collect()
    }

    #[test]
    fn each_line_is_a_record_and_blank_ones_are_none() {
        let batches = lines("{\"value\":\"a\"}\n\n  \r\n{\"value\":\"b\"}\r\n{\"value\":null}");
        let values: Vec<_> = batches
            .into_iter()
            .flat_map(|batch| batch.expect("records"))
            .map(|record| record.value)
            .collect();
        assert_eq!(values, [Some(b"a".to_vec()), Some(b"b".to_vec()), None]);
    }

    #[test]
    fn what_comes_before_a_wrong_line_is_handed_out_first() {
        let batches =
            lines("{\"value\":\"a\"}\n{\"value\":\"b\"}\n{\"vlaue\":1}\n{\"value\":\"c\"}\n");
        let [Ok(before), Err(failure)] = &batches[..] else {
            panic!("{batches:?}");
        };
        assert_eq!(before.len(), 2);
        assert_eq!(failure.exit(), Exit::Usage);
        let text = failure.to_string();
        assert!(text.contains("line 3: unknown field `vlaue`"), "{text}");
        assert!(text.contains("at column"), "{text}");
    }

    #[test]
    fn a_line_is_handed_out_while_the_next_is_not_there_yet() {
        /// Gives a line, and would wait for ever for the next.
        struct Slow(usize);
        impl Read for Slow {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                assert_eq!(self.0, 0, "it waits for a line that is not there");
                self.0 += 1;
                (&b"{\"value\":\"a\"}\n{\"val"[..]).read(buffer)
            }
        }
        let batch = Lines::new(BufReader::new(Slow(0))).next();
        assert_eq!(batch.expect("a batch").expect("records").len(), 1);
    }
}
