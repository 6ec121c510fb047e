//! A loaded plugin: what it exports, and what it says of itself.

use std::collections::HashSet;
use std::sync::Arc;

use penstock_core::codes::Code;
use penstock_core::config::{Ceilings, HandlerLimits};
use penstock_core::contract::Description;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::bounds;
use crate::clock::Clock;
use crate::contract::HANDLER;
use crate::error::LoadError;
use crate::guest::{Guest, NoGuest};
use crate::host::Functions;
use crate::imports;
use crate::pool::{Binding, Pool};
use crate::state::State;
use crate::version::{self, CONTRACT_VERSION, Version};

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
        functions: &Functions,
        clock: Arc<Clock>,
        sha256: [u8; 32],
        loaded: Loaded,
    ) -> Result<Self, LoadError> {
        let (engine, contract) = (component.engine(), functions.version);
        let exports = Exports::find(component, contract)?;
        let mut linker = functions.linker.clone();
        imports::link(engine, component, &mut linker, contract)?;
        let linked = linker.instantiate_pre(component).map_err(|error| {
            let theirs = imports::newest(engine, component, contract);
            contract.refuse_imports(&theirs, &format!("{error:#}"))
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
            NoGuest::Mismatch(why) => LoadError::new(Code::NotAPlugin, why).help(format!(
                "build it anew with an SDK for contract {CONTRACT_VERSION}"
            )),
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
    fn find(component: &Component, contract: Version) -> Result<Self, LoadError> {
        let interface = contract.interface(HANDLER);
        let Some(handler) = component.get_export_index(None, &interface) else {
            return Err(no_handler(component, contract));
        };
        let function = |name: &str| {
            component
                .get_export_index(Some(&handler), name)
                .ok_or_else(|| {
                    let text = format!("exports `{interface}` without its function `{name}`");
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

fn no_handler(component: &Component, contract: Version) -> LoadError {
    let ty = component.component_type();
    let mut exports = ty.exports(component.engine());
    if let Some(version) = exports.find_map(|(name, _)| version::of_interface(name, HANDLER)) {
        return contract.refuse(&format!("speaks contract {version}"));
    }
    let interface = contract.interface(HANDLER);
    LoadError::new(
        Code::NotAPlugin,
        format!("a component, but no Penstock plugin: it does not export `{interface}`"),
    )
    .help(format!(
        "build it with an SDK, or against `wit/penstock-handler/{contract}`"
    ))
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
