//! `penstock plugin build`: one component of a project, by its language's usual tools.

use std::path::PathBuf;

use penstock_plugin_build::Project;

use super::refusal;
use crate::commands::{Exit, Failure, output};

/// Builds a plugin into one `.wasm` file, with its language's usual tools.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock plugin build
  penstock plugin build services/greeter

The folder is one that `penstock plugin new` made; the plugin lies in it afterwards, as NAME.wasm. What
the tools say goes to standard error. A tool that is missing is named, with the command that
installs it.

The exit code is 0 if it was built, 1 if its sources don't build, 2 if a tool is missing or there is
no project.")]
pub(super) struct BuildArgs {
    /// The plugin's folder.
    #[arg(default_value = ".", hide_default_value = true)]
    folder: PathBuf,
}

/// Builds it.
///
/// # Errors
/// Why it was not built.
pub(super) fn run(args: &BuildArgs) -> Result<Exit, Failure> {
    let built = Project::open(&args.folder)
        .and_then(|project| project.build())
        .map_err(|error| refusal(error, Exit::Problem).cost("nothing was built"))?;
    output::finish(output::print(&built.to_string()))
}
