//! What is given noise.

mod components;
mod configuration;
mod records;

pub use components::Components;
pub use configuration::Configuration;
pub use records::Records;

/// A part of the host that takes what comes from outside.
pub trait Target {
    /// What it makes of an input, in as many answers as there are: one that is of no kind seen
    /// before makes the input worth keeping.
    ///
    /// # Errors
    /// What must not be.
    fn answer(&mut self, input: &[u8]) -> Result<Vec<String>, String>;
}

/// The target that is called so.
///
/// # Errors
/// If there is none, or it can't be set up.
pub fn by_name(name: &str) -> Result<Box<dyn Target>, String> {
    Ok(match name {
        "components" => Box::new(Components::new()?),
        "configuration" => Box::new(Configuration),
        "records" => Box::new(Records::new()?),
        _ => return Err("there are components, configuration and records".to_owned()),
    })
}
