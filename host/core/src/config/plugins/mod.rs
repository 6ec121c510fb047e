//! What the configuration asks of the plugin files, and whether the two agree (`check`).

mod check;

use std::collections::BTreeMap;
use std::path::Path;

use super::{Config, HandlerLimits, scalar};
use crate::codes::Code;
use crate::contract::{Description, SettingError};
pub(super) use check::check;

/// The plugin files, as far as the configuration asks.
pub trait Plugins {
    /// Whether what this file is can't be told yet, because it is still being compiled. Its handlers
    /// are then checked later, by [`Loaded::complete`](super::Loaded::complete). A file that is not the
    /// `pinned` one never is.
    fn is_pending(&self, path: &Path, pinned: Option<[u8; 32]>, config: &Config) -> bool {
        let _ = (path, pinned, config);
        false
    }

    /// Reads a file and lets it describe itself, within the ceilings of a configuration that is
    /// not known to be right yet: what is wrong in it has a stand-in.
    ///
    /// Of a file that has another digest than the `pinned` one, nothing is compiled and nothing
    /// runs.
    ///
    /// # Errors
    /// Why it is no usable plugin.
    fn inspect(
        &self,
        path: &Path,
        pinned: Option<[u8; 32]>,
        config: &Config,
    ) -> Result<PluginFacts, PluginProblem>;

    /// Lets the plugin of a file, which has this digest still, check its settings, as for a topic.
    ///
    /// # Errors
    /// The settings that it refuses, or why it could not check them.
    fn configure(
        &self,
        path: &Path,
        sha256: [u8; 32],
        topic: &str,
        settings: &BTreeMap<String, String>,
        limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem>;
}

/// A function that says what a file is; whatever that is, it refuses no settings.
impl<F> Plugins for F
where
    F: Fn(&Path, &Config) -> Result<PluginFacts, PluginProblem>,
{
    fn inspect(
        &self,
        path: &Path,
        pinned: Option<[u8; 32]>,
        config: &Config,
    ) -> Result<PluginFacts, PluginProblem> {
        let facts = self(path, config)?;
        match pinned {
            Some(pinned) if pinned != facts.sha256 => {
                Err(PluginProblem::not_the_pinned(&facts.sha256))
            }
            _ => Ok(facts),
        }
    }

    fn configure(
        &self,
        _: &Path,
        _: [u8; 32],
        _: &str,
        _: &BTreeMap<String, String>,
        _: &HandlerLimits,
    ) -> Result<(), ConfigureProblem> {
        Ok(())
    }
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
    /// One of `PluginMissing`, `DigestMismatch`, `NotAPlugin`, `ForbiddenImport` and
    /// `DescribeFailed`.
    pub code: Code,
    /// What is wrong, in one line that doesn't repeat the path: it may come from the environment.
    pub text: String,
    /// What to do.
    pub help: Option<String>,
}

impl PluginProblem {
    /// The file has another digest than the pinned one.
    pub fn not_the_pinned(sha256: &[u8; 32]) -> Self {
        let actual = scalar::show_digest(sha256);
        PluginProblem {
            code: Code::DigestMismatch,
            text: "the file has another digest".to_owned(),
            help: Some(format!("if the file is as it should be, pin \"{actual}\"")),
        }
    }
}

/// Why a plugin could not be configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigureProblem {
    /// It refused these settings.
    Refused(Vec<SettingError>),
    /// It trapped or could not be started.
    Failed(String),
}
