//! `penstock plugin inspect`: what a plugin is, and whether a host would take it.

use std::path::PathBuf;

use penstock_core::config::{PluginFacts, PluginProblem};
use penstock_wasm::{Anatomy, CONTRACT_VERSION, Kind};
use serde_json::{Value, json};

use super::snippet::snippet;
use crate::commands::{Exit, Failure, output};
use crate::escape;
use crate::trial::Alone;

mod show;

/// Shows what a plugin is, what it imports and exports, and whether this host would take it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock plugin inspect greeter.wasm
  penstock plugin inspect greeter.wasm --json | jq -r .toml >> penstock.toml

The plugin is loaded as the host would load it, and asked what it is, in the sandbox. At the end
stands a piece of configuration for it, to be pasted; its topics are to be filled in.

The exit code is 0 if this host would take it, 1 if not, 2 if the file can't be read.")]
pub(super) struct InspectArgs {
    /// The plugin's file.
    file: PathBuf,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// What was found of one file.
struct Inspected {
    file: String,
    anatomy: Anatomy,
    /// What it says of itself, or why no host would take it.
    facts: Result<PluginFacts, PluginProblem>,
}

/// Runs the command.
///
/// # Errors
/// The file can't be read.
pub(super) fn run(args: &InspectArgs) -> Result<Exit, Failure> {
    let file = args.file.display().to_string();
    let anatomy = Anatomy::read(&args.file).map_err(|error| {
        let shown = escape::text(file.as_bytes());
        Failure::new(Exit::Usage, format!("{shown}: {error}"))
            .cost("nothing was looked at")
            .hint("name the plugin's file, as `penstock plugin build` leaves it: NAME.wasm")
    })?;
    let inspected = Inspected {
        file,
        anatomy,
        facts: Alone::new(&args.file).facts(),
    };
    let text = if args.json {
        escape::json(&inspected.json().to_string()) + "\n"
    } else {
        show::render(&inspected)
    };
    output::finish(output::print(&text))?;
    Ok(match inspected.facts {
        Ok(_) => Exit::Fine,
        Err(_) => Exit::Problem,
    })
}

impl Inspected {
    fn digest(&self) -> String {
        let bytes = self.anatomy.sha256.iter();
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    fn json(&self) -> Value {
        let of = &self.anatomy;
        let mut all = json!({
            "file": self.file,
            "bytes": of.bytes,
            "sha256": self.digest(),
            "kind": match of.kind {
                Kind::Component => "component",
                Kind::Module => "core-module",
                Kind::Other => "other",
            },
            "contract": of.contract(),
            "host-contract": CONTRACT_VERSION,
            "accepted": self.facts.is_ok(),
            "imports": of.imports,
            "exports": of.exports,
            "producers": of.producers,
        });
        match &self.facts {
            Ok(facts) => {
                let description = &facts.description;
                let outputs = description.outputs.iter();
                let settings = description.settings.iter();
                all["description"] = json!({
                    "name": description.name,
                    "version": description.version,
                    "sdk": description.sdk,
                    "headers": description.headers,
                    "outputs": outputs
                        .map(|of| json!({ "name": of.name, "doc": of.doc }))
                        .collect::<Vec<_>>(),
                    "settings": settings
                        .map(|of| json!({
                            "name": of.name,
                            "doc": of.doc,
                            "required": of.required,
                            "default": of.default,
                        }))
                        .collect::<Vec<_>>(),
                });
                all["toml"] = snippet(&self.file, facts).into();
            }
            Err(problem) => {
                all["problem"] = json!({
                    "code": problem.code.as_str(),
                    "text": problem.text,
                    "help": problem.help,
                });
            }
        }
        all
    }
}
