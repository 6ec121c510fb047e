//! Plugins that are still being compiled when a configuration is loaded.

mod support;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use penstock_core::config::{
    Config, ConfigureProblem, HandlerLimits, Loaded, PluginFacts, PluginProblem, Plugins, Report,
    load,
};

/// `mailer` lacks a topic for one output and has a setting that nobody knows; `access` is right.
const WRONG_IN_THE_MAILER: &str = r#"
[host]
id = "worker-1"

[kafka]
bootstrap = "localhost:9092"
group = "workers"

[handlers.access]
plugin = "purchase-to-access.wasm"
outputs = { access-granted = "course-access-granted" }
settings = { grant-days = "30" }

[handlers.mailer]
plugin = "mailer.wasm"
outputs = { sent = "mails" }
settings = { sender = "me", colour = "red" }

[topics.purchase-confirmed]
handlers = ["access"]
start = "earliest"

[topics.mail-wanted]
handlers = ["mailer"]
start = "earliest"
"#;

/// The usual fakes, of which some are pending, and what was asked of them.
#[derive(Default)]
struct Slow {
    pending: RefCell<BTreeSet<&'static str>>,
    asked: RefCell<Vec<String>>,
}

impl Slow {
    fn with(pending: &[&'static str]) -> Slow {
        let slow = Slow::default();
        slow.pending.borrow_mut().extend(pending);
        slow
    }

    fn load(&self, text: &str) -> Result<Loaded, Report> {
        let file = support::file("a.toml", text);
        load(&[file], &support::env, &support::defaults(), self)
    }
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap()
}

impl Plugins for Slow {
    fn is_pending(&self, path: &Path, _: Option<[u8; 32]>, _: &Config) -> bool {
        self.pending.borrow().contains(stem(path))
    }

    fn inspect(
        &self,
        path: &Path,
        pinned: Option<[u8; 32]>,
        config: &Config,
    ) -> Result<PluginFacts, PluginProblem> {
        self.asked.borrow_mut().push(stem(path).to_owned());
        support::Fakes.inspect(path, pinned, config)
    }

    fn configure(
        &self,
        path: &Path,
        sha256: [u8; 32],
        topic: &str,
        settings: &BTreeMap<String, String>,
        limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem> {
        support::Fakes.configure(path, sha256, topic, settings, limits)
    }
}

#[test]
fn what_is_pending_is_checked_later_and_with_the_same_words() {
    let slow = Slow::with(&["mailer"]);
    let loaded = slow.load(WRONG_IN_THE_MAILER).unwrap();
    assert_eq!(loaded.pending().collect::<Vec<_>>(), ["mailer"]);
    let still = loaded.complete(&slow).unwrap();
    assert_eq!(still.pending().collect::<Vec<_>>(), ["mailer"]);

    slow.pending.borrow_mut().clear();
    let late = still.complete(&slow).unwrap_err().render(false);
    let at_once = slow.load(WRONG_IN_THE_MAILER).unwrap_err().render(false);
    assert_eq!(late, at_once);
    assert!(
        late.contains("colour") && late.contains("bounced"),
        "{late}"
    );
}

#[test]
fn what_is_known_is_not_asked_again() {
    let right = WRONG_IN_THE_MAILER
        .replace("sent = \"mails\"", "sent = \"mails\", bounced = \"mails\"")
        .replace(", colour = \"red\"", "");
    let slow = Slow::with(&["mailer"]);
    let loaded = slow.load(&right).unwrap();
    slow.pending.borrow_mut().clear();
    let whole = loaded.complete(&slow).unwrap();
    assert_eq!(whole.pending().count(), 0);
    assert_eq!(whole.plugins["mailer"].description.name, "mailer");
    assert_eq!(whole.config, loaded.config);
    assert_eq!(*slow.asked.borrow(), ["purchase-to-access", "mailer"]);
}

#[test]
fn a_mistake_beside_a_pending_plugin_is_told_at_once() {
    let slow = Slow::with(&["mailer"]);
    let wrong = WRONG_IN_THE_MAILER.replace("grant-days", "grant-dais");
    let report = slow.load(&wrong).unwrap_err().render(false);
    assert!(
        report.contains("grant-dais") && !report.contains("colour"),
        "{report}"
    );
}
