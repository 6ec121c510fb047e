//! Why a plugin can't be used, for the people who configured or built it.

use penstock_core::codes::Code;

/// Why a plugin can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct LoadError {
    /// The stable code.
    pub code: Code,
    /// What is wrong.
    pub text: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl LoadError {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Self {
        LoadError {
            code,
            text: text.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Why the engine can't start on this machine.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly engine can't start: {0}")]
pub struct StartError(String);

impl From<wasmtime::Error> for StartError {
    fn from(error: wasmtime::Error) -> Self {
        StartError(format!("{error:#}"))
    }
}
