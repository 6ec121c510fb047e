//! A configuration file: it is taken, or its mistakes are reported, each in a way that can be
//! shown.

use std::num::NonZeroUsize;
use std::path::Path;

use penstock_core::codes::Code;
use penstock_core::config::{self, Config, Defaults, PluginFacts, PluginProblem, SourceFile};
use penstock_core::contract::{Description, OutputSpec};

use super::Target;

/// Loads each input as a file.
pub struct Configuration;

/// Whatever its name, a plugin is there.
fn any(_: &Path, _: &Config) -> Result<PluginFacts, PluginProblem> {
    let output = |name: &str| OutputSpec {
        name: name.to_owned(),
        doc: String::new(),
    };
    Ok(PluginFacts {
        sha256: [0; 32],
        description: Description {
            outputs: vec![output("access-granted")],
            ..Description::default()
        },
    })
}

fn environment(name: &str) -> Option<String> {
    (name.len() < 9).then(|| "value".to_owned())
}

impl Target for Configuration {
    fn answer(&mut self, input: &[u8]) -> Result<Vec<String>, String> {
        let file = SourceFile {
            name: "penstock.toml".to_owned(),
            dir: "/".into(),
            bytes: Ok(input.to_vec()),
        };
        let defaults = Defaults {
            workers: NonZeroUsize::MIN,
        };
        let loaded = config::load(&[file], &environment, &defaults, &any);
        let (report, taken) = match &loaded {
            Ok(loaded) => (&loaded.warnings, true),
            Err(report) => (report, false),
        };
        if !taken && report.is_empty() {
            return Err("it is refused without a reason".to_owned());
        }
        let shown = report.render(true).len() + report.render(false).len();
        let told = report.to_json();
        if !report.is_empty() && (shown == 0 || told.to_string().len() < 10) {
            return Err("there is a report that shows nothing".to_owned());
        }
        let messages = report.diagnostics().iter();
        // Not what they say: that has words of the input's.
        let codes = messages.map(|found| found.code.map_or("warning", Code::as_str).to_owned());
        Ok(codes.chain([format!("taken: {taken}")]).collect())
    }
}
