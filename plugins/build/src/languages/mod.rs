//! The languages that plugins are written in: a row of [`LANGUAGES`] each, with a file of its own.
//!
//! A language has an SDK in `plugins/`, a template in `plugins/templates/` named after it, and a
//! function that makes a component of a project with the usual tools.

mod c;
mod go;
mod python;
mod rust;
mod typescript;

use anyhow::Result;

use crate::component::Component;
use crate::project::Project;

/// A language that plugins are written in.
#[derive(Debug)]
pub struct Language {
    /// As in `--lang` and in `plugin.toml`; the name of its template, too.
    pub name: &'static str,
    /// As people write it.
    pub title: &'static str,
    /// The folder of its SDK in `plugins/`; a project has it as `sdk/`.
    pub(crate) sdk: &'static str,
    /// The command that runs a project's unit tests.
    pub test: &'static str,
    /// Makes a component of a project: what tools say goes to standard error. A tool that is
    /// missing is [`crate::Refused`], with the command that installs it.
    pub(crate) build: fn(&Project) -> Result<Component>,
}

/// All of them, in the order in which they are named to people.
pub const LANGUAGES: [&Language; 5] = [
    &rust::RUST,
    &typescript::TYPESCRIPT,
    &python::PYTHON,
    &go::GO,
    &c::C,
];

impl Language {
    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Language> {
        LANGUAGES.into_iter().find(|of| of.name == name)
    }
}
