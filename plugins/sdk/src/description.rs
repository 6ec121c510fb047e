//! How a plugin describes itself: a chain of calls on [`Description`].

use crate::{Description, Output, OutputSpec, SettingError, SettingSpec};

impl Description {
    /// A plugin of this name and version, which wants no headers, writes nowhere and reads no
    /// settings.
    ///
    /// `Description::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))` takes both from
    /// `Cargo.toml`.
    pub fn new(name: &str, version: &str) -> Self {
        Description {
            name: name.to_owned(),
            version: version.to_owned(),
            sdk: concat!("penstock-sdk ", env!("CARGO_PKG_VERSION")).to_owned(),
            headers: false,
            outputs: Vec::new(),
            settings: Vec::new(),
        }
    }

    /// Ask for the records' headers. Each costs two allocations, so they come only when asked for.
    #[must_use]
    pub fn with_headers(mut self) -> Self {
        self.headers = true;
        self
    }

    /// Declare the next output.
    ///
    /// # Panics
    /// If the outputs are not declared in the order of their indexes, 0 first: `emit` would write
    /// to another topic than meant.
    #[must_use]
    pub fn output(mut self, output: Output) -> Self {
        let next = self.outputs.len();
        assert!(
            output.index() as usize == next,
            "output `{}` has index {}, and is declared at place {next}",
            output.name(),
            output.index(),
        );
        self.outputs.push(OutputSpec {
            name: output.name().to_owned(),
            doc: output.doc().to_owned(),
        });
        self
    }

    /// Declare a setting that has a default, which is shown to people: apply it in `configure`.
    #[must_use]
    pub fn setting(self, name: &str, doc: &str, default: &str) -> Self {
        self.spec(name, doc, false, Some(default.to_owned()))
    }

    /// Declare a setting without which something is left out.
    #[must_use]
    pub fn optional_setting(self, name: &str, doc: &str) -> Self {
        self.spec(name, doc, false, None)
    }

    /// Declare a setting that must be given.
    #[must_use]
    pub fn required_setting(self, name: &str, doc: &str) -> Self {
        self.spec(name, doc, true, None)
    }

    fn spec(mut self, name: &str, doc: &str, required: bool, default: Option<String>) -> Self {
        self.settings.push(SettingSpec {
            name: name.to_owned(),
            doc: doc.to_owned(),
            required,
            default,
        });
        self
    }
}

impl SettingError {
    /// What is wrong with the setting `name`.
    pub fn new(name: impl Into<String>, problem: impl Into<String>) -> Self {
        SettingError {
            name: name.into(),
            problem: problem.into(),
        }
    }
}
