//! The host's log: lines of JSON or text on standard output, levels by `PENSTOCK_LOG`.
//!
//! Standard output, because the log is what `run` produces and containers collect it there.

mod lines;

use std::fmt;
use std::io::IsTerminal;

use penstock_core::config::{Log, LogFormat};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use lines::Lines;

/// The environment variable that sets the level.
pub const LEVEL_VARIABLE: &str = "PENSTOCK_LOG";

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level is none.
    #[error(
        "{LEVEL_VARIABLE} is \"{0}\", which is no level; it may be error, warn, info, debug, \
         trace or off"
    )]
    Level(String),
    /// The writer's thread did not start.
    #[error("the log's thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The process has a log already.
    #[error("the process has a log already")]
    Twice,
}

/// Starts the process's log. What was logged is written when the guard is dropped or the process
/// exits, at the latest.
///
/// # Errors
/// [`LogError`]: a level that is none, or a second log.
pub fn start(log: &Log) -> Result<Lines, LogError> {
    let level = level(std::env::var(LEVEL_VARIABLE).ok().as_deref())?;
    let stdout = std::io::stdout();
    let colours = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let lines = Lines::start(stdout)?;
    subscriber(log.format, level, colours, lines.writer())
        .try_init()
        .map_err(|_| LogError::Twice)?;
    lines.flush_at_exit();
    Ok(lines)
}

/// Waits until what was logged is written, some seconds at most.
pub(crate) fn flush() {
    lines::flush_process_log();
}

/// The level that the environment asks for; where that is none, the default.
pub(crate) fn level_asked() -> LevelFilter {
    level(std::env::var(LEVEL_VARIABLE).ok().as_deref()).unwrap_or(LevelFilter::INFO)
}

fn level(variable: Option<&str>) -> Result<LevelFilter, LogError> {
    match variable.map(str::trim) {
        None | Some("") => Ok(LevelFilter::INFO),
        Some(name) if name.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            name.parse().map_err(|_| LogError::Level(name.to_owned()))
        }
        Some(other) => Err(LogError::Level(other.to_owned())),
    }
}

fn subscriber<W>(
    format: LogFormat,
    level: LevelFilter,
    colours: bool,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // What libraries tell below a warning is about themselves, not about records; what the client
    // was told to tell by its `debug` setting is asked for by the level too.
    let client = match level {
        LevelFilter::DEBUG | LevelFilter::TRACE => level,
        _ => level.min(LevelFilter::WARN),
    };
    let ours = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("librdkafka", client)
        .with_target("penstock", level)
        .with_target("guest", level);
    let registry = tracing_subscriber::registry().with(ours);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_target(false)
        .with_ansi(colours)
        .with_timer(Rfc3339);
    match format {
        LogFormat::Text => Box::new(registry.with(layer)),
        LogFormat::Json => Box::new(
            registry.with(
                layer
                    .json()
                    .flatten_event(true)
                    .with_current_span(false)
                    .with_span_list(false),
            ),
        ),
    }
}

/// UTC with milliseconds.
struct Rfc3339;

impl FormatTime for Rfc3339 {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        write!(w, "{:.3}", jiff::Timestamp::now())
    }
}

#[cfg(test)]
mod tests;
