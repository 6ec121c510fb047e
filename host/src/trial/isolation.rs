//! The three ways in which records are passed through, to tell what depends on the record alone
//! from what depends on its neighbours.

use penstock_core::config::{Isolation, Loaded};

/// One way through all records of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Each call has a fresh instance.
    Fresh,
    /// In their order, as configured: on one instance, unless `isolation = "record"`.
    Reused,
    /// As configured, from the last to the first.
    Reverse,
}

impl Pass {
    /// All of them; the first is what the others must equal.
    pub const ALL: [Pass; 3] = [Pass::Fresh, Pass::Reused, Pass::Reverse];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Pass::Fresh => "on fresh instances",
            Pass::Reused => "on one instance",
            Pass::Reverse => "on one instance, in reverse order",
        }
    }
}

/// The configuration with a fresh instance for each call of the handler `name`.
pub fn isolated(loaded: &Loaded, name: &str) -> Loaded {
    let mut loaded = loaded.clone();
    if let Some(handler) = loaded.config.handlers.get_mut(name) {
        handler.isolation = Isolation::Record;
    }
    loaded
}
