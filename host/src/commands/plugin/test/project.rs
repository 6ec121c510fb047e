//! What is to be tested: the plugin's file and the cases in its folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::commands::{Exit, Failure};
use crate::escape;
use crate::trial::case;

/// Where the cases lie in a plugin's folder.
pub(super) const CASES: &str = "tests";

/// A plugin and its cases.
#[derive(Debug)]
pub(super) struct Project {
    /// The plugin's file.
    pub plugin: PathBuf,
    /// The folders of the cases that are wanted.
    pub cases: Vec<PathBuf>,
}

impl Project {
    /// Looks into a folder.
    ///
    /// # Errors
    /// What is not there.
    pub fn find(
        folder: &Path,
        plugin: Option<&Path>,
        filters: &[String],
    ) -> Result<Project, Failure> {
        let all = cases(folder)?;
        let wanted = |case: &PathBuf| {
            let name = case.file_name().unwrap_or_default().to_string_lossy();
            filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
        };
        let cases: Vec<PathBuf> = all.iter().filter(|case| wanted(case)).cloned().collect();
        if cases.is_empty() {
            let name = |case: &PathBuf| shown(Path::new(case.file_name().unwrap_or_default()));
            let names: Vec<String> = all.iter().map(name).collect();
            return Err(nothing("no case has that in its name".to_owned())
                .hint(format!("the cases are: {}", names.join(", "))));
        }
        let plugin = match plugin {
            Some(file) if !file.exists() => {
                return Err(nothing(format!("{}: there is no such file", shown(file)))
                    .hint("build it with `penstock plugin build`, which leaves NAME.wasm"));
            }
            Some(file) => file.to_owned(),
            None => only_plugin(folder)?,
        };
        Ok(Project { plugin, cases })
    }
}

fn cases(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.exists() {
        return Err(nothing(format!("there is no folder {}", shown(folder)))
            .hint("name a plugin's folder, or make one with `penstock plugin new`"));
    }
    let place = folder.join(CASES);
    let found = match case::find(&place) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(nothing(format!("{} can't be read: {error}", shown(&place)))),
    };
    if found.is_empty() {
        let what = format!("{} has no case", shown(&place));
        return Err(nothing(what).hint(format!(
            "a case is a folder there with a file {}, a record a line; `penstock peek TOPIC --record \
             {}/NAME` makes one of a topic's records",
            case::INPUT,
            shown(&place)
        )));
    }
    Ok(found)
}

/// The one plugin in a folder.
fn only_plugin(folder: &Path) -> Result<PathBuf, Failure> {
    let read = fs::read_dir(folder)
        .map_err(|error| nothing(format!("{} can't be read: {error}", shown(folder))))?;
    let mut found: Vec<PathBuf> = read
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|of| of == "wasm"))
        .collect();
    found.sort();
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(nothing(format!("{} has no plugin", shown(folder)))
            .hint("build it with `penstock plugin build`, or name it: --plugin FILE.wasm")),
        several => {
            let names: Vec<String> = several.iter().map(|path| shown(path)).collect();
            let what = format!(
                "{} has several plugins: {}",
                shown(folder),
                names.join(", ")
            );
            Err(nothing(what).hint("name the one that is meant: --plugin FILE.wasm"))
        }
    }
}

fn nothing(what: String) -> Failure {
    Failure::new(Exit::Usage, what).cost("nothing was tested")
}

/// For people.
pub(super) fn shown(path: &Path) -> String {
    escape::text(path.display().to_string().as_bytes())
}
