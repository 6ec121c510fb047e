//! From sources to a component: what `penstock plugin new` writes, and `penstock plugin build`
//! builds, in each language that has an SDK.
//!
//! A [`Project`] is a folder with a `plugin.toml`; its [`Language`] is a row of a table, with a file
//! of its own in `languages/`. The repository's own plugins are one cargo workspace, which
//! [`rust::build_workspace`] builds at once.

mod component;
mod contract;
mod create;
mod embedded;
mod languages;
mod name;
mod project;
mod refused;
pub mod rust;
mod tools;

pub use component::{Built, Component};
pub use create::create;
pub use languages::{LANGUAGES, Language};
pub use project::{MANIFEST, Project};
pub use refused::Refused;
