//! `penstock schema`: the JSON Schema of the configuration, for editors.

use super::Exit;

/// Prints the schema.
pub fn run() -> Exit {
    anstream::println!("{:#}", penstock_core::config::schema());
    Exit::Fine
}
