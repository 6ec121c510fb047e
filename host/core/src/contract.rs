//! What a plugin says of itself, in the words of the contract (`wit/`), without the runtime.

/// The answer of a plugin's `describe`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// The plugin's own name.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// The SDK that built it, with its version.
    pub sdk: String,
    /// Whether `handle` wants the record's headers; lowering them costs a call each.
    pub headers: bool,
    /// The logical outputs, in the order that `emit` numbers them.
    pub outputs: Vec<OutputSpec>,
    /// The settings that `configure` understands.
    pub settings: Vec<SettingSpec>,
}

/// A logical output that the configuration maps to a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSpec {
    /// Its name, as in `outputs = { name = "topic" }`.
    pub name: String,
    /// One sentence for people.
    pub doc: String,
}

/// A setting that a plugin reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingSpec {
    /// Its name, as in `settings = { name = "value" }`.
    pub name: String,
    /// One sentence for people.
    pub doc: String,
    /// Whether it must be given.
    pub required: bool,
    /// What holds when it is not given.
    pub default: Option<String>,
}

/// What a plugin's `configure` refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError {
    /// The setting's name.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}
