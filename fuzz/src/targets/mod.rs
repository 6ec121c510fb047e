//! What is given noise.

mod components;
mod configuration;
mod records;

pub use components::Components;
pub use configuration::Configuration;
pub use records::Records;

/// Of how many words a kind of answer is; with more, an input would be kept for each accident.
const WORDS_MAX: usize = 8;

/// A part of the host that takes what comes from outside.
pub trait Target {
    /// What it makes of an input, in as many kinds of answers as it gives: one that was not seen
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

/// An answer without what differs between answers of one kind: words with numbers in them, what is
/// quoted, and what comes late.
fn kind(answer: &str) -> String {
    let answer: String = answer.chars().take(1_000).collect();
    let parts = answer.split(['`', '"']).step_by(2);
    let words = parts.flat_map(|part| part.split(|c: char| !c.is_alphanumeric()));
    let words = words.filter(|word| !word.is_empty() && !word.contains(|c: char| c.is_numeric()));
    words.take(WORDS_MAX).collect::<Vec<_>>().join(" ")
}
