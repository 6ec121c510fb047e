//! Standard input, which is empty, and standard output and error, whose lines go to the host's
//! log, within its limits. What went to standard error is kept beside a trap, too.

use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower, Resource, WasmList};
use wasmtime::{Error, Result, StoreContextMut};

use crate::bounds::TEXT_BYTES_MAX;
use crate::contract::LogLevel;
use crate::log::Log;
use crate::state::{Origin, State};
use crate::wasi::Nothing;
use crate::wasi::clocks::Pollable;

/// What may be written at once: it is read in the host, where no deadline interrupts.
const WRITE_BYTES_MAX: u64 = 64 << 10;

/// A line that goes on beyond this goes on as another.
const LINE_BYTES_MAX: usize = 8 << 10;

/// Of what was written to standard error, so much of its beginning is kept, and of its end.
const STDERR_HALF_BYTES: usize = TEXT_BYTES_MAX / 4;

pub(super) struct InputStream;

pub(super) struct OutputStream;

const STDOUT: u32 = 1;
const STDERR: u32 = 2;

/// What one call printed.
#[derive(Default)]
pub(super) struct Stdio {
    out: Vec<u8>,
    err: Vec<u8>,
    kept: Vec<u8>,
    left_out: bool,
}

impl Stdio {
    pub(super) fn begin(&mut self) {
        self.kept.clear();
        self.left_out = false;
    }

    pub(super) fn end(&mut self, log: &mut Log, origin: &Origin) {
        for (line, level) in [
            (&mut self.out, LogLevel::Info),
            (&mut self.err, LogLevel::Warn),
        ] {
            end_line(line, level, log, origin);
        }
    }

    fn write(&mut self, stream: u32, bytes: &[u8], log: &mut Log, origin: &Origin) {
        let (line, level) = if stream == STDERR {
            self.keep(bytes);
            (&mut self.err, LogLevel::Warn)
        } else {
            (&mut self.out, LogLevel::Info)
        };
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for piece in piece.chunks(LINE_BYTES_MAX) {
                if line.len() + piece.len() > LINE_BYTES_MAX {
                    end_line(line, level, log, origin);
                }
                line.extend_from_slice(piece);
            }
            if line.last() == Some(&b'\n') {
                end_line(line, level, log, origin);
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        let too_many = self.kept.len().saturating_sub(2 * STDERR_HALF_BYTES);
        if too_many > 0 {
            let from = STDERR_HALF_BYTES;
            self.kept.drain(from..from + too_many);
            self.left_out = true;
        }
    }

    pub(super) fn stderr(&self) -> String {
        let text = String::from_utf8_lossy;
        if self.left_out {
            let (beginning, end) = self.kept.split_at(STDERR_HALF_BYTES);
            format!("{}\n…\n{}", text(beginning), text(end))
        } else {
            text(&self.kept).into_owned()
        }
    }
}

/// Empty lines are not worth one of the log's.
fn end_line(line: &mut Vec<u8>, level: LogLevel, log: &mut Log, origin: &Origin) {
    if line.is_empty() {
        return;
    }
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    if !text.is_empty() {
        log.write(level, text, origin);
    }
    line.clear();
}

/// Never made: `write` always succeeds, and reading answers by its type alone.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    LastOperationFailed(Resource<Nothing>),
    #[component(name = "closed")]
    Closed,
}

type Answer<T> = Result<(Result<T, StreamError>,)>;
type Store<'a> = StoreContextMut<'a, State>;

pub(super) fn give(
    linker: &mut LinkerInstance<'_, State>,
    interface: &str,
    function: &str,
) -> Option<Result<()>> {
    Some(match (interface, function) {
        ("wasi:cli/stdin", "get-stdin") => linker.func_wrap(function, |_, (): ()| {
            Ok((Resource::<InputStream>::new_own(0),))
        }),
        ("wasi:cli/stdout", "get-stdout") => linker.func_wrap(function, |_, (): ()| {
            Ok((Resource::<OutputStream>::new_own(STDOUT),))
        }),
        ("wasi:cli/stderr", "get-stderr") => linker.func_wrap(function, |_, (): ()| {
            Ok((Resource::<OutputStream>::new_own(STDERR),))
        }),
        ("wasi:io/streams", "[method]input-stream.subscribe") => {
            linker.func_wrap(function, subscribe::<InputStream>)
        }
        ("wasi:io/streams", "[method]output-stream.subscribe") => {
            linker.func_wrap(function, subscribe::<OutputStream>)
        }
        ("wasi:io/streams", "[method]output-stream.check-write") => {
            linker.func_wrap(function, check_write)
        }
        (
            "wasi:io/streams",
            "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush",
        ) => linker.func_wrap(function, write),
        (
            "wasi:io/streams",
            "[method]output-stream.flush" | "[method]output-stream.blocking-flush",
        ) => linker.func_wrap(function, flush),
        _ => return None,
    })
}

fn subscribe<S: 'static>(mut store: Store<'_>, _: (Resource<S>,)) -> Result<(Resource<Pollable>,)> {
    Ok((store.data_mut().wasi.clocks.subscribe_ready()?,))
}

fn check_write(_: Store<'_>, _: (Resource<OutputStream>,)) -> Answer<u64> {
    Ok((Ok(WRITE_BYTES_MAX),))
}

fn flush(_: Store<'_>, _: (Resource<OutputStream>,)) -> Answer<()> {
    Ok((Ok(()),))
}

fn write(
    mut store: Store<'_>,
    (stream, bytes): (Resource<OutputStream>, WasmList<u8>),
) -> Answer<()> {
    if bytes.len() as u64 > WRITE_BYTES_MAX {
        return Err(Error::msg(format!(
            "{} bytes were written at once, and {WRITE_BYTES_MAX} are the limit",
            bytes.len()
        )));
    }
    // Taken out for the moment: the bytes are borrowed from the same store.
    let state = store.data_mut();
    let mut log = std::mem::take(&mut state.log);
    let mut stdio = std::mem::take(&mut state.wasi.stdio);
    let text = bytes.as_le_slice(&store);
    stdio.write(stream.rep(), text, &mut log, &store.data().origin);
    let state = store.data_mut();
    state.wasi.stdio = stdio;
    state.log = log;
    Ok((Ok(()),))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_standard_error_beginning_and_end_are_kept() {
        let mut stdio = Stdio::default();
        stdio.keep(b"panic: boom\n");
        assert_eq!(stdio.stderr(), "panic: boom\n");
        for _ in 0..1_000 {
            stdio.keep(b"goroutine 1 [running]\n");
        }
        stdio.keep(b"exit status 2\n");
        let kept = stdio.stderr();
        assert!(kept.starts_with("panic: boom\n"), "{kept}");
        assert!(kept.ends_with("exit status 2\n"), "{kept}");
        assert!(kept.len() < TEXT_BYTES_MAX / 2 + 10, "{}", kept.len());
        stdio.begin();
        assert_eq!(stdio.stderr(), "");
    }
}
