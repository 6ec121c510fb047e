//! From the bytes of the files to a validated configuration, or to everything that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::plugins::{self, PluginFacts, Plugins};
use super::report::{Diagnostic, Place, Report, Severity, Shown};
use super::section::Context;
use super::source::{self, Parsed, SourceFile};
use super::tree::{self, Node};
use super::variables::{self, Environment};
use super::{Config, build, loops, secrets, shape};
use crate::codes::Code;

/// What only the machine knows.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    /// Its cores.
    pub workers: NonZeroUsize,
}

/// A configuration that can be started.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is worth a look all the same; may be empty.
    pub warnings: Report,
    /// What each handler's plugin is, by handler; those that are pending have no entry.
    pub plugins: BTreeMap<String, PluginFacts>,
    draft: Draft,
}

impl Loaded {
    /// The handlers whose plugins are pending.
    pub fn pending(&self) -> impl Iterator<Item = &str> {
        let handlers = self.config.handlers.keys();
        handlers
            .filter(|name| !self.plugins.contains_key(*name))
            .map(String::as_str)
    }

    /// Checks the handlers whose plugins were pending, if they are there now. The files are not read
    /// again, and what was checked is not asked again.
    ///
    /// # Errors
    /// All mistakes that are found by it.
    pub fn complete(&self, plugins: &dyn Plugins) -> Result<Loaded, Report> {
        let Draft { root, sound, shown } = &self.draft;
        let known = self.plugins.clone();
        let mut found = Vec::new();
        let facts = plugins::check(&self.config, sound, root, plugins, known, &mut found);
        if has_errors(&found) {
            return Err(Report::new(Arc::clone(shown), found));
        }
        Ok(Loaded {
            plugins: facts,
            ..self.clone()
        })
    }
}

/// What it takes to check handlers later.
#[derive(Clone)]
struct Draft {
    root: Arc<Node>,
    /// Those whose settings can be tried.
    sound: Arc<BTreeSet<String>>,
    shown: Arc<[Shown]>,
}

impl fmt::Debug for Draft {
    /// Without the tree, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").finish_non_exhaustive()
    }
}

/// Loads a configuration from one or more files, later ones laid over earlier ones: tables merge,
/// arrays and values replace.
///
/// # Errors
/// All mistakes of all files at once.
pub fn load(
    files: &[SourceFile],
    env: Environment<'_>,
    defaults: &Defaults,
    plugins: &dyn Plugins,
) -> Result<Loaded, Report> {
    let mut found = Vec::new();
    if files.is_empty() {
        let message = "no configuration file is given";
        found.push(
            Diagnostic::error(Code::ConfigUnreadable, None, message)
                .help("name one: `-c penstock.toml`"),
        );
    }
    let mut parsed: Vec<Parsed> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        parsed.push(source::parse(index, file, &mut found));
    }
    let shown: Arc<[Shown]> = files.iter().zip(&parsed).map(show).collect();
    let mut root = None;
    for file in &mut parsed {
        let Some(mut tree) = file.tree.take() else {
            continue;
        };
        let mut wrong = Vec::new();
        shape::check(&mut tree, &mut wrong);
        let is_astray = |at: Place| file.astray.iter().any(|of| of.contains(&at.start));
        wrong.retain(|of| !of.place.is_some_and(is_astray));
        found.append(&mut wrong);
        match &mut root {
            None => root = Some(tree),
            Some(root) => tree::lay_over(root, tree),
        }
    }
    let broken = parsed.iter().any(|file| file.broken);
    let mut outcome = None;
    match root {
        // What seems to be missing may stand in the part that could not be read.
        Some(root) if !broken => {
            let whole_files: Vec<_> = files
                .iter()
                .zip(&parsed)
                .map(|(file, parsed)| variables::File {
                    text: &parsed.text,
                    dir: &file.dir,
                })
                .collect();
            let dirs = files.iter().map(|file| file.dir.as_path()).collect();
            let cx = Context {
                env,
                dirs,
                found: Vec::new(),
            };
            outcome = whole(root, &whole_files, cx, defaults, plugins, &mut found);
        }
        _ => {}
    }
    let failed = found
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    let report = Report::new(Arc::clone(&shown), found);
    match outcome {
        Some(whole) if !failed => Ok(Loaded {
            config: whole.config,
            warnings: report,
            plugins: whole.plugins,
            draft: Draft {
                root: Arc::new(whole.root),
                sound: Arc::new(whole.sound),
                shown,
            },
        }),
        _ => Err(report),
    }
}

fn show((file, parsed): (&SourceFile, &Parsed)) -> Shown {
    Shown {
        name: file.name.clone(),
        text: secrets::blot(&parsed.text, parsed.tree.as_ref()),
    }
}

/// The files as one.
struct Whole {
    root: Node,
    config: Config,
    sound: BTreeSet<String>,
    plugins: BTreeMap<String, PluginFacts>,
}

/// Everything that needs the files as one.
fn whole(
    mut root: Node,
    files: &[variables::File<'_>],
    mut cx: Context<'_>,
    defaults: &Defaults,
    plugins: &dyn Plugins,
    found: &mut Vec<Diagnostic>,
) -> Option<Whole> {
    variables::fill_tree(&mut root, cx.env, files, &mut cx.found);
    if root.table().is_some_and(BTreeMap::is_empty) {
        // One word about it is enough.
        found.push(
            Diagnostic::error(Code::MissingKey, None, "the configuration is empty")
                .help("it needs `[host]`, `[kafka]`, and a `[topics.NAME]` with its handlers"),
        );
        return None;
    }
    let (config, sound) = build::config(&root, defaults, &mut cx);
    loops::check(&config, &root, &mut cx.found);
    let none = BTreeMap::new();
    let facts = plugins::check(&config, &sound, &root, plugins, none, &mut cx.found);
    found.append(&mut cx.found);
    // A mistake elsewhere may be why it seems unused.
    if !has_errors(found) {
        unused_handlers(&config, &root, found);
    }
    Some(Whole {
        root,
        config,
        sound,
        plugins: facts,
    })
}

fn has_errors(found: &[Diagnostic]) -> bool {
    found
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error)
}

fn unused_handlers(config: &Config, root: &Node, found: &mut Vec<Diagnostic>) {
    for name in config.handlers.keys() {
        let used = config
            .topics
            .values()
            .any(|topic| topic.handlers.contains(name));
        let Some(entry) = root.entry(&["handlers", name]).filter(|_| !used) else {
            continue;
        };
        found.push(
            Diagnostic::warning(entry.key, format!("handler `{name}` is used by no topic"))
                .label("never called")
                .help(format!(
                    "list it in the `handlers` of a topic, or remove `[handlers.{name}]`"
                )),
        );
    }
}
