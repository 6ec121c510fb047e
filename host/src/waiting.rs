//! Topics that are not read yet, because a plugin of theirs is being compiled: a condition each, as
//! long as that lasts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use penstock_core::codes::Code;
use penstock_core::conditions::Conditions;
use penstock_core::config::Loaded;

/// See the module.
pub struct Waiting {
    conditions: Arc<Mutex<Conditions>>,
    /// Each with what was said of it.
    topics: BTreeMap<String, String>,
}

impl Waiting {
    /// Those of a configuration that is just loaded.
    pub fn of(loaded: &Loaded, conditions: Arc<Mutex<Conditions>>) -> Waiting {
        let mut waiting = Waiting {
            conditions,
            topics: BTreeMap::new(),
        };
        for topic in loaded.config.topics.keys() {
            waiting.look(loaded, topic);
        }
        waiting
    }

    /// Their names.
    pub fn names(&self) -> BTreeSet<String> {
        self.topics.keys().cloned().collect()
    }

    /// Those that wait no longer, by what is known now; the others say what they wait for still.
    pub fn ready(&mut self, loaded: &Loaded) -> Vec<String> {
        let names = self.names().into_iter();
        names.filter(|topic| !self.look(loaded, topic)).collect()
    }

    /// A topic is read from now on.
    pub fn over(&mut self, topic: &str) {
        self.topics.remove(topic);
        let held = self.conditions().clear(Code::PluginCompiling, topic);
        if let Some(condition) = held {
            let seconds = (now_ms() - condition.first_seen_ms) / 1000;
            tracing::info!(topic, seconds, "its plugins are compiled: it is read now");
        }
    }

    /// Whether a topic waits; if for something else than before, that is said.
    fn look(&mut self, loaded: &Loaded, topic: &str) -> bool {
        let handlers = pending(loaded, topic);
        if handlers.is_empty() {
            return false;
        }
        let text = text(loaded, &handlers);
        if self.topics.get(topic) != Some(&text) {
            let code = Code::PluginCompiling;
            self.conditions().raise(code, topic, &text, now_ms());
            tracing::info!(code = code.as_str(), subject = topic, "{text}");
            self.topics.insert(topic.to_owned(), text);
        }
        true
    }

    fn conditions(&self) -> MutexGuard<'_, Conditions> {
        let conditions = self.conditions.lock();
        conditions.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handlers of a topic whose plugins are being compiled.
pub fn pending<'a>(loaded: &'a Loaded, topic: &str) -> Vec<&'a str> {
    let handlers = loaded.config.topics.get(topic).map(|of| &of.handlers);
    let is_its = |name: &&str| handlers.is_some_and(|all| all.iter().any(|of| of == name));
    loaded.pending().filter(is_its).collect()
}

fn text(loaded: &Loaded, handlers: &[&str]) -> String {
    let each = handlers.iter().map(|name| {
        let plugin = &loaded.config.handlers[*name].plugin;
        let file = plugin.file_name().unwrap_or_default();
        format!("{name} ({})", file.display())
    });
    let each: Vec<String> = each.collect();
    format!(
        "not read yet: {} is being compiled, which is done once for each version of a plugin; other \
         topics go on, and this one joins when it is done",
        each.join(" and ")
    )
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
