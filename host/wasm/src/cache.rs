//! Compiled plugins on disk, so that a start does not compile. What may be used of it is for
//! [`artefact`] to say; what may not is removed and compiled anew, with a warning.
//!
//! A file is written under another name, then renamed; never changed in place.

use std::fmt;
use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use tracing::warn;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::artefact::{self, hex};
use crate::digests::Digests;
use crate::ours;

/// Artefacts that are kept; the oldest go first.
const ARTEFACTS_MAX: usize = 64;

const SUFFIX: &str = ".cwasm";

/// A directory of compiled plugins.
pub(crate) struct Cache {
    directory: PathBuf,
    digests: Digests,
}

/// What an artefact is compiled from and for.
pub(crate) struct Key {
    plugin: [u8; 32],
    engine: u64,
}

impl Key {
    pub(crate) fn new(plugin_sha256: [u8; 32], engine: &Engine) -> Self {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Key {
            plugin: plugin_sha256,
            engine: hasher.finish(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", hex(&self.plugin), self.engine)
    }
}

impl Cache {
    /// Opens the directory, and makes it if it isn't there.
    pub(crate) fn open(directory: &Path) -> Result<Self, String> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| error.to_string())?;
        check(directory)?;
        Ok(Cache {
            directory: directory.to_owned(),
            digests: Digests::open(directory.join("digests")),
        })
    }

    /// The digests of files that were read before.
    pub(crate) fn digests(&self) -> &Digests {
        &self.digests
    }

    /// The compiled plugin, if it lies here and passes every check.
    pub(crate) fn find(&self, key: &Key, engine: &Engine) -> Option<Component> {
        let names = check(&self.directory).and_then(|()| self.artefacts());
        let names = names.unwrap_or_else(|why| {
            self.warn_unusable(&why);
            Vec::new()
        });
        let of_key = format!("{key}-");
        names.iter().find_map(|(path, name)| {
            let digest = name.strip_prefix(&of_key)?.strip_suffix(SUFFIX)?;
            artefact::map(path, digest, &self.digests, engine)
                .map_err(|why| discard(path, &why))
                .ok()
        })
    }

    /// Keeps a compiled plugin for the next start.
    pub(crate) fn keep(&self, key: &Key, artefact: &[u8]) {
        let kept = check(&self.directory).and_then(|()| {
            self.write(key, artefact)
                .map_err(|error| error.to_string())?;
            self.prune()
        });
        if let Err(why) = kept {
            self.warn_unusable(&why);
        }
    }

    fn write(&self, key: &Key, artefact: &[u8]) -> io::Result<()> {
        let digest = hex(&Sha256::digest(artefact));
        // Readable and writable by this user alone.
        let mut file = tempfile::Builder::new()
            .prefix("penstock-")
            .suffix(".part")
            .tempfile_in(&self.directory)?;
        file.write_all(artefact)?;
        let path = self.directory.join(format!("{key}-{digest}{SUFFIX}"));
        file.persist(&path)?;
        // Its digest is taken note of, so that the next start need not read it.
        artefact::checked(&path, &digest, &self.digests).map_err(io::Error::other)?;
        Ok(())
    }

    fn prune(&self) -> Result<(), String> {
        let mut artefacts = self.artefacts()?;
        if artefacts.len() <= ARTEFACTS_MAX {
            return Ok(());
        }
        artefacts.sort_by_cached_key(|(path, _)| {
            let modified = path.metadata().and_then(|metadata| metadata.modified());
            modified.unwrap_or(SystemTime::UNIX_EPOCH)
        });
        let oldest = artefacts.len() - ARTEFACTS_MAX;
        artefacts[..oldest]
            .iter()
            .try_for_each(|(path, _)| fs::remove_file(path))
            .map_err(|error| error.to_string())
    }

    /// Paths and names of what may be artefacts; other files are none of ours.
    fn artefacts(&self) -> Result<Vec<(PathBuf, String)>, String> {
        let entries = fs::read_dir(&self.directory).map_err(|error| error.to_string())?;
        let artefacts = entries.filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            is_artefact(&name).then(|| (entry.path(), name))
        });
        Ok(artefacts.collect())
    }

    fn warn_unusable(&self, why: &str) {
        warn_unusable(&self.directory, why);
    }
}

fn check(directory: &Path) -> Result<(), String> {
    let metadata = fs::metadata(directory).map_err(|error| error.to_string())?;
    if !metadata.is_dir() {
        return Err("it is not a directory".to_owned());
    }
    ours::check(&metadata)
}

/// Says that plugins are compiled at each start, and why.
pub(crate) fn warn_unusable(directory: &Path, why: &str) {
    warn!(
        directory = %directory.display(),
        why,
        "the cache of compiled plugins can't be used: plugins are compiled at each start"
    );
}

/// `<plugin digest>-<engine hash>-<artefact digest>.cwasm`
fn is_artefact(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(SUFFIX) else {
        return false;
    };
    let parts = stem.split('-').collect::<Vec<_>>();
    let lengths = parts.iter().map(|part| part.len()).collect::<Vec<_>>();
    lengths == [64, 16, 64]
        && parts
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn discard(path: &Path, why: &str) {
    warn!(
        file = %path.display(),
        why,
        "a compiled plugin in the cache is not used: it is removed and compiled anew"
    );
    if let Err(error) = fs::remove_file(path) {
        warn!(file = %path.display(), %error, "it can't be removed");
    }
}
