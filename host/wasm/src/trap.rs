//! What a call that did not return ran into: the deadline, its memory, or a trap of its own, with
//! function, file and line.

use penstock_core::verdict::Failure;
use wasmtime::{FrameInfo, FrameSymbol, Trap, WasmBacktrace};

use crate::bounds::{self, TEXT_BYTES_MAX};
use crate::state::State;

/// Frames of a trace that are looked up and shown; inlined functions come on top.
pub(crate) const FRAMES_MAX: usize = 32;

/// Why the call ended in `error`. The limits that `emit` keeps are told by `Outputs`.
pub(crate) fn classify(error: &wasmtime::Error, state: &State) -> Failure {
    if matches!(error.downcast_ref::<Trap>(), Some(Trap::Interrupt)) {
        return Failure::Deadline {
            limit: state.deadline.limit(),
        };
    }
    if state.memory.refused() {
        return Failure::Memory {
            limit_bytes: state.memory.limit_bytes() as u64,
        };
    }
    let trap = error.root_cause().to_string();
    let trap = bounds::one_line(trap.strip_prefix("wasm trap: ").unwrap_or(&trap));
    let stderr = state.wasi.stderr();
    let mut said = bounds::one_line(state.log.last_error());
    if said.is_empty() {
        said = bounds::one_line(&stderr);
    }
    Failure::Trap {
        message: if said.is_empty() {
            trap
        } else {
            format!("{said} ({trap})")
        },
        trace: trace(error.downcast_ref::<WasmBacktrace>(), &stderr),
    }
}

/// The functions, then what the guest wrote to its standard error, where runtimes print their own
/// trace.
fn trace(backtrace: Option<&WasmBacktrace>, stderr: &str) -> String {
    let stderr = stderr.lines().map(bounds::printable);
    let stderr = stderr.collect::<Vec<_>>().join("\n");
    let frames = backtrace.map_or(&[][..], WasmBacktrace::frames);
    let mut trace = functions(frames, TEXT_BYTES_MAX.saturating_sub(stderr.len()));
    if !stderr.is_empty() {
        if !trace.is_empty() {
            trace.push('\n');
        }
        trace.push_str("standard error:\n");
        trace.push_str(&stderr);
    }
    bounds::cut(trace, TEXT_BYTES_MAX)
}

/// What every panic of a Rust guest runs through before it traps: nobody's fault lies there.
const PANIC_MACHINERY: [&str; 6] = [
    "__rustc::",
    "core::panicking::",
    "std::panicking::",
    "std::sys::backtrace::",
    "core::option::",
    "core::result::",
];

/// One line a function, the innermost first.
fn functions(frames: &[FrameInfo], bytes_max: usize) -> String {
    let lines = frames.iter().flat_map(frame_lines);
    let lines = lines.skip_while(|(function, _)| {
        PANIC_MACHINERY
            .iter()
            .any(|prefix| function.starts_with(prefix))
    });
    let mut trace = String::new();
    for (function, place) in lines {
        if trace.len() + function.len() + place.len() > bytes_max {
            trace.push_str("…\n");
            break;
        }
        trace.push_str("at ");
        trace.push_str(&bounds::printable(&function));
        trace.push_str(&bounds::printable(&place));
        trace.push('\n');
    }
    trace.truncate(trace.trim_end().len());
    trace
}

/// Functions and their places: those that were inlined first, the frame's own last.
fn frame_lines(frame: &FrameInfo) -> Vec<(String, String)> {
    let own = match frame.func_name() {
        // `{:#}` leaves the hash out.
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
        None => format!("function {}", frame.func_index()),
    };
    let Some((last, inlined)) = frame.symbols().split_last() else {
        return vec![(own, String::new())];
    };
    let inlined = inlined.iter().map(|symbol| {
        let name = symbol.name().unwrap_or("inlined function");
        let name = format!("{:#}", rustc_demangle::demangle(name));
        // Line tables spell out each type parameter, which hides the name.
        let end = name.find('<').filter(|at| *at > 0).unwrap_or(name.len());
        (name[..end].to_owned(), place(symbol))
    });
    // Of the frame's own the name section knows the path, line tables the bare name.
    inlined.chain([(own, place(last))]).collect()
}

fn place(symbol: &FrameSymbol) -> String {
    match (symbol.file(), symbol.line()) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        (Some(file), None) => format!(" ({file})"),
        (None, _) => String::new(),
    }
}
