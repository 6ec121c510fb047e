//! The digests of files that were read before, so that a start needn't read hundreds of megabytes
//! again: those of plugins and of what was compiled of them.
//!
//! A file is the same as before if device, inode, size and times are. Among them is the time of
//! its last change, which the system keeps and nobody can set: whatever is written to a file, or
//! put in its place, has another one. It counts in steps, so that a file is taken note of only if
//! its digest was taken some steps later.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tracing::debug;

use crate::artefact::hex;
use crate::ours;

/// More than the steps in which any file system counts.
const STEPS: Duration = Duration::from_millis(20);

/// Files that are remembered; the oldest go first.
const FILES_MAX: usize = 512;

/// What a file with the digests of so many takes at most.
const BYTES_MAX: u64 = 256 << 10;

/// Of a file, what its digest is remembered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

type Sha = [u8; 32];

/// Digests by the identity of the files, kept in a file.
pub(crate) struct Digests {
    path: PathBuf,
    known: Mutex<Vec<(Identity, Sha)>>,
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Waits until a change of the file would show. If its times lie ahead, none would.
    fn settle(&self) -> bool {
        let (Ok(seconds), Ok(nanos)) =
            (u64::try_from(self.changed.0), u32::try_from(self.changed.1))
        else {
            return false;
        };
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
        match SystemTime::now().duration_since(changed) {
            Ok(age) => {
                thread::sleep(STEPS.saturating_sub(age));
                true
            }
            Err(_) => false,
        }
    }

    fn line(&self, sha256: &Sha) -> String {
        let Identity {
            device,
            inode,
            bytes,
            modified,
            changed,
        } = self;
        format!(
            "{device} {inode} {bytes} {} {} {} {} {}\n",
            modified.0,
            modified.1,
            changed.0,
            changed.1,
            hex(sha256)
        )
    }

    fn parse(line: &str) -> Option<(Self, Sha)> {
        let mut words = line.split(' ');
        let mut next = || words.next();
        let identity = Identity {
            device: next()?.parse().ok()?,
            inode: next()?.parse().ok()?,
            bytes: next()?.parse().ok()?,
            modified: (next()?.parse().ok()?, next()?.parse().ok()?),
            changed: (next()?.parse().ok()?, next()?.parse().ok()?),
        };
        Some((identity, unhex(next()?)?))
    }
}

fn unhex(digits: &str) -> Option<Sha> {
    let mut sha256 = [0; 32];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != sha256.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in sha256.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(sha256)
}

impl Digests {
    /// Those that are kept in `path`, if this user alone may have written it.
    pub(crate) fn open(path: PathBuf) -> Self {
        let known = read(&path).unwrap_or_else(|why| {
            debug!(file = %path.display(), why, "no digests are known");
            Vec::new()
        });
        Digests {
            path,
            known: Mutex::new(known),
        }
    }

    /// The digest of a file that was read before, and hasn't been changed since.
    pub(crate) fn known(&self, metadata: &Metadata) -> Option<Sha> {
        let identity = Identity::of(metadata);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(known, _)| *known == identity)?;
        Some(found.1)
    }

    /// Takes a file's digest, and remembers it.
    ///
    /// # Errors
    /// If the file can't be read.
    pub(crate) fn take(&self, file: &mut File) -> io::Result<Sha> {
        let before = Identity::of(&file.metadata()?);
        let settled = before.settle();
        file.rewind()?;
        let sha256 = sha256(file)?;
        if settled && Identity::of(&file.metadata()?) == before {
            self.remember(before, sha256);
        }
        Ok(sha256)
    }

    fn remember(&self, identity: Identity, sha256: Sha) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(known, _)| *known != identity);
        known.push((identity, sha256));
        let too_many = known.len().saturating_sub(FILES_MAX);
        known.drain(..too_many);
        let text: String = known
            .iter()
            .map(|(identity, sha256)| identity.line(sha256))
            .collect();
        if let Err(error) = write(&self.path, &text) {
            debug!(file = %self.path.display(), %error, "digests can't be kept");
        }
    }
}

fn read(path: &Path) -> Result<Vec<(Identity, Sha)>, String> {
    let (file, _) = ours::open(path)?;
    let mut text = String::new();
    file.take(BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    Ok(text.lines().filter_map(Identity::parse).collect())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // Readable and writable by this user alone.
    let mut file = tempfile::Builder::new()
        .prefix("penstock-")
        .suffix(".part")
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// From where the file stands, to its end.
fn sha256(file: &mut File) -> io::Result<Sha> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            read => hash.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn take(digests: &Digests, path: &Path) -> Sha {
        digests.take(&mut File::open(path).unwrap()).unwrap()
    }

    #[test]
    fn a_file_is_known_until_it_is_changed_by_whatever_way() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("digests");
        let file = folder.path().join("file");
        fs::write(&file, "one").unwrap();
        let sha256 = take(&Digests::open(kept.clone()), &file);
        assert_eq!(sha256[..], Sha256::digest("one")[..]);
        let known = || Digests::open(kept.clone()).known(&fs::metadata(&file).unwrap());
        assert_eq!(known(), Some(sha256));

        // Changed in place, with the times as they were.
        let times = fs::metadata(&file).unwrap().modified().unwrap();
        fs::write(&file, "two").unwrap();
        File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_modified(times)
            .unwrap();
        assert_eq!(known(), None);

        take(&Digests::open(kept.clone()), &file);
        assert!(known().is_some());
        // Another in its place.
        fs::write(folder.path().join("other"), "six").unwrap();
        fs::rename(folder.path().join("other"), &file).unwrap();
        assert_eq!(known(), None);
    }

    #[test]
    fn what_others_may_have_written_is_not_believed() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("digests");
        let file = folder.path().join("file");
        fs::write(&file, "one").unwrap();
        take(&Digests::open(kept.clone()), &file);
        fs::set_permissions(&kept, fs::Permissions::from_mode(0o606)).unwrap();
        let known = |kept: &Path| {
            let digests = Digests::open(kept.to_owned());
            digests.known(&fs::metadata(&file).unwrap())
        };
        assert_eq!(known(&kept), None);
        fs::write(&kept, "1 2 3\nnonsense\n\u{e9} 1 1 1 1 1 1 aé").unwrap();
        assert_eq!(known(&kept), None);
    }

    #[test]
    fn only_so_many_are_remembered_the_latest_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let digests = Digests::open(folder.path().join("digests"));
        let identity = |inode| Identity {
            device: 1,
            inode,
            bytes: u64::MAX,
            modified: (i64::MIN, 1),
            changed: (2, 3),
        };
        for inode in 0..FILES_MAX as u64 + 10 {
            digests.remember(identity(inode), [inode as u8; 32]);
        }
        let again = read(&folder.path().join("digests")).unwrap();
        assert_eq!(again.len(), FILES_MAX);
        assert_eq!(again[0], (identity(10), [10; 32]));
    }
}
