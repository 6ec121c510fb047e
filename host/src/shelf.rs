//! The sandbox, started when a configuration that says where its cache lies first asks for a
//! plugin.

mod compiling;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use penstock_core::codes::Code;
use penstock_core::config::{
    Config, ConfigureProblem, HandlerLimits, PluginFacts, PluginProblem, Plugins,
};
use penstock_wasm::{Runtime, StartError};

/// The plugins of a configuration: asked at check time, used by the run, loaded once. Whoever asks
/// waits until they are compiled, and is told so at a terminal.
#[derive(Default)]
pub struct Shelf {
    runtime: OnceLock<Result<Arc<Runtime>, StartError>>,
}

/// The same without waiting: what is not compiled is pending.
pub struct Compiled<'s, F> {
    shelf: &'s Shelf,
    before: F,
}

impl Shelf {
    /// The runtime that holds the plugins, and whose clock has to tick while their guests run.
    ///
    /// # Errors
    /// When the machine can't run one.
    pub fn runtime(&self, config: &Config) -> Result<&Arc<Runtime>, &StartError> {
        self.runtime
            .get_or_init(|| Runtime::new(&config.host.cache).map(Arc::new))
            .as_ref()
    }

    /// What is compiled of it. `before` is called each time before a plugin is looked for.
    pub fn compiled<F: Fn(&Config)>(&self, before: F) -> Compiled<'_, F> {
        Compiled {
            shelf: self,
            before,
        }
    }

    /// Whether a file would have to be compiled, so that asking for it may take long.
    fn is_to_compile(&self, path: &Path, pinned: Option<[u8; 32]>, config: &Config) -> bool {
        let runtime = self.runtime(config);
        // Why it is none is soon said.
        runtime.is_ok_and(|runtime| matches!(runtime.load_compiled(path, pinned), Ok(None)))
    }

    /// Compiles a file. What is wrong with it is said to who asks for it then.
    pub fn compile(&self, path: &Path, pinned: Option<[u8; 32]>, config: &Config) {
        if let Ok(runtime) = self.runtime(config) {
            drop(match pinned {
                Some(sha256) => runtime.load_pinned(path, sha256),
                None => runtime.load(path),
            });
        }
    }
}

impl Plugins for Shelf {
    fn inspect(
        &self,
        path: &Path,
        pinned: Option<[u8; 32]>,
        config: &Config,
    ) -> Result<PluginFacts, PluginProblem> {
        match self.runtime(config) {
            Ok(runtime) => {
                let is_long = self.is_to_compile(path, pinned, config);
                let line = is_long.then(|| compiling::line(path));
                let facts = runtime.inspect(path, pinned, config);
                if let Some(line) = line {
                    line.finish_and_clear();
                }
                facts
            }
            Err(error) => Err(PluginProblem {
                code: Code::NotAPlugin,
                text: error.to_string(),
                help: None,
            }),
        }
    }

    fn configure(
        &self,
        path: &Path,
        sha256: [u8; 32],
        topic: &str,
        settings: &BTreeMap<String, String>,
        limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem> {
        match self.runtime.get() {
            Some(Ok(runtime)) => runtime.configure(path, sha256, topic, settings, limits),
            Some(Err(error)) => Err(ConfigureProblem::Failed(error.to_string())),
            None => unreachable!("a plugin is inspected before it is configured"),
        }
    }
}

impl<F: Fn(&Config)> Plugins for Compiled<'_, F> {
    fn is_pending(&self, path: &Path, pinned: Option<[u8; 32]>, config: &Config) -> bool {
        (self.before)(config);
        self.shelf.is_to_compile(path, pinned, config)
    }

    fn inspect(
        &self,
        path: &Path,
        pinned: Option<[u8; 32]>,
        config: &Config,
    ) -> Result<PluginFacts, PluginProblem> {
        self.shelf.inspect(path, pinned, config)
    }

    fn configure(
        &self,
        path: &Path,
        sha256: [u8; 32],
        topic: &str,
        settings: &BTreeMap<String, String>,
        limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem> {
        self.shelf.configure(path, sha256, topic, settings, limits)
    }
}
