//! Where the contract lies that the SDKs of this program speak: one of the released versions here,
//! and the only one in a project.

/// In this repository.
pub(crate) const HERE: &str = "wit/penstock-handler/0.1.0";

/// In a project, which has no other.
pub(crate) const IN_A_PROJECT: &str = "wit";
