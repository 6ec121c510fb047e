//! A plugin without a configuration: one is made for it, with every default, so that whatever is
//! asked of it is answered by what `check` and `run` ask.

use std::cell::RefCell;
use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use penstock_core::config::{
    self, Config, Defaults, Loaded, PluginFacts, PluginProblem, Plugins, Report, SourceFile,
};
use penstock_core::contract::Description;

use crate::commands::configuration::Machine;
use crate::shelf::Shelf;
use crate::toml_text;

/// Where records that can't be processed would go.
const DEAD_LETTERS: &str = "dead-letters";

/// A topic that the plugin is tried with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it gets a dead-letter topic.
    pub dead_letter: bool,
}

/// A plugin's file by itself.
pub struct Alone {
    file: String,
    shelf: Shelf,
}

impl Alone {
    /// The plugin of this file, relative to the working directory.
    pub fn new(file: &Path) -> Alone {
        Alone {
            file: file.display().to_string(),
            shelf: Shelf::default(),
        }
    }

    /// What the plugin is; loaded and asked only once.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// What the plugin says of itself.
    ///
    /// # Errors
    /// Why no host would take it, in the words of `check`.
    pub fn facts(&self) -> Result<PluginFacts, PluginProblem> {
        let saw = RefCell::default();
        let witness = |path: &Path, config: &Config| {
            let answer = self.shelf.inspect(path, None, config);
            saw.replace(Some(answer.clone()));
            answer
        };
        let topic = Topic {
            name: "input",
            dead_letter: false,
        };
        let text = self.configuration("handler", &Description::default(), &[topic]);
        // Its outputs are mapped to nothing, so this is no configuration; only the answer counts.
        drop(load(&[source("", text, PathBuf::new())], &witness));
        saw.into_inner().expect("a configured plugin is inspected")
    }

    /// The handler `name` on `topics`; each output goes to a topic of its own name, and the delays
    /// of retries are exact. `more` is laid over it.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn load(
        &self,
        name: &str,
        description: &Description,
        topics: &[Topic<'_>],
        more: Vec<SourceFile>,
    ) -> Result<Loaded, Report> {
        let text = self.configuration(name, description, topics);
        let mut files = vec![source("(the plugin by itself)", text, PathBuf::new())];
        files.extend(more);
        load(&files, &self.shelf)
    }

    fn configuration(&self, name: &str, description: &Description, topics: &[Topic<'_>]) -> String {
        let key = toml_text::key(name);
        let mut text = format!(
            "[host]\nid = \"trial\"\ncache = {}\n\
             [kafka]\nbootstrap = \"localhost:9092\"\ngroup = \"trial\"\n\
             [retry]\njitter-percent = 0\n\
             [handlers.{key}]\nplugin = {}\n[handlers.{key}.outputs]\n",
            toml_text::string(&cache().display().to_string()),
            toml_text::string(&self.file),
        );
        // Writing to a String does not fail.
        for output in &description.outputs {
            let topic = toml_text::string(&topic_of(&output.name));
            writeln!(text, "{} = {topic}", toml_text::key(&output.name)).unwrap_or_default();
        }
        for topic in topics {
            let (topic_key, name) = (toml_text::key(topic.name), toml_text::string(name));
            writeln!(text, "[topics.{topic_key}]\nhandlers = [{name}]").unwrap_or_default();
            text += "start = \"earliest\"\nallow-loop = true\n";
            if topic.dead_letter {
                writeln!(text, "dead-letter = \"{DEAD_LETTERS}\"").unwrap_or_default();
            }
        }
        text
    }
}

/// A topic's name for an output: its own, as far as Kafka's rules allow.
fn topic_of(output: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let text: String = output
        .chars()
        .take(200)
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    match text.as_str() {
        "." | ".." => "output".to_owned(),
        _ => text,
    }
}

/// Compiled plugins of whoever tries them: unlike a host's, in the user's own folder.
fn cache() -> PathBuf {
    let folder = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = || folder("HOME").map(|home| home.join(".cache"));
    let base = folder("XDG_CACHE_HOME").or_else(home);
    base.unwrap_or_else(std::env::temp_dir).join("penstock")
}

/// A file of a configuration that is not on disk, or whose text is known.
pub fn source(name: &str, text: String, dir: PathBuf) -> SourceFile {
    SourceFile {
        name: name.to_owned(),
        dir,
        bytes: Ok(text.into_bytes()),
    }
}

fn load(files: &[SourceFile], plugins: &dyn Plugins) -> Result<Loaded, Report> {
    let defaults = Defaults {
        workers: NonZeroUsize::MIN,
    };
    config::load(files, &Machine, &defaults, plugins)
}
