//! Reading configuration files, for every command that takes `-c`.

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use penstock_core::config::{self, Defaults, Loaded, Plugins, Report, SourceFile, Surroundings};

use super::output;

/// Of a file that holds a secret, or at most a chain of certificates.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// This process's environment, and the files that it may read.
pub struct Machine;

impl Surroundings for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> Result<Option<String>, String> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let mut text = String::new();
        let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
        match read {
            Ok(bytes) if bytes as u64 > FILE_BYTES_MAX => Err("it is too large".to_owned()),
            Ok(_) => Ok(Some(text)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Reads the files; one that can't be read carries the reason.
pub fn read(files: &[PathBuf]) -> Vec<SourceFile> {
    let source = |path: &PathBuf| SourceFile {
        name: path.display().to_string(),
        dir: path.parent().map(Path::to_owned).unwrap_or_default(),
        bytes: std::fs::read(path).map_err(|error| error.to_string()),
    };
    files.iter().map(source).collect()
}

/// Loads a configuration from files, later ones laid over earlier ones, with this process's
/// environment.
///
/// # Errors
/// Everything that is wrong with them.
pub fn try_load(files: &[PathBuf], plugins: &dyn Plugins) -> Result<Loaded, Report> {
    let defaults = Defaults {
        workers: available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    config::load(&read(files), &Machine, &defaults, plugins)
}

/// Loads a configuration, and prints what is wrong or worth a look on standard error. `None` if it
/// can't be used: the exit code is then that of a wrong configuration.
pub fn load(files: &[PathBuf], plugins: &dyn Plugins) -> Option<Loaded> {
    match try_load(files, plugins) {
        Ok(loaded) => {
            print(&loaded.warnings);
            Some(loaded)
        }
        Err(report) => {
            print(&report);
            None
        }
    }
}

/// Prints a report on standard error.
pub fn print(report: &Report) {
    let text = report.render(true);
    if !text.is_empty() {
        output::tell(text.trim_end_matches('\n'));
    }
}
