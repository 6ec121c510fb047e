//! `penstock schema`: the JSON Schema of the configuration, for editors.

use super::{Exit, Failure, output};

/// Prints the schema.
///
/// # Errors
/// The output can't be written.
pub fn run() -> Result<Exit, Failure> {
    let text = format!("{:#}\n", penstock_core::config::schema());
    output::finish(output::print(&text))
}
