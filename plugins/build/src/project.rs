//! A plugin's folder: what it is called, what it is written in, where things lie.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::component::Built;
use crate::contract;
use crate::languages::{LANGUAGES, Language};
use crate::name;
use crate::refused::Refused;

/// The file that makes a folder a project.
const MANIFEST: &str = "plugin.toml";

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
    name: String,
    language: String,
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
        let wrong = |problem: String| {
            Refused::new(
                format!("{} is wrong: {problem}", path.display()),
                "it has two lines, `name = \"…\"` and `language = \"…\"`",
            )
        };
        let manifest: Manifest =
            toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
        name::check(&manifest.name).map_err(|refused| wrong(refused.what))?;
        let language = Language::named(&manifest.language).ok_or_else(|| {
            let known: Vec<&str> = LANGUAGES.iter().map(|one| one.name).collect();
            let of = &manifest.language;
            wrong(format!(
                "`{of}` is no language; there are {}",
                known.join(", ")
            ))
        })?;
        Ok(Project {
            // Tools are run in it, and get paths of it.
            root: root
                .canonicalize()
                .with_context(|| format!("{} can't be reached", root.display()))?,
            name: manifest.name,
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
            ("language = \"c\"", "missing field `name`"),
            (
                "name = \"one\"\nlanguage = \"cobol\"",
                "`cobol` is no language; there are rust, typescript, python, go, c",
            ),
            ("name = \"../one\"\nlanguage = \"c\"", "small letters"),
            (
                "name = \"one\"\nlanguage = \"c\"\nx = 1",
                "unknown field `x`",
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
