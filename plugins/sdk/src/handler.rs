//! The trait that a plugin implements.

use crate::{Description, Failure, Message, Outcome, SettingError, Settings};

/// A handler: one instance for each topic and worker of the host that needs it.
pub trait Handler: Sized + 'static {
    /// What this plugin writes to and which settings it reads.
    ///
    /// Pure: it is read before anything starts, so that a missing line of the configuration is
    /// found then.
    fn describe() -> Description;

    /// Make an instance for the records of `topic`.
    ///
    /// Settings that [`Handler::describe`] does not name, and required ones that are missing, were
    /// refused before this is called.
    ///
    /// # Errors
    /// Every setting that can't be used, with what is wrong with it: the host shows them all.
    fn configure(topic: &str, settings: &Settings) -> Result<Self, Vec<SettingError>>;

    /// Handle one record.
    ///
    /// # Errors
    /// [`Failure::retry`] for what may pass by itself, [`Failure::reject`] for a record that is
    /// never going to be handled. Whatever was emitted is dropped.
    fn handle(&mut self, message: Message<'_>) -> Result<Outcome, Failure>;
}
