//! What a configuration says of one handler, told again in the folder of a case: paths are as seen from
//! there, and no secret is written.

use std::fs;
use std::path::{Component, Path, PathBuf};

use penstock_core::config::{tells_a_secret, with_paths};
use toml::{Table, Value};

/// Of `[handlers.NAME]`: what says which plugin it is and where its outputs go is another matter in
/// a test.
const NOT_OF_A_CASE: [&str; 3] = ["plugin", "sha256", "outputs"];
/// Sections that hold for all handlers.
const FOR_ALL: [&str; 3] = ["limits", "retry", "failures"];

/// The configuration of a case. A variable stays one.
pub(super) struct Told {
    /// As it was told; not to be written anywhere.
    pub(super) whole: String,
    /// The same, with a variable in place of each secret.
    pub(super) without_secrets: String,
    /// The settings that were secrets, each with its variable.
    pub(super) left_out: Vec<(String, String)>,
}

impl Told {
    /// What these files say of a handler that reads a topic.
    pub(super) fn of(files: &[PathBuf], folder: &Path, handler: &str, topic: &str) -> Told {
        let mut all = Table::new();
        for file in files {
            // They were loaded a moment ago.
            let text = fs::read_to_string(file).unwrap_or_default();
            let mut of: Table = text.parse().unwrap_or_default();
            let dir = file.parent().unwrap_or(Path::new(""));
            let moved = |path: &str| match Path::new(path).is_absolute() {
                true => path.to_owned(),
                false => seen_from(folder, &dir.join(path)),
            };
            change_texts(&mut of, &mut |_, text| Some(with_paths(text, moved)));
            lay_over(&mut all, of);
        }
        let mut case = case(all, handler, topic);
        let whole = case.to_string();
        let mut left_out = Vec::new();
        change_texts(&mut case, &mut |key, text| {
            if !tells_a_secret(key, text) {
                return None;
            }
            let variable = variable(key);
            left_out.push((key.to_owned(), variable.clone()));
            Some(format!("${{{variable}}}"))
        });
        Told {
            whole,
            without_secrets: case.to_string(),
            left_out,
        }
    }
}

fn case(mut all: Table, handler: &str, topic: &str) -> Table {
    let mut case = Table::new();
    for name in FOR_ALL {
        case.extend(all.remove(name).map(|of| (name.to_owned(), of)));
    }
    let mut own = taken(&mut all, "handlers", handler).unwrap_or_default();
    own.retain(|name, _| !NOT_OF_A_CASE.contains(&name));
    case.insert("handlers".to_owned(), only(handler, own));
    // One that is not configured has a dead-letter topic in a case.
    if let Some(mut of) = taken(&mut all, "topics", topic) {
        of.retain(|name, _| name == "dead-letter");
        case.insert("topics".to_owned(), only(topic, of));
    }
    case
}

fn taken(all: &mut Table, section: &str, name: &str) -> Option<Table> {
    match all.get_mut(section)?.as_table_mut()?.remove(name)? {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

fn only(name: &str, table: Table) -> Value {
    Value::Table(Table::from_iter([(name.to_owned(), Value::Table(table))]))
}

/// Tables merge, arrays and values replace.
fn lay_over(below: &mut Table, above: Table) {
    for (name, value) in above {
        match (below.get_mut(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => drop(below.insert(name, value)),
        }
    }
}

/// Each text under its key, or in a list under it, becomes what `change` makes of it, if anything.
fn change_texts(table: &mut Table, change: &mut impl FnMut(&str, &str) -> Option<String>) {
    for (key, value) in table {
        change_text(key, value, change);
    }
}

fn change_text(
    key: &str,
    value: &mut Value,
    change: &mut impl FnMut(&str, &str) -> Option<String>,
) {
    match value {
        Value::String(text) => {
            if let Some(changed) = change(key, text) {
                *text = changed;
            }
        }
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| change_text(key, value, change)),
        Value::Table(table) => change_texts(table, change),
        _ => {}
    }
}

/// A variable's name for a setting: `api-key` is `API_KEY`.
fn variable(setting: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
        _ => '_',
    };
    let name: String = setting.chars().map(plain).collect();
    match name.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("_{name}"),
        false => name,
    }
}

