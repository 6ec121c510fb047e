//! Transactions of a producer, and the commits with metadata that lie in them.

use std::ffi::CStr;
use std::time::Duration;

use rdkafka_sys as sys;

use super::Error;
use super::handle::{Handle, owned_error};
use super::list::{List, PartitionOffset, c_string};
use super::queue::millis;

/// A step of a transaction that was not done.
#[derive(Debug, Clone)]
pub struct TransactionError {
    /// What the client reports.
    pub error: Error,
    /// Whether the same step may be tried again.
    pub retriable: bool,
    /// Whether the transaction can only be taken back.
    pub must_abort: bool,
}

/// Who commits, as a group's coordinator holds it against its members.
pub struct Members(*mut sys::rd_kafka_consumer_group_metadata_t);

impl Members {
    /// What a consumer knows of itself; `None` of one that is closed.
    fn of(handle: &Handle) -> Option<Members> {
        // SAFETY: the handle is live; what is returned is ours.
        let members = unsafe { sys::rd_kafka_consumer_group_metadata(handle.raw()) };
        // Not `then_some`: that would make one of null first, and destroy it.
        if members.is_null() {
            return None;
        }
        Some(Members(members))
    }

    /// The member's id; empty if it is none.
    pub fn id(&self) -> String {
        // SAFETY: it is live, and its id a string with an end, which is copied; or null.
        unsafe {
            let id = sys::rd_kafka_consumer_group_metadata_member_id(self.0);
            if id.is_null() {
                return String::new();
            }
            CStr::from_ptr(id).to_string_lossy().into_owned()
        }
    }

    fn generation(&self) -> i32 {
        // SAFETY: it is live.
        unsafe { sys::rd_kafka_consumer_group_metadata_generation_id(self.0) }
    }

    /// Somebody outside of a group that has no members.
    ///
    /// # Errors
    /// A name that no group can have.
    pub fn none_of(group: &str) -> Result<Members, Error> {
        let group = c_string(group)?;
        // SAFETY: the name is a string with an end, which is copied.
        Ok(Members(unsafe {
            sys::rd_kafka_consumer_group_metadata_new(group.as_ptr())
        }))
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        // SAFETY: owned, not null, and destroyed once.
        unsafe { sys::rd_kafka_consumer_group_metadata_destroy(self.0) }
    }
}

impl Handle {
    /// Ends what an earlier producer of the same transactional id left open, and shuts that one
    /// out.
    ///
    /// # Errors
    /// As librdkafka reports.
    pub fn init_transactions(&self, timeout: Duration) -> Result<(), TransactionError> {
        // SAFETY: the handle is live; the error returned is ours.
        unsafe { step(sys::rd_kafka_init_transactions(self.raw(), millis(timeout))) }
    }

    /// Opens a transaction, to which all that is produced from here on belongs.
    ///
    /// # Errors
    /// As librdkafka reports.
    pub fn begin_transaction(&self) -> Result<(), TransactionError> {
        // SAFETY: the handle is live; the error returned is ours.
        unsafe { step(sys::rd_kafka_begin_transaction(self.raw())) }
    }

    /// As which member of its group, and in which generation, this consumer commits; `None` while it
    /// is no member. Brokers take the commits of somebody who does not say who he is: whoever was put
    /// out of the group has to be held back here.
    pub fn members(&self) -> Option<Members> {
        let members = Members::of(self)?;
        (members.generation() > 0 && !members.id().is_empty()).then_some(members)
    }

    /// The id by which the group knows this client, or will.
    pub fn member_id(&self) -> Option<String> {
        let id = Members::of(self)?.id();
        (!id.is_empty()).then_some(id)
    }

    /// The generation, or epoch, in which the group knows this client as a member, with partitions
    /// or without; `None` before the first.
    pub fn generation(&self) -> Option<i32> {
        let generation = Members::of(self)?.generation();
        (generation > 0).then_some(generation)
    }

    /// Puts commits of a group into the transaction.
    ///
    /// # Errors
    /// As librdkafka reports; after a time-out the call is to be repeated before any other.
    pub fn send_commits(
        &self,
        members: &Members,
        commits: &[PartitionOffset],
        timeout: Duration,
    ) -> Result<(), TransactionError> {
        let not_made = |error| TransactionError {
            error,
            retriable: false,
            must_abort: true,
        };
        let list = List::of(commits).map_err(not_made)?;
        // SAFETY: list and members are live. The error returned is ours.
        unsafe {
            step(sys::rd_kafka_send_offsets_to_transaction(
                self.raw(),
                list.ptr(),
                members.0,
                millis(timeout),
            ))
        }
    }

    /// Commits the transaction. Every report must have been taken from the queue before.
    ///
    /// # Errors
    /// As librdkafka reports; after a time-out the outcome is not known, and the call may be
    /// repeated.
    pub fn commit_transaction(&self, timeout: Duration) -> Result<(), TransactionError> {
        // SAFETY: the handle is live; the error returned is ours.
        unsafe {
            step(sys::rd_kafka_commit_transaction(
                self.raw(),
                millis(timeout),
            ))
        }
    }

    /// Takes back all that the transaction has.
    ///
    /// # Errors
    /// As librdkafka reports; the call may be repeated after a time-out.
    pub fn abort_transaction(&self, timeout: Duration) -> Result<(), TransactionError> {
        // SAFETY: the handle is live; the error returned is ours.
        unsafe { step(sys::rd_kafka_abort_transaction(self.raw(), millis(timeout))) }
    }
}

/// # Safety
/// `error` is null, or an error that the caller owns.
unsafe fn step(error: *mut sys::rd_kafka_error_t) -> Result<(), TransactionError> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: as the caller vouches; it is looked at before it is destroyed.
    unsafe {
        let retriable = sys::rd_kafka_error_is_retriable(error) != 0;
        let must_abort = sys::rd_kafka_error_txn_requires_abort(error) != 0;
        owned_error(error).map_err(|error| TransactionError {
            error,
            retriable,
            must_abort,
        })
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::ClientConfig;

    use super::Handle;
    use crate::native::Role;

    #[test]
    fn a_client_without_a_group_is_no_member() {
        let config = ClientConfig::new();
        let handle = Handle::create(&config, Role::Producer).expect("it is created");
        assert!(handle.members().is_none());
        assert_eq!(handle.generation(), None);
        assert_eq!(handle.member_id(), None);
    }
}
