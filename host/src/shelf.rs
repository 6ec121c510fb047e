//! The plugins of a configuration: loaded once, asked at check time, used by the run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use penstock_core::codes::Code;
use penstock_core::config::{
    Config, ConfigureProblem, HandlerLimits, Isolation, PluginFacts, PluginProblem, Plugins,
};
use penstock_core::contract::Description;
use penstock_wasm::{Binding, LoadError, Plugin, Runtime, StartError};

/// Loads plugins when a configuration first asks for them, and keeps them.
#[derive(Default)]
pub struct Shelf {
    runtime: OnceLock<Result<Arc<Runtime>, StartError>>,
    plugins: Mutex<BTreeMap<PathBuf, Arc<Shelved>>>,
}

/// A plugin and what it says of itself.
pub struct Shelved {
    /// Compiled and linked.
    pub plugin: Arc<Plugin>,
    /// The answer of its `describe`.
    pub description: Description,
}

impl Shelf {
    /// The runtime whose clock has to tick while guests run.
    ///
    /// # Errors
    /// When the machine can't run one.
    pub fn runtime(&self, config: &Config) -> Result<&Arc<Runtime>, &StartError> {
        self.runtime
            .get_or_init(|| Runtime::new(&config.host.cache).map(Arc::new))
            .as_ref()
    }

    /// A plugin that was inspected before.
    pub fn get(&self, path: &Path) -> Option<Arc<Shelved>> {
        let plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        plugins.get(path).cloned()
    }

    fn load(&self, path: &Path, config: &Config) -> Result<Arc<Shelved>, PluginProblem> {
        if let Some(shelved) = self.get(path) {
            return Ok(shelved);
        }
        let runtime = self.runtime(config).map_err(|error| PluginProblem {
            code: Code::NotAPlugin,
            text: error.to_string(),
            help: None,
        })?;
        let plugin = runtime.load(path).map_err(problem)?;
        let description = plugin.describe(&config.limits).map_err(problem)?;
        let shelved = Arc::new(Shelved {
            plugin,
            description,
        });
        let mut plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        plugins.insert(path.to_owned(), Arc::clone(&shelved));
        Ok(shelved)
    }
}

impl Plugins for Shelf {
    fn inspect(&self, path: &Path, config: &Config) -> Result<PluginFacts, PluginProblem> {
        let shelved = self.load(path, config)?;
        Ok(PluginFacts {
            sha256: shelved.plugin.sha256(),
            description: shelved.description.clone(),
        })
    }

    fn configure(
        &self,
        path: &Path,
        topic: &str,
        settings: &BTreeMap<String, String>,
        limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem> {
        let shelved = self
            .get(path)
            .ok_or_else(|| ConfigureProblem::Failed("it was not inspected".to_owned()))?;
        let pool = shelved.plugin.bind(Binding {
            handler: shelved.description.name.as_str().into(),
            topic: topic.into(),
            settings: settings
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            limits: limits.clone(),
            isolation: Isolation::Reused,
            headers: shelved.description.headers,
            outputs: shelved.description.outputs.len() as u32,
        });
        match pool.try_configure() {
            Ok(refused) if refused.is_empty() => Ok(()),
            Ok(refused) => Err(ConfigureProblem::Refused(refused)),
            Err(failure) => Err(ConfigureProblem::Failed(failure.text())),
        }
    }
}

fn problem(error: LoadError) -> PluginProblem {
    PluginProblem {
        code: error.code,
        text: error.text,
        help: error.help,
    }
}
