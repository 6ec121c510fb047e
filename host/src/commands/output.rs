//! Standard output, whose reader may leave when it has seen enough.

use std::fmt;
use std::io::{self, Write};

use super::{Exit, Failure};

/// Writes to standard output, without colours where they don't belong.
///
/// # Errors
/// Of the stream; see [`finish`].
pub fn print(text: &str) -> io::Result<()> {
    let mut stream = anstream::stdout().lock();
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

/// Says something on standard error. Where nobody reads it, what is being done goes on all the
/// same: half of the hosts of a group must not be left out because `head` has seen enough.
pub fn tell(what: impl fmt::Display) {
    drop(writeln!(anstream::stderr(), "{what}"));
}

/// How a command that has written ends: a reader that left (`| head`) is none of its problems.
///
/// # Errors
/// Whatever else kept the output from being written.
pub fn finish(written: io::Result<()>) -> Result<Exit, Failure> {
    match written {
        Ok(()) => Ok(Exit::Fine),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Fine),
        Err(error) => Err(Failure::new(
            Exit::Problem,
            format!("the output can't be written: {error}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_left_is_no_problem_and_a_full_disk_is() {
        let ended = |kind: io::ErrorKind| finish(Err(kind.into()));
        assert_eq!(ended(io::ErrorKind::BrokenPipe), Ok(Exit::Fine));
        let failure = ended(io::ErrorKind::StorageFull).expect_err("a problem");
        assert_eq!(failure.exit(), Exit::Problem);
    }
}
