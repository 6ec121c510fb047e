//! The settings that the host's configuration gives to a plugin.

use std::fmt::Display;
use std::str::FromStr;

use crate::{Description, SettingError};

/// What `settings = { … }` says in the configuration: names and strings.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    given: Vec<(String, String)>,
}

impl Settings {
    /// The setting's text, if it was given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.given
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// The setting as a `T`, if it was given.
    ///
    /// # Errors
    /// With the text that was given and what `T` says of it.
    pub fn parse<T>(&self, name: &str) -> Result<Option<T>, SettingError>
    where
        T: FromStr<Err: Display>,
    {
        self.get(name)
            .map(|text| {
                text.parse::<T>().map_err(|error| {
                    SettingError::new(name, format!("`{text}` can't be read: {error}"))
                })
            })
            .transpose()
    }

    /// Only what the plugin declares, and all that it requires.
    pub(crate) fn check(
        given: Vec<(String, String)>,
        description: &Description,
    ) -> Result<Self, Vec<SettingError>> {
        let specs = &description.settings;
        let unknown = given
            .iter()
            .filter(|(name, _)| !specs.iter().any(|spec| spec.name == *name))
            .map(|(name, _)| {
                let known: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
                let known = match known.as_slice() {
                    [] => "this plugin has no settings".to_owned(),
                    names => format!("this plugin knows: {}", names.join(", ")),
                };
                SettingError::new(name, format!("unknown setting; {known}"))
            });
        let missing = specs
            .iter()
            .filter(|spec| spec.required && !given.iter().any(|(name, _)| *name == spec.name))
            .map(|spec| SettingError::new(&spec.name, format!("must be given: {}", spec.doc)));
        let errors: Vec<SettingError> = unknown.chain(missing).collect();
        if errors.is_empty() {
            Ok(Settings { given })
        } else {
            Err(errors)
        }
    }
}
