//! A line that says that a plugin is being compiled, for whoever waits at a terminal.

use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Draws itself on standard error, from a thread of its own; on anything but a terminal nothing is
/// shown.
pub fn line(path: &Path) -> ProgressBar {
    let line = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        line.set_style(style);
    }
    let name = path.file_name().unwrap_or_default();
    line.set_message(format!(
        "compiling {}, which is done once for each version of a plugin:",
        crate::escape::text(name.as_encoded_bytes())
    ));
    line.enable_steady_tick(Duration::from_millis(100));
    line
}
