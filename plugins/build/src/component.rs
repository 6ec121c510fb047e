//! From a core module to a component file.

use std::env;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use wit_component::ComponentEncoder;

use crate::slim::slim;
use crate::workspace::Handler;

/// A component's file, as it is told to people.
pub struct Written {
    path: PathBuf,
    bytes: usize,
    changed: bool,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = env::current_dir().unwrap_or_default();
        let path = self.path.strip_prefix(here).unwrap_or(&self.path).display();
        let size = self.bytes.div_ceil(1024);
        let unchanged = if self.changed { "" } else { ", unchanged" };
        write!(f, "{path}  {size} KiB{unchanged}")
    }
}

/// Encode a core module, and write the component unless it is there already.
pub fn write(module: &Path, handler: &Handler, out_dir: &Path) -> Result<Written> {
    let name = &handler.package;
    let module = fs::read(module).with_context(|| format!("cargo left no module of {name}"))?;
    let component = encode(&module).with_context(|| {
        format!("{name} is no handler; does its crate say `penstock_sdk::export!(…)`?")
    })?;
    let path = out_dir.join(format!("{name}.wasm"));
    let changed = match fs::read(&path) {
        Ok(there) => there != component,
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
    };
    if changed {
        replace(&path, &component).with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(Written {
        path,
        bytes: component.len(),
        changed,
    })
}

fn encode(module: &[u8]) -> Result<Vec<u8>> {
    let component = ComponentEncoder::default()
        .module(&slim(module)?)?
        .validate(true)
        .encode()?;
    // A module that exports nothing makes a component too.
    let decoded = wit_component::decode(&component)?;
    let resolve = decoded.resolve();
    let handler = resolve.worlds.iter().any(|(_, world)| {
        let mut exports = world.exports.keys().map(|key| resolve.name_world_key(key));
        exports.any(|name| name.starts_with("penstock:handler/handler@"))
    });
    ensure!(handler, "it exports no handler");
    Ok(component)
}

/// In one step: a host that watches the file never sees half of it.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let beside = path.with_extension(format!("wasm.{}", std::process::id()));
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_in_one_step() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plugins/one.wasm");
        replace(&path, b"first").unwrap();
        replace(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_module_that_is_no_handler_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let module = directory.path().join("one.wasm");
        let handler = Handler {
            package: "one".to_owned(),
            library: "one".to_owned(),
        };
        let error = |module: &Path| match write(module, &handler, directory.path()) {
            Err(error) => error.to_string(),
            Ok(written) => panic!("{written}"),
        };
        assert_eq!(error(&module), "cargo left no module of one");
        fs::write(&module, b"hello").unwrap();
        assert!(error(&module).starts_with("one is no handler"));
        fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
        assert!(error(&module).starts_with("one is no handler"));
    }
}
