//! A line that says that a plugin is being compiled, for whoever waits at a terminal.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use penstock_core::config::{
    Config, ConfigureProblem, HandlerLimits, PluginFacts, PluginProblem, Plugins,
};

use crate::shelf::Shelf;

/// Plugins of which it is shown when one is compiled. On anything but a terminal nothing is shown.
pub struct Shown<'s>(&'s Shelf);

impl<'s> Shown<'s> {
    /// The same plugins.
    pub fn of(shelf: &'s Shelf) -> Shown<'s> {
        Shown(shelf)
    }
}

impl Plugins for Shown<'_> {
    fn inspect(
        &self,
        path: &Path,
        pinned: Option<[u8; 32]>,
        config: &Config,
    ) -> Result<PluginFacts, PluginProblem> {
        let line = self
            .0
            .is_to_compile(path, pinned, config)
            .then(|| line(path));
        let facts = self.0.inspect(path, pinned, config);
        if let Some(line) = line {
            line.finish_and_clear();
        }
        facts
    }

    fn configure(
        &self,
        path: &Path,
        sha256: [u8; 32],
        topic: &str,
        settings: &BTreeMap<String, String>,
        limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem> {
        self.0.configure(path, sha256, topic, settings, limits)
    }
}

/// Draws itself on standard error, from a thread of its own.
fn line(path: &Path) -> ProgressBar {
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
