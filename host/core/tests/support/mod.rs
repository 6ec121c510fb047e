//! Plugins and an environment for the tests of the configuration.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use penstock_core::codes::Code;
use penstock_core::config::{
    Config, ConfigureProblem, Defaults, HandlerLimits, PluginFacts, PluginProblem, Plugins,
    SourceFile,
};
use penstock_core::contract::{Description, OutputSpec, SettingError, SettingSpec};

/// What a report must never show.
pub const SECRET: &str = "hunter2";

/// The environment of every test.
pub fn env(name: &str) -> Option<String> {
    let value = match name {
        "HOSTNAME" => "worker-1",
        "KAFKA_BOOTSTRAP" => "localhost:9092",
        "KAFKA_USER" => "penstock",
        "KAFKA_PASSWORD" | "PENSTOCK_TOKEN" | "SECRET" => SECRET,
        "PLUGINS" => "plugins",
        _ => return None,
    };
    Some(value.to_owned())
}

/// A machine of four cores.
pub fn defaults() -> Defaults {
    Defaults {
        workers: NonZeroUsize::new(4).expect("four is not zero"),
    }
}

/// A file of the repository, shown under its name.
pub fn read(path: &Path) -> SourceFile {
    SourceFile {
        name: path
            .file_name()
            .expect("a file")
            .to_string_lossy()
            .into_owned(),
        dir: path.parent().expect("a folder").to_owned(),
        bytes: std::fs::read(path).map_err(|error| error.to_string()),
    }
}

/// A text as a file.
pub fn file(name: &str, bytes: impl Into<Vec<u8>>) -> SourceFile {
    SourceFile {
        name: name.to_owned(),
        dir: PathBuf::from("/etc/penstock"),
        bytes: Ok(bytes.into()),
    }
}

/// Plugins that exist by name only.
pub struct Fakes;

impl Plugins for Fakes {
    fn inspect(
        &self,
        path: &Path,
        pinned: Option<[u8; 32]>,
        _config: &Config,
    ) -> Result<PluginFacts, PluginProblem> {
        let problem = |code, text: &str, help: &str| {
            Err(PluginProblem {
                code,
                text: text.to_owned(),
                help: Some(help.to_owned()),
            })
        };
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let (outputs, settings) = match name {
            "purchase-to-access" => (vec!["access-granted"], vec![("grant-days", false)]),
            "progress-updates" => (vec!["progress-updated"], vec![]),
            "mailer" => (
                vec!["sent", "bounced"],
                vec![("sender", true), ("api-key", false)],
            ),
            "silent" | "crashing" => (vec![], vec![]),
            "not-a-plugin" => {
                return problem(
                    Code::NotAPlugin,
                    "not a WebAssembly component",
                    "build it with `penstock plugin build`",
                );
            }
            "sockets" => {
                return problem(
                    Code::ForbiddenImport,
                    "it imports `wasi:sockets/tcp`",
                    "a handler has no network",
                );
            }
            "mute" => {
                // Whose it is, and no more, is known of a trap.
                return Err(PluginProblem {
                    code: Code::DescribeFailed,
                    text: "its `describe` trapped".to_owned(),
                    help: None,
                });
            }
            _ => {
                return problem(
                    Code::PluginMissing,
                    "there is no such file",
                    "paths are relative to the configuration file; `penstock plugin build` builds a plugin",
                );
            }
        };
        let sha256 = [0xAB; 32];
        if pinned.is_some_and(|pinned| pinned != sha256) {
            return Err(PluginProblem::not_the_pinned(&sha256));
        }
        let output = |name: &str| OutputSpec {
            name: name.to_owned(),
            doc: "What was done.".to_owned(),
        };
        let setting = |(name, required): (&str, bool)| SettingSpec {
            name: name.to_owned(),
            doc: "A word on it.".to_owned(),
            required,
            default: None,
        };
        Ok(PluginFacts {
            sha256,
            description: Description {
                name: name.to_owned(),
                version: "1.0.0".to_owned(),
                sdk: "fake".to_owned(),
                headers: false,
                outputs: outputs.into_iter().map(output).collect(),
                settings: settings.into_iter().map(setting).collect(),
            },
        })
    }

    fn configure(
        &self,
        path: &Path,
        _sha256: [u8; 32],
        _topic: &str,
        settings: &BTreeMap<String, String>,
        _limits: &HandlerLimits,
    ) -> Result<(), ConfigureProblem> {
        if path.ends_with("crashing.wasm") {
            return Err(ConfigureProblem::Failed(
                "its `configure` trapped: unreachable".to_owned(),
            ));
        }
        let refuse = |(name, value): (&String, &String)| {
            let error = |problem| SettingError {
                name: name.clone(),
                problem,
            };
            match name.as_str() {
                "grant-days" if value.parse::<u32>().is_err() => {
                    Some(error(format!("`{value}` is not a number of days")))
                }
                _ => None,
            }
        };
        let mut refused: Vec<SettingError> = settings.iter().filter_map(refuse).collect();
        // One setting that another one asks for.
        if settings.get("sender").is_some_and(|of| of == "relay")
            && !settings.contains_key("api-key")
        {
            refused.push(SettingError {
                name: "api-key".to_owned(),
                problem: "a relay asks for a key".to_owned(),
            });
        }
        if refused.is_empty() {
            Ok(())
        } else {
            Err(ConfigureProblem::Refused(refused))
        }
    }
}
