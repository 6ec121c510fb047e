//! Versions of the contract, and which of them a host takes: `docs/guides/contract-versions.md`.

use std::fmt;

use penstock_core::codes::Code;

use crate::error::LoadError;

/// The contract that this host knows, as it lies in `wit/penstock-handler`.
pub const CONTRACT_VERSION: &str = "0.1.0";

/// Where a plugin's author finds more.
const GUIDE: &str = "docs/guides/contract-versions.md says what fits what";

/// A released version of the contract, as a host knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) &'static str);

impl Version {
    pub(crate) const OURS: Version = Version(CONTRACT_VERSION);

    /// An interface's full name.
    pub(crate) fn interface(self, name: &str) -> String {
        format!("penstock:handler/{name}@{self}")
    }

    /// What all versions have in common whose components fit a host of this one: before 1.0, the
    /// first two numbers.
    pub(crate) fn line(self) -> &'static str {
        self.0.rsplit_once('.').map_or(self.0, |(line, _)| line)
    }

    /// Whether a component of another version fits, as far as it asks only for what there is here.
    pub(crate) fn is_of_line(self, other: &str) -> bool {
        patch(other, self.line()).is_some()
    }

    /// Whether another of the same line may have functions that this one lacks.
    pub(crate) fn is_before(self, other: &str) -> bool {
        patch(other, self.line()) > patch(self.0, self.line())
    }

    /// A component of another line.
    pub(crate) fn refuse(self, speaks: &str) -> LoadError {
        let text = format!("{speaks}, and this host takes contract {self}");
        LoadError::new(Code::NotAPlugin, text).help(format!(
            "run it on a host that takes its contract, or build it with an SDK for contract {}.x: \
             {GUIDE}",
            self.line()
        ))
    }

    /// A component of our line, built for `theirs`, whose imports are not those that we give.
    pub(crate) fn refuse_imports(self, theirs: &str, why: &str) -> LoadError {
        let (text, help) = if self.is_before(theirs) {
            (
                format!(
                    "was built for contract {theirs}, and this host gives that of {self}: {why}"
                ),
                format!(
                    "run it on a host that knows contract {theirs}, or build it with an SDK for \
                     {self}: {GUIDE}"
                ),
            )
        } else {
            (
                format!("its imports are not those of contract {self}: {why}"),
                format!("build it anew with an SDK for contract {self}: {GUIDE}"),
            )
        };
        LoadError::new(Code::NotAPlugin, text).help(help)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The last number of a release of `line`: pre-releases match nothing but themselves.
pub(crate) fn patch(version: &str, line: &str) -> Option<u64> {
    let patch = version.strip_prefix(line)?.strip_prefix('.')?;
    let is_plain = patch.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| patch.parse().ok()).flatten()
}

/// The version of the contract in the name of one of its interfaces.
pub(crate) fn of_interface<'a>(full: &'a str, interface: &str) -> Option<&'a str> {
    let rest = full.strip_prefix("penstock:handler/")?;
    rest.strip_prefix(interface)?.strip_prefix('@')
}

#[cfg(test)]
mod made_up;
