//! What a call that did not return ran into: the deadline, its memory, or a trap of its own, with
//! function, file and line.

use std::time::Duration;

use penstock_core::verdict::Failure;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};

use crate::bounds::{self, TEXT_BYTES_MAX};
use crate::state::State;

/// Frames of a trace that are looked up and shown; inlined functions come on top.
pub(crate) const FRAMES_MAX: usize = 32;

/// Why the call ended in `error`. The limits that `emit` keeps are told by `Outputs`.
pub(crate) fn classify(error: &wasmtime::Error, state: &State, deadline: Duration) -> Failure {
    if matches!(error.downcast_ref::<Trap>(), Some(Trap::Interrupt)) {
        return Failure::Deadline { limit: deadline };
    }
    if state.memory.refused() {
        return Failure::Memory {
            limit_bytes: state.memory.limit_bytes() as u64,
        };
    }
    let trap = error.root_cause().to_string();
    let trap = bounds::one_line(trap.strip_prefix("wasm trap: ").unwrap_or(&trap));
    let said = bounds::one_line(state.log.last_error());
    Failure::Trap {
        message: if said.is_empty() {
            trap
        } else {
            format!("{said} ({trap})")
        },
        trace: error
            .downcast_ref::<WasmBacktrace>()
            .map(|backtrace| trace(backtrace.frames()))
            .unwrap_or_default(),
    }
}

/// One line a function, the innermost first.
fn trace(frames: &[FrameInfo]) -> String {
    let mut trace = String::new();
    let lines = frames.iter().flat_map(frame_lines);
    for line in lines {
        if trace.len() + line.len() > TEXT_BYTES_MAX {
            trace.push_str("…\n");
            break;
        }
        trace.push_str(&line);
        trace.push('\n');
    }
    trace.truncate(trace.trim_end().len());
    trace
}

fn frame_lines(frame: &FrameInfo) -> Vec<String> {
    let own_name = || match frame.func_name() {
        Some(name) => name.to_owned(),
        None => format!("function {}", frame.func_index()),
    };
    if frame.symbols().is_empty() {
        return vec![line(&own_name(), None, None)];
    }
    let symbols = frame.symbols().iter();
    symbols
        .map(|symbol| {
            let name = symbol.name().map_or_else(own_name, str::to_owned);
            line(&name, symbol.file(), symbol.line())
        })
        .collect()
}

fn line(function: &str, file: Option<&str>, line: Option<u32>) -> String {
    // `{:#}` leaves the hash out.
    let function = format!("{:#}", rustc_demangle::demangle(function));
    let function = bounds::printable(&function);
    match (file, line) {
        (Some(file), Some(line)) => format!("at {function} ({}:{line})", bounds::printable(file)),
        (Some(file), None) => format!("at {function} ({})", bounds::printable(file)),
        (None, _) => format!("at {function}"),
    }
}
