//! Files and folders of this user alone: nobody else can have written what is in them.

use std::fs::{File, Metadata, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Opens a file that is ours alone, for reading. What its name is a link to is not followed.
pub(crate) fn open(path: &Path) -> Result<(File, Metadata), String> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    check(&metadata)?;
    Ok((file, metadata))
}

/// Whether this user alone may have written what this describes.
pub(crate) fn check(metadata: &Metadata) -> Result<(), String> {
    // SAFETY: geteuid has no preconditions and can't fail.
    let us = unsafe { libc::geteuid() };
    if metadata.uid() != us {
        return Err(format!(
            "it belongs to user {}, this host runs as {us}",
            metadata.uid()
        ));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(format!(
            "others may write it (mode {:o})",
            metadata.mode() & 0o7777
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::chown;

    use super::*;

    /// Something that belongs to another user.
    fn of_another(folder: &Path) -> Metadata {
        // SAFETY: geteuid has no preconditions and can't fail.
        if unsafe { libc::geteuid() } != 0 {
            return fs::metadata("/").unwrap();
        }
        let file = folder.join("file");
        fs::write(&file, "").unwrap();
        chown(&file, Some(65_534), None).unwrap();
        fs::metadata(&file).unwrap()
    }

    #[test]
    fn what_belongs_to_another_user_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let why = check(&of_another(folder.path())).unwrap_err();
        assert!(why.starts_with("it belongs to user "), "{why}");
        check(&fs::metadata(folder.path()).unwrap()).unwrap();
    }
}
