//! What the configuration asks of the plugin files, and whether the two agree (`check`).

mod check;

use std::collections::BTreeMap;
use std::path::Path;

use super::{Config, HandlerLimits};
use crate::codes::Code;
use crate::contract::{Description, SettingError};
pub(super) use check::check;

/// The plugin files, as far as the configuration asks.
pub trait Plugins {
    /// Whether what this file is can't be told yet, because it is still being compiled. Its handlers
    /// are then checked later, by [`Loaded::complete`](super::Loaded::complete).
    fn is_pending(&self, path: &Path, config: &Config) -> bool {
        let _ = (path, config);
        false
    }

    /// Reads a file and lets it describe itself, within the ceilings of a configuration that is
    /// not known to be right yet: what is wrong in it has a stand-in.
    ///
    /// # Errors
    /// Why it is no usable plugin.
    fn inspect(&self, path: &Path, config: &Config) -> Result<PluginFacts, PluginProblem>;

    /// Lets the plugin of a file check its settings, as for a topic.
    ///
    /// # Errors
    /// The settings that it refuses, or why it could not check them.
    fn configure(
        &self,
        path: &Path,
        topic: &str,
        settings: &BTreeMap<String, String>,
        limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem>;
}

/// A usable plugin file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginFacts {
    /// The SHA-256 of the file.
    pub sha256: [u8; 32],
    /// What the plugin says of itself.
    pub description: Description,
}

/// Why a file is no usable plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginProblem {
    /// One of `PluginMissing`, `NotAPlugin`, `ForbiddenImport` and `DescribeFailed`.
    pub code: Code,
    /// What is wrong, in one line that doesn't repeat the path: it may come from the environment.
    pub text: String,
    /// What to do.
    pub help: Option<String>,
}

/// Why a plugin could not be configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigureProblem {
    /// It refused these settings.
    Refused(Vec<SettingError>),
    /// It trapped or could not be started.
    Failed(String),
}
