//! From a core module to a component file.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
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
        let path = self.path.display();
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
    ComponentEncoder::default()
        .module(&slim(module)?)?
        .validate(true)
        .encode()
}

/// In one step: a host that watches the file never sees half of it.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let beside = path.with_extension(format!("wasm.{}", std::process::id()));
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}
