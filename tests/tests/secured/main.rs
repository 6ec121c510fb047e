//! Clusters with encryption, logins and permissions: the host, the tools and the doctor, on one
//! broker with a listener of each kind.

mod doors;
mod looking;
mod permissions;
mod secrets;
mod support;
mod through;
