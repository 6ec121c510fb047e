//! A loaded plugin: what it exports, and what it says of itself.

use std::collections::HashSet;
use std::sync::Arc;

use penstock_core::codes::Code;
use penstock_core::config::{Ceilings, HandlerLimits};
use penstock_core::contract::Description;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

use crate::bounds;
use crate::clock::Clock;
use crate::contract::HANDLER;
use crate::error::LoadError;
use crate::guest::{Guest, NoGuest};
use crate::imports;
use crate::pool::{Binding, Pool};
use crate::state::State;

/// Outputs, or settings, that a plugin may describe.
const DESCRIBED_MAX: usize = 1_000;

/// Where a plugin's machine code came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loaded {
    /// It was compiled.
    Compiled,
    /// An earlier run had compiled it.
    Cached,
}

/// A plugin, compiled, linked and checked; nothing of it runs yet.
pub struct Plugin {
    pub(crate) linked: InstancePre<State>,
    pub(crate) exports: Exports,
    pub(crate) clock: Arc<Clock>,
    sha256: [u8; 32],
    loaded: Loaded,
}

/// The functions of the contract's `handler`.
pub(crate) struct Exports {
    pub(crate) describe: ComponentExportIndex,
    pub(crate) configure: ComponentExportIndex,
    pub(crate) handle: ComponentExportIndex,
}

impl Plugin {
    pub(crate) fn new(
        component: &Component,
        mut linker: Linker<State>,
        clock: Arc<Clock>,
        sha256: [u8; 32],
        loaded: Loaded,
    ) -> Result<Self, LoadError> {
        let exports = Exports::find(component)?;
        imports::link(component.engine(), component, &mut linker)?;
        let linked = linker.instantiate_pre(component).map_err(|error| {
            let text = format!("its imports are not those of contract 0.1: {error:#}");
            LoadError::new(Code::NotAPlugin, text).help("run it on a later host, or build it anew")
        })?;
        Ok(Plugin {
            linked,
            exports,
            clock,
            sha256,
            loaded,
        })
    }

    /// The digest of the plugin's file.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// Where its machine code came from.
    pub fn loaded(&self) -> Loaded {
        self.loaded
    }

    /// Asks the plugin what it is, in an instance of its own that is dropped afterwards. It has
    /// as long and as much memory as `ceilings` allow.
    ///
    /// # Errors
    /// [`Code::NotAPlugin`] if its functions have other types than the contract's,
    /// [`Code::DescribeFailed`] if it traps, runs into a ceiling or describes what can't be.
    pub fn describe(&self, ceilings: &Ceilings) -> Result<Description, LoadError> {
        let limits = HandlerLimits {
            deadline: ceilings.deadline,
            memory_bytes: ceilings.memory_bytes,
            outputs: 0,
            output_bytes: 0,
            log_lines: 100,
            log_bytes: 64 << 10,
            instances: 1,
        };
        let state = State::new("describe".into(), "".into(), &limits, 0);
        let description = self
            .clock
            .watched(|| Guest::start(self, state, false)?.describe(&self.exports));
        let description = description.map_err(|error| match error {
            NoGuest::Mismatch(why) => LoadError::new(Code::NotAPlugin, why)
                .help("build it anew with an SDK for contract 0.1"),
            NoGuest::Failed(failure) => {
                let text = format!("can't describe itself: {}", failure.text());
                LoadError::new(Code::DescribeFailed, text)
            }
        })?;
        check(&description)?;
        Ok(description)
    }

    /// The instances of this plugin for one handler and one topic.
    pub fn bind(self: &Arc<Self>, binding: Binding) -> Pool {
        Pool::new(Arc::clone(self), binding)
    }
}

impl Exports {
    fn find(component: &Component) -> Result<Self, LoadError> {
        let Some(handler) = component.get_export_index(None, HANDLER) else {
            return Err(no_handler(component));
        };
        let function = |name: &str| {
            component
                .get_export_index(Some(&handler), name)
                .ok_or_else(|| {
                    let text = format!("exports `{HANDLER}` without its function `{name}`");
                    LoadError::new(Code::NotAPlugin, text)
                })
        };
        Ok(Exports {
            describe: function("describe")?,
            configure: function("configure")?,
            handle: function("handle")?,
        })
    }
}

fn no_handler(component: &Component) -> LoadError {
    let interface = HANDLER.split_once('@').map_or(HANDLER, |(name, _)| name);
    let ty = component.component_type();
    let other = ty
        .exports(component.engine())
        .find_map(|(name, _)| name.strip_prefix(interface)?.strip_prefix('@'));
    match other {
        Some(version) => LoadError::new(
            Code::NotAPlugin,
            format!("speaks contract {version}, and this host knows 0.1"),
        )
        .help("run it on a host that knows its contract, or build it with an SDK for contract 0.1"),
        None => LoadError::new(
            Code::NotAPlugin,
            format!("a component, but no Penstock plugin: it does not export `{HANDLER}`"),
        )
        .help("build it against `wit/penstock-handler/v0.1`, or with an SDK"),
    }
}

/// The configuration maps outputs and settings by name.
fn check(description: &Description) -> Result<(), LoadError> {
    let outputs = description.outputs.iter().map(|output| &output.name);
    let settings = description.settings.iter().map(|setting| &setting.name);
    check_names("output", outputs)?;
    check_names("setting", settings)
}

fn check_names<'a>(
    kind: &str,
    names: impl ExactSizeIterator<Item = &'a String>,
) -> Result<(), LoadError> {
    if names.len() > DESCRIBED_MAX {
        let text = format!(
            "describes {} {kind}s, and {DESCRIBED_MAX} are the limit",
            names.len()
        );
        return Err(LoadError::new(Code::DescribeFailed, text));
    }
    let mut seen = HashSet::new();
    for name in names {
        let problem = if name.is_empty() {
            format!("describes an {kind} without a name")
        } else if !seen.insert(name) {
            let name = bounds::one_line(name);
            format!("describes the {kind} `{name}` twice")
        } else {
            continue;
        };
        return Err(LoadError::new(Code::DescribeFailed, problem));
    }
    Ok(())
}
