//! Whether a compiled plugin may be mapped. It is machine code: to map one is to run it. So a file
//! is used only if nobody but this user can have written it, and it is what this host wrote.
//!
//! - The directory and the file belong to this user, and neither group nor others may write them:
//!   that keeps other users out. Whoever can act as this user, or as root, needs no cache file to
//!   run code here, and isn't kept out.
//! - The file's name carries the digest of its bytes: that finds a torn write, a bad disk, and a
//!   hand that changed it; [`digests`](crate::digests) says when it is taken. The name carries the plugin's digest and the engine's compatibility hash too, so that an artefact of
//!   another plugin, or of another build of this host, is none of this one's.
//! - The file that was checked is the file that is mapped, by its descriptor, whatever its name
//!   means by then.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::digests::Digests;
use crate::ours;

/// Checks an artefact against its digest, in hexadecimal digits, then maps it.
pub(crate) fn map(
    path: &Path,
    digest: &str,
    digests: &Digests,
    engine: &Engine,
) -> Result<Component, String> {
    let file = checked(path, digest, digests)?;
    let checked = format!("/dev/fd/{}", file.as_raw_fd());
    // SAFETY: the file belongs to this user, who alone may write it, and has the digest that this
    // host put into its name when it wrote what wasmtime had serialized; it is never changed in
    // place. See the head of this file for what that does not cover.
    let component = unsafe { Component::deserialize_file(engine, checked) };
    component.map_err(|error| format!("{error:#}"))
}

/// An artefact that is ours alone, and has its digest.
pub(crate) fn checked(path: &Path, digest: &str, digests: &Digests) -> Result<File, String> {
    let (mut file, metadata) = ours::open(path)?;
    let actual = match digests.known(&metadata) {
        Some(known) => known,
        None => digests.take(&mut file).map_err(|error| error.to_string())?,
    };
    if hex(&actual) != digest {
        return Err("its bytes are not those that were written".to_owned());
    }
    Ok(file)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