/// A path as seen from a folder. The file itself may be a link that is changed later, as those of
/// mounted secrets are; so only the folders on the way are followed.
fn seen_from(folder: &Path, path: &Path) -> String {
    let seen = || {
        let folder = folder.canonicalize().ok()?;
        let parent = match path.parent()? {
            here if here.as_os_str().is_empty() => Path::new("."),
            parent => parent,
        };
        let there = parent.canonicalize().ok()?.join(path.file_name()?);
        let pairs = folder.components().zip(there.components());
        let same = pairs.take_while(|(one, other)| one == other).count();
        let up = folder.components().skip(same).map(|_| Component::ParentDir);
        Some(up.chain(there.components().skip(same)).collect())
    };
    let seen: PathBuf = seen().unwrap_or_else(|| path.to_owned());
    seen.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_what_the_configuration_says_of_its_handler() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().join("base.toml");
        let top = folder.path().join("top.toml");
        let text = "[host]\nid = \"a\"\n[retry]\nattempts = 3\n\
            [handlers.h]\nplugin = \"x.wasm\"\noutputs = { o = \"t\" }\n\
            settings = { token = \"${TOKEN}\", days = \"1\" }\n[handlers.other]\nplugin = \"y.wasm\"\n\
            [topics.t]\nhandlers = [\"h\"]\nstart = \"earliest\"\ndead-letter = \"d\"\n[topics.u]\n";
        fs::write(&base, text).expect("written");
        fs::write(&top, "[handlers.h.settings]\ndays = \"2\"\n").expect("written");
        let case = |topic: &str| -> Table {
            let told = Told::of(&[base.clone(), top.clone()], folder.path(), "h", topic);
            assert_eq!(told.whole, told.without_secrets);
            told.whole.parse().expect("TOML")
        };
        let parse = |text: &str| -> Table { text.parse().expect("TOML") };
        let common =
            "retry.attempts = 3\nhandlers.h.settings = { token = \"${TOKEN}\", days = \"2\" }\n";
        assert_eq!(
            case("t"),
            parse(&format!("{common}topics.t.dead-letter = \"d\""))
        );
        assert_eq!(case("u"), parse(&format!("{common}topics.u = {{}}")));
        assert_eq!(case("none"), parse(common));
    }

    #[test]
    fn paths_are_right_from_the_folder_of_the_case() {
        let root = tempfile::tempdir().expect("a folder");
        let at = |name: &str| root.path().join(name);
        for folder in ["etc/secrets", "plugin/tests/one"] {
            fs::create_dir_all(at(folder)).expect("made");
        }
        fs::write(at("etc/secrets/2"), "hush").expect("written");
        std::os::unix::fs::symlink("2", at("etc/secrets/now")).expect("linked");
        let text = "[handlers.h.settings]\nhere = \"<${file:a}>\"\nbelow = \"${file:secrets/now:-x}\"\n\
            above = \"${file:../b}\"\nfar = \"${file:/run/c}\"\nnowhere = \"${file:no/d}\"\n";
        fs::write(at("etc/penstock.toml"), text).expect("written");
        let told = Told::of(
            &[at("etc/penstock.toml")],
            &at("plugin/tests/one"),
            "h",
            "t",
        );
        let case: Table = told.without_secrets.parse().expect("TOML");
        let settings = &case["handlers"]["h"]["settings"];
        let nowhere = format!("${{file:{}}}", at("etc/no/d").display());
        for (name, expected) in [
            ("here", "<${file:../../../etc/a}>"),
            ("below", "${file:../../../etc/secrets/now:-x}"),
            ("above", "${file:../../../b}"),
            ("far", "${file:/run/c}"),
            ("nowhere", &nowhere),
        ] {
            assert_eq!(settings[name].as_str(), Some(expected), "{name}");
        }
    }

    #[test]
    fn no_secret_is_written_but_a_variable_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("penstock.toml");
        let text = "[handlers.h.settings]\napi-key = \"hush\"\ntoken = \"${TOKEN}\"\n\
            password = \"${P:-hush}\"\ndays = \"1\"\n2nd-secret = [\"hush\"]\n";
        fs::write(&file, text).expect("written");
        let told = Told::of(&[file], folder.path(), "h", "t");
        assert!(told.whole.contains("hush"), "{}", told.whole);
        assert!(
            !told.without_secrets.contains("hush"),
            "{}",
            told.without_secrets
        );
        let case: Table = told.without_secrets.parse().expect("TOML");
        let settings = &case["handlers"]["h"]["settings"];
        assert_eq!(settings["api-key"].as_str(), Some("${API_KEY}"));
        assert_eq!(settings["token"].as_str(), Some("${TOKEN}"));
        assert_eq!(settings["days"].as_str(), Some("1"));
        let mut left_out = told.left_out;
        left_out.sort();
        let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        assert_eq!(
            left_out,
            [
                pair("2nd-secret", "_2ND_SECRET"),
                pair("api-key", "API_KEY"),
                pair("password", "PASSWORD"),
            ]
        );
    }
}
