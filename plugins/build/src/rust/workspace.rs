//! What the workspace holds: which of its packages are handlers.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::toolchain;
use crate::tools;

/// What `cargo metadata` says, as far as it matters here.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    workspace_root: PathBuf,
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    rust_version: Option<String>,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

/// A package that becomes a component.
#[derive(Debug, PartialEq, Eq)]
pub struct Handler {
    /// The package, and the component's file name.
    pub package: String,
    /// The library, and the core module's file name.
    pub library: String,
}

impl Workspace {
    /// Ask cargo.
    pub fn load(manifest: Option<&Path>) -> Result<Self> {
        let mut cargo = toolchain::current_cargo();
        cargo.args(["metadata", "--no-deps", "--format-version=1"]);
        if let Some(manifest) = manifest {
            cargo.arg("--manifest-path").arg(manifest);
        }
        let json = tools::output(&mut cargo).context("the workspace can't be read")?;
        Self::parse(&json)
    }

    fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).context("cargo metadata answered something unexpected")
    }

    #[cfg(test)]
    pub fn for_tests(root: &str) -> Self {
        Workspace {
            workspace_root: root.into(),
            packages: Vec::new(),
        }
    }

    /// Where paths in traps start.
    pub fn root(&self) -> &Path {
        &self.workspace_root
    }

    /// The guests' artefacts and the components lie here, wherever the host's lie.
    pub fn target_dir(&self) -> PathBuf {
        self.workspace_root.join("target")
    }

    /// The least Rust that all the handlers need, as `major.minor`.
    pub fn rust_version(&self) -> Option<(u32, u32)> {
        self.packages
            .iter()
            .filter(|package| package.handler().is_some())
            .filter_map(|package| toolchain::parse_version(package.rust_version.as_deref()?))
            .max()
    }

    /// The packages of these names, or all handlers.
    pub fn handlers(&self, names: &[String]) -> Result<Vec<Handler>> {
        let all: Vec<Handler> = self.packages.iter().filter_map(Package::handler).collect();
        if names.is_empty() {
            ensure!(
                !all.is_empty(),
                "no package of {} is a handler: it needs penstock-sdk among its dependencies, and \
                 `crate-type = [\"cdylib\", \"rlib\"]` under [lib]",
                self.workspace_root.display()
            );
            return Ok(all);
        }
        for name in names {
            if !all.iter().any(|handler| handler.package == *name) {
                let known: Vec<&str> = all.iter().map(|one| one.package.as_str()).collect();
                match self.packages.iter().any(|package| package.name == *name) {
                    true => bail!(
                        "`{name}` is no handler: it needs penstock-sdk among its dependencies, \
                         and `crate-type = [\"cdylib\", \"rlib\"]` under [lib]"
                    ),
                    false => bail!(
                        "no package is named `{name}`; the handlers are: {}",
                        known.join(", ")
                    ),
                }
            }
        }
        Ok(all
            .into_iter()
            .filter(|handler| names.contains(&handler.package))
            .collect())
    }
}

impl Package {
    fn handler(&self) -> Option<Handler> {
        let uses_sdk = self
            .dependencies
            .iter()
            .any(|one| one.name == "penstock-sdk");
        let library = self
            .targets
            .iter()
            .find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))?;
        uses_sdk.then(|| Handler {
            package: self.name.clone(),
            library: library.name.replace('-', "_"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"workspace_root": "/ws", "packages": [
        {"name": "purchase-to-access", "rust_version": "1.95",
         "dependencies": [{"name": "serde"}, {"name": "penstock-sdk"}],
         "targets": [{"name": "purchase_to_access", "crate_types": ["cdylib", "rlib"]}]},
        {"name": "other", "rust_version": "1.90.2",
         "dependencies": [{"name": "penstock-sdk"}],
         "targets": [{"name": "another-name", "crate_types": ["cdylib"]}]},
        {"name": "host", "rust_version": "1.99", "dependencies": [{"name": "penstock-sdk"}],
         "targets": [{"name": "host", "crate_types": ["bin"]}]},
        {"name": "python-module", "rust_version": null, "dependencies": [],
         "targets": [{"name": "python_module", "crate_types": ["cdylib"]}]}]}"#;

    fn handler(package: &str, library: &str) -> Handler {
        Handler {
            package: package.to_owned(),
            library: library.to_owned(),
        }
    }

    #[test]
    fn handlers_are_libraries_that_use_the_sdk() {
        let workspace = Workspace::parse(METADATA).unwrap();
        assert_eq!(
            workspace.handlers(&[]).unwrap(),
            [
                handler("purchase-to-access", "purchase_to_access"),
                handler("other", "another_name")
            ]
        );
        assert_eq!(
            workspace.handlers(&["other".to_owned()]).unwrap(),
            [handler("other", "another_name")]
        );
        assert_eq!(workspace.rust_version(), Some((1, 95)));
    }

    #[test]
    fn what_is_no_handler_is_explained() {
        let workspace = Workspace::parse(METADATA).unwrap();
        for (name, expected) in [
            ("host", "`host` is no handler: it needs penstock-sdk"),
            ("python-module", "`python-module` is no handler"),
            (
                "oher",
                "no package is named `oher`; the handlers are: purchase-to-access, other",
            ),
        ] {
            let error = workspace.handlers(&[name.to_owned()]).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        }
        let empty = Workspace::parse(r#"{"workspace_root": "/ws", "packages": []}"#).unwrap();
        assert!(empty.handlers(&[]).unwrap_err().to_string().contains("/ws"));
    }
}
