//! `penstock plugin new`: a project that builds, from what this program carries along.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::contract;
use crate::embedded;
use crate::languages::Language;
use crate::name;
use crate::refused::Refused;

/// Stands for the plugin's name in templates.
const NAME: &str = "{{name}}";

/// Writes a project to a folder that is not there yet, or empty. The folder's name is the plugin's.
/// All of it is there afterwards, or nothing.
///
/// # Errors
/// [`Refused`] if no plugin can be called so, or something is there already; else the folder can't
/// be written.
pub fn create(folder: &Path, language: &Language) -> Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name::check(&name)?;
    refuse_to_overwrite(folder)?;
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let context = || format!("{} can't be written", folder.display());
    fs::create_dir_all(parent).with_context(context)?;
    let beside = tempfile::Builder::new()
        .prefix(&format!(".{name}-"))
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir_in(parent)
        .with_context(context)?;
    for (path, bytes) in files(language, &name) {
        let path = beside.path().join(path);
        let folder = path.parent().unwrap_or(beside.path());
        fs::create_dir_all(folder).with_context(context)?;
        fs::write(&path, bytes).with_context(context)?;
    }
    // What came into being meanwhile is not empty, and then this fails.
    fs::rename(beside.path(), folder).with_context(context)?;
    // It is no longer where it would be deleted.
    drop(beside.keep());
    Ok(())
}

fn refuse_to_overwrite(folder: &Path) -> Result<()> {
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        // What can't be reached is no hindrance by itself: making it says why it can't be made.
        Err(_) => fs::symlink_metadata(folder).is_err(),
    };
    if is_free {
        return Ok(());
    }
    Err(Refused::new(
        format!("{} is there already", folder.display()),
        "nothing is overwritten: take another name, or remove it yourself",
    )
    .into())
}

/// The common files, what the language adds or has in their place, its SDK and the contract.
fn files(language: &Language, name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let plain = |to: &str, from: &str| -> Vec<(PathBuf, Vec<u8>)> {
        let to = Path::new(to);
        embedded::folder(from)
            .map(|(path, bytes)| (to.join(path), bytes.to_vec()))
            .collect()
    };
    let mut files = plain(contract::IN_A_PROJECT, contract::HERE);
    files.extend(plain("sdk", language.sdk));
    for template in ["common", language.name] {
        for (path, bytes) in plain("", &format!("templates/{template}")) {
            let text = String::from_utf8(bytes).expect("templates are text");
            let text = text.replace(NAME, name);
            let text = match path.file_name() {
                Some(file) if file == "Cargo.lock" => sorted(&text),
                _ => text,
            };
            files.push((path, text.into_bytes()));
        }
    }
    files
}

/// Cargo keeps the packages of a lock file in order, and rewrites one that is not.
fn sorted(lock: &str) -> String {
    let mut parts: Vec<&str> = lock.trim_end().split("\n\n").collect();
    // What comes first is the file's version.
    parts[1..].sort_unstable();
    parts.join("\n\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::languages::LANGUAGES;
    use crate::project::Project;

    fn refused(folder: &Path) -> Refused {
        let error = create(folder, LANGUAGES[0]).expect_err("refused");
        error.downcast().expect("refused")
    }

    #[test]
    fn every_language_makes_a_project_of_the_same_shape() {
        let here = tempfile::tempdir().unwrap();
        for language in LANGUAGES {
            let folder = here.path().join(format!("{}-one", language.name));
            create(&folder, language).unwrap();
            let project = Project::open(&folder).unwrap();
            assert_eq!(project.name(), format!("{}-one", language.name));
            assert_eq!(project.language().name, language.name);
            for file in [
                ".gitignore",
                ".github/workflows/plugin.yml",
                "README.md",
                "penstock.toml",
                "sdk/README.md",
                "tests/purchase/in.jsonl",
                "tests/purchase/expected.jsonl",
                "wit/handler.wit",
            ] {
                assert!(folder.join(file).is_file(), "{}: {file}", language.name);
            }
            let readme = fs::read_to_string(folder.join("README.md")).unwrap();
            assert!(readme.starts_with(&format!("# {}\n", project.name())));
            assert!(readme.lines().count() <= 50, "{}", language.name);
            assert!(readme.contains(language.test), "{}", language.name);
        }
    }

    #[test]
    fn no_placeholder_is_left() {
        for language in LANGUAGES {
            for (path, bytes) in files(language, "one") {
                if path.starts_with("sdk") {
                    continue;
                }
                let text = String::from_utf8_lossy(&bytes);
                // C has braces in a row, and a workflow's own have a dollar before them.
                let is_left = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase());
                let left = text.replace("${{", "").split("{{").skip(1).any(is_left);
                assert!(!left, "{}: {}", language.name, path.display());
            }
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let here = tempfile::tempdir().unwrap();
        let folder = here.path().join("one");
        fs::create_dir(&folder).unwrap();
        create(&folder, LANGUAGES[0]).unwrap();
        let what = refused(&folder).what;
        assert!(what.ends_with("one is there already"), "{what}");
        let file = here.path().join("two");
        fs::write(&file, "mine").unwrap();
        assert!(refused(&file).what.ends_with("two is there already"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        let left = fs::read_dir(here.path()).unwrap().count();
        assert_eq!(left, 2, "something else was left there");
    }

    #[test]
    fn a_bad_name_writes_nothing() {
        let here = tempfile::tempdir().unwrap();
        let refused = refused(&here.path().join("My Plugin"));
        assert_eq!(refused.help, "call it `my-plugin`, for example");
        assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_lock_file_has_its_packages_in_order_whatever_the_plugin_is_called() {
        let lock = "version = 4\n\n[[package]]\nname = \"z\"\n\n[[package]]\nname = \"b\"\n";
        let sorted = sorted(lock);
        assert_eq!(
            sorted,
            "version = 4\n\n[[package]]\nname = \"b\"\n\n[[package]]\nname = \"z\"\n"
        );
    }

    /// A project is pinned to what this program was made with.
    #[test]
    fn versions_are_those_of_this_program() {
        let ours = env!("CARGO_PKG_VERSION");
        for (language, file, line) in [
            ("rust", "sdk/Cargo.toml", format!("version = \"{ours}\"")),
            (
                "go",
                "sdk/exports_wasip1.go",
                format!("const version = \"{ours}\""),
            ),
            (
                "c",
                "sdk/penstock.c",
                format!("#define SDK \"penstock-sdk-c {ours}\""),
            ),
        ] {
            let language = Language::named(language).unwrap();
            let files = files(language, "one");
            let last = files.iter().rfind(|(path, _)| path == Path::new(file));
            let text = String::from_utf8_lossy(&last.expect(file).1);
            assert!(text.lines().any(|of| of == line), "{file}: {line}");
        }
        let lock = include_str!("../../../Cargo.lock");
        let pinned = include_str!("../../templates/rust/Cargo.lock");
        let package = |lock: &'static str| {
            let mut packages = lock.split("\n\n");
            packages
                .find(|of| of.contains("name = \"wit-bindgen\"\n"))
                .unwrap()
                .trim()
        };
        assert_eq!(package(pinned), package(lock));
    }
}
