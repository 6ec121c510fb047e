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
    fn inspect(
        &self,
        path: &Path,
        pinned: Option<[u8; 32]>,
        config: &Config,
    ) -> Result<PluginFacts, PluginProblem> {
        let plugin = match pinned {
            Some(sha256) => self.load_pinned(path, sha256)?,
            None => self.load(path)?,
        };
        Ok(PluginFacts {
            sha256: plugin.sha256(),
            description: plugin.describe(&config.limits)?,
        })
    }

    fn configure(
        &self,
        path: &Path,
        sha256: [u8; 32],
        topic: &str,
        settings: &BTreeMap<String, String>,
        limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem> {
        let plugin = self
            .load_pinned(path, sha256)
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
    fn from(LoadError { code, text, help }: LoadError) -> Self {
        PluginProblem { code, text, help }
    }
}

impl From<PluginProblem> for LoadError {
    fn from(PluginProblem { code, text, help }: PluginProblem) -> Self {
        LoadError { code, text, help }
    }
}
