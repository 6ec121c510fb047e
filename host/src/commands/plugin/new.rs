//! `penstock plugin new`: a small project that builds.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use penstock_plugin_build::{LANGUAGES, Language, create};

use super::refusal;
use crate::commands::{Exit, Failure, output};

/// Makes a folder with a small plugin in it, which builds and has a test case.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock plugin new greeter --lang rust
  penstock plugin new services/greeter --lang go

The folder's name is the plugin's: small letters and digits, with dashes between words. It gets a
handler to change, a test case, a configuration to run it with, the language's SDK and the contract.
Nothing is overwritten, and nothing is fetched.

The exit code is 0 if it was made, and 2 if there is something already or no plugin can be called so.")]
pub(super) struct NewArgs {
    /// The folder, which is not there yet, or empty.
    #[arg(value_name = "NAME")]
    folder: PathBuf,
    /// What to write it in.
    #[arg(long, value_name = "LANGUAGE", value_parser = languages())]
    lang: String,
}

fn languages() -> PossibleValuesParser {
    PossibleValuesParser::new(LANGUAGES.iter().map(|language| language.name))
}

/// Makes it.
///
/// # Errors
/// Why it could not be made.
pub(super) fn run(args: &NewArgs) -> Result<Exit, Failure> {
    let language = Language::named(&args.lang).expect("clap has looked at it");
    create(&args.folder, language)
        .map_err(|error| refusal(error, Exit::Problem).cost("nothing was written"))?;
    let folder = args.folder.display();
    let (title, test) = (language.title, language.test);
    output::finish(output::print(&format!(
        "{folder}: a plugin in {title}; its README.md says more\n\n  \
         cd {folder}\n  {test}\n  penstock plugin build\n  penstock plugin test\n"
    )))
}
