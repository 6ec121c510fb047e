//! A plugin's file.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek};
use std::path::Path;

use penstock_core::codes::Code;

use crate::error::LoadError;

/// A plugin with a whole JavaScript engine has some 12 MiB.
const BYTES_MAX: u64 = 256 << 20;

/// A file that may hold a plugin.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) file: File,
    pub(crate) metadata: Metadata,
}

impl Source {
    /// Opens it, and reads nothing.
    ///
    /// # Errors
    /// [`Code::PluginMissing`].
    pub(crate) fn open(path: &Path) -> Result<Self, LoadError> {
        open(path).map_err(|error| missing(&error))
    }

    /// All that is in it.
    ///
    /// # Errors
    /// [`Code::PluginMissing`], and [`Code::NotAPlugin`] for the usual mistakes, which are told
    /// before the compiler words them.
    pub(crate) fn read(&mut self) -> Result<Vec<u8>, LoadError> {
        let binary = self.bytes()?;
        check_kind(&binary)?;
        Ok(binary)
    }

    /// The same, whatever it is.
    ///
    /// # Errors
    /// [`Code::PluginMissing`].
    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, LoadError> {
        read(&mut self.file).map_err(|error| missing(&error))
    }
}

fn open(path: &Path) -> io::Result<Source> {
    let metadata = path.metadata()?;
    // Before it is opened: to open a pipe is to wait for who writes to it.
    check(&metadata)?;
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    check(&metadata)?;
    Ok(Source { file, metadata })
}

fn check(metadata: &Metadata) -> io::Result<()> {
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > BYTES_MAX {
        return Err(too_large());
    }
    Ok(())
}

fn too_large() -> io::Error {
    io::Error::other(format!("it is larger than {} MiB", BYTES_MAX >> 20))
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut binary = Vec::new();
    // It may have grown since.
    file.take(BYTES_MAX + 1).read_to_end(&mut binary)?;
    if binary.len() as u64 > BYTES_MAX {
        return Err(too_large());
    }
    Ok(binary)
}

fn missing(error: &io::Error) -> LoadError {
    let (text, help) = match error.kind() {
        ErrorKind::NotFound => (
            "there is no such file".to_owned(),
            "paths are relative to the configuration file; `penstock plugin build` builds a plugin",
        ),
        ErrorKind::PermissionDenied => (
            format!("can't be read: {error}"),
            "may this user read it, and enter the folders on its way?",
        ),
        _ => (
            format!("can't be read: {error}"),
            "is it the plugin's file?",
        ),
    };
    LoadError::new(Code::PluginMissing, text).help(help)
}

fn check_kind(binary: &[u8]) -> Result<(), LoadError> {
    match binary {
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(LoadError::new(
            Code::NotAPlugin,
            "a core WebAssembly module, not a component",
        )
        .help(
            "`penstock plugin build` leaves the component, NAME.wasm; by other tools: \
             `wasm-tools component new`",
        )),
        _ => Err(
            LoadError::new(Code::NotAPlugin, "not a WebAssembly component")
                .help("build it with `penstock plugin build`"),
        ),
    }
}
