//! The inputs that are kept: those in the repository, and those that were found.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A folder of inputs, one a file.
pub struct Corpus {
    folder: PathBuf,
    inputs: Vec<Vec<u8>>,
}

impl Corpus {
    /// Reads all of them, by name.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn read(folder: &Path) -> io::Result<Corpus> {
        let entries = fs::read_dir(folder)?;
        let mut paths = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        let inputs = paths.iter().map(fs::read).collect::<io::Result<_>>()?;
        Ok(Corpus {
            folder: folder.to_owned(),
            inputs,
        })
    }

    /// Each input.
    pub fn inputs(&self) -> &[Vec<u8>] {
        &self.inputs
    }

    /// Adds one, in a file that is called by its digest.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn keep(&mut self, input: Vec<u8>) -> io::Result<()> {
        let digest = Sha256::digest(&input);
        let name: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
        fs::write(self.folder.join(name), &input)?;
        self.inputs.push(input);
        Ok(())
    }
}
