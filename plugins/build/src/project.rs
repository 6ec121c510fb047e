//! A plugin's folder: what it is called, what it is written in, where things lie.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use toml::Spanned;

use crate::component::Built;
use crate::contract;
use crate::languages::{LANGUAGES, Language};
use crate::name;
use crate::refused::Refused;

/// The file that makes a folder a project.
pub const MANIFEST: &str = "plugin.toml";

/// A folder that `penstock plugin new` could have written.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    name: String,
    language: &'static Language,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: Spanned<String>,
    language: Spanned<String>,
}

impl Project {
    /// The project in this folder.
    ///
    /// # Errors
    /// [`Refused`] if there is none, or its `plugin.toml` is wrong.
    pub fn open(root: &Path) -> Result<Project> {
        let path = root.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Refused::new(
                    format!("there is no {}", path.display()),
                    "go to a plugin's folder, or make one with `penstock plugin new`",
                )
                .into());
            }
            Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
        };
        let wrong = |at: Option<Range<usize>>, problem: String| {
            let before = at.map_or("", |at| &text[..at.start]);
            let line = before.matches('\n').count() + 1;
            Refused::new(
                format!("{}:{line}: {problem}", path.display()),
                "it has two lines, `name = \"…\"` and `language = \"…\"`",
            )
        };
        let manifest: Manifest = toml::from_str(&text)
            .map_err(|error| wrong(error.span(), error.message().to_owned()))?;
        let (name, language) = (manifest.name, manifest.language);
        name::check(name.get_ref()).map_err(|refused| wrong(Some(name.span()), refused.what))?;
        let language = Language::named(language.get_ref()).ok_or_else(|| {
            let known: Vec<&str> = LANGUAGES.iter().map(|one| one.name).collect();
            let of = language.get_ref();
            let what = format!("`{of}` is no language; there are {}", known.join(", "));
            wrong(Some(language.span()), what)
        })?;
        Ok(Project {
            // Tools are run in it, and get paths of it.
            root: root
                .canonicalize()
                .with_context(|| format!("{} can't be reached", root.display()))?,
            name: name.into_inner(),
            language,
        })
    }

    /// Its folder, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// As in `plugin.toml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As in `plugin.toml`.
    pub fn language(&self) -> &'static Language {
        self.language
    }

    /// Where its component lies, once it is built.
    pub fn component(&self) -> PathBuf {
        self.root.join(format!("{}.wasm", self.name))
    }

    /// Where tools may write what they like.
    pub(crate) fn build_folder(&self) -> PathBuf {
        self.root.join("build")
    }

    /// The contract that it was made for.
    pub(crate) fn contract(&self) -> PathBuf {
        self.root.join(contract::IN_A_PROJECT)
    }

    /// Builds its component.
    ///
    /// # Errors
    /// [`Refused`] if a tool is missing; else its sources don't build, and the language's tools have
    /// said why on standard error.
    pub fn build(&self) -> Result<Built> {
        let begun = std::time::Instant::now();
        let folder = self.build_folder();
        fs::create_dir_all(&folder)
            .with_context(|| format!("{} can't be made", folder.display()))?;
        let component = (self.language.build)(self)?;
        component.write(&self.component(), begun)?.dated()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(manifest: &str) -> Result<Project> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(MANIFEST), manifest).expect("write");
        Project::open(folder.path())
    }

    #[test]
    fn a_manifest_names_plugin_and_language() {
        let project = open("name = \"one\"\nlanguage = \"c\"").expect("it is right");
        assert_eq!(project.language().name, "c");
        assert!(project.component().ends_with("one.wasm"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (manifest, problem) in [
            ("language = \"c\"", "plugin.toml:1: missing field `name`"),
            (
                "name = \"one\"\nlanguage = \"cobol\"",
                "plugin.toml:2: `cobol` is no language; there are rust, typescript, python, go, c",
            ),
            ("name = \"../one\"\nlanguage = \"c\"", "small letters"),
            (
                "name = \"one\"\nlanguage = \"c\"\nx = 1",
                "plugin.toml:3: unknown field `x`",
            ),
        ] {
            let error = open(manifest).expect_err(manifest);
            let refused = error.downcast_ref::<Refused>().expect("refused");
            assert!(refused.what.contains(problem), "{refused}");
        }
        let error = Project::open(Path::new("/nowhere")).expect_err("nothing there");
        let refused = error.downcast_ref::<Refused>().expect("refused");
        assert_eq!(refused.what, "there is no /nowhere/plugin.toml");
    }
}
