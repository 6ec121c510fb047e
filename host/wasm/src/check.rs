//! What the configuration's check asks of plugin files.

use std::collections::BTreeMap;
use std::path::Path;

use penstock_core::config::{
    Config, ConfigureProblem, HandlerLimits, Isolation, PluginFacts, PluginProblem, Plugins,
};

use crate::error::LoadError;
use crate::pool::Binding;
use crate::runtime::Runtime;

impl Plugins for Runtime {
    fn inspect(&self, path: &Path, config: &Config) -> Result<PluginFacts, PluginProblem> {
        let plugin = self.load(path)?;
        Ok(PluginFacts {
            sha256: plugin.sha256(),
            description: plugin.describe(&config.limits)?,
        })
    }

    fn configure(
        &self,
        path: &Path,
        topic: &str,
        settings: &BTreeMap<String, String>,
        limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem> {
        let plugin = self
            .load(path)
            .map_err(|error| ConfigureProblem::Failed(error.text))?;
        let settings = settings.iter();
        let pool = plugin.bind(Binding {
            handler: "check".into(),
            topic: topic.into(),
            settings: settings
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            limits: limits.clone(),
            isolation: Isolation::Reused,
            headers: false,
            outputs: 0,
        });
        let refused = pool
            .try_configure()
            .map_err(|failure| ConfigureProblem::Failed(failure.text()))?;
        if refused.is_empty() {
            Ok(())
        } else {
            Err(ConfigureProblem::Refused(refused))
        }
    }
}

impl From<LoadError> for PluginProblem {
    fn from(error: LoadError) -> Self {
        PluginProblem {
            code: error.code,
            text: error.text,
            help: error.help,
        }
    }
}
