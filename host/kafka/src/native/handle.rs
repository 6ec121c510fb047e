//! A client: its creation, its end, and the calls that change what it consumes.

use std::ffi::{CStr, c_char, c_int};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka_sys as sys;

use super::Error;
use super::callbacks::Callbacks;
use super::freeze::Frozen;
use super::list::{List, PartitionOffset, c_string, checked, error_code};
use super::queue::{Queue, millis};
use super::{exit, tokens};
use crate::throttle::Throttle;
use crate::token::{self, Source};
use crate::who::Who;

/// How long an authorisation server may take; librdkafka asks again after ten seconds.
const TOKEN_TIME_MAX: Duration = Duration::from_secs(10);

/// What a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It reads.
    Consumer,
    /// It writes.
    Producer,
}

/// A client of either kind.
///
/// Dropping the last reference waits for librdkafka's threads, but never for a broker.
pub struct Handle {
    client: *mut sys::rd_kafka_t,
    /// The client's interceptor refers to it, so it goes after the client.
    _frozen: Option<Arc<Frozen>>,
    /// So do its callbacks.
    callbacks: Arc<Callbacks>,
    who: Who,
}

// SAFETY: librdkafka's handle may be used from any thread.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    /// Creates a client; its log lines go to `tracing` under the target `librdkafka`.
    ///
    /// # Errors
    /// A setting that librdkafka does not take.
    pub fn create(config: &ClientConfig, role: Role) -> Result<Arc<Handle>, Error> {
        Handle::create_with(config, role, None)
    }

    /// Creates an idempotent producer whose partitions `frozen` holds still when it must.
    ///
    /// # Errors
    /// A setting that librdkafka does not take.
    pub fn create_holding(
        config: &ClientConfig,
        frozen: &Arc<Frozen>,
    ) -> Result<Arc<Handle>, Error> {
        Handle::create_with(config, Role::Producer, Some(Arc::clone(frozen)))
    }

    fn create_with(
        config: &ClientConfig,
        role: Role,
        frozen: Option<Arc<Frozen>>,
    ) -> Result<Arc<Handle>, Error> {
        exit::keep_openssl();
        let (config, tokens) = with_tokens(config)?;
        let settings = config.create_native_config().map_err(setting_error)?;
        let who = Who::of(&config, role, tokens.as_ref());
        let has_tokens = tokens.is_some();
        if has_tokens {
            tokens::ask(settings.ptr());
        }
        let callbacks = Arc::new(Callbacks {
            tokens,
            throttle: Throttle::default(),
        });
        callbacks.attach(settings.ptr());
        let (kind, events) = match role {
            Role::Consumer => (
                sys::rd_kafka_type_t::RD_KAFKA_CONSUMER,
                sys::RD_KAFKA_EVENT_ERROR | sys::RD_KAFKA_EVENT_REBALANCE,
            ),
            Role::Producer => (
                sys::rd_kafka_type_t::RD_KAFKA_PRODUCER,
                sys::RD_KAFKA_EVENT_ERROR | sys::RD_KAFKA_EVENT_DR,
            ),
        };
        if let Some(frozen) = &frozen {
            frozen.watch(settings.ptr())?;
        }
        let mut problem = [0 as c_char; 512];
        // SAFETY: the settings are live; the callback is a plain function; the text buffer is as
        // long as said. On success the client owns the settings, hence `forget`.
        let client = unsafe {
            sys::rd_kafka_conf_set_events(settings.ptr(), events);
            sys::rd_kafka_conf_set_log_cb(settings.ptr(), Some(log_line));
            let problem_len = problem.len();
            sys::rd_kafka_new(kind, settings.ptr(), problem.as_mut_ptr(), problem_len)
        };
        if client.is_null() {
            // SAFETY: librdkafka wrote a string with an end.
            let text = unsafe { CStr::from_ptr(problem.as_ptr()) };
            return Err(Error {
                code: RDKafkaErrorCode::InvalidArgument,
                text: text.to_string_lossy().into_owned(),
                fatal: true,
            });
        }
        std::mem::forget(settings);
        let handle = Arc::new(Handle {
            client,
            _frozen: frozen,
            who,
            callbacks,
        });
        if has_tokens {
            tokens::begin(client)?;
        }
        Ok(handle)
    }

    /// As whom it talks to Kafka.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// What the brokers' quotas cost it.
    pub fn throttle(&self) -> &Throttle {
        &self.callbacks.throttle
    }

    pub(super) fn raw(&self) -> *mut sys::rd_kafka_t {
        self.client
    }

    /// Joins the group for these topics.
    ///
    /// # Errors
    /// As librdkafka reports.
    pub fn subscribe(&self, topics: &[Arc<str>]) -> Result<(), Error> {
        let topics: Vec<_> = topics
            .iter()
            .map(|topic| PartitionOffset::new(topic, super::PARTITION_ANY, 0))
            .collect();
        let list = List::of(&topics)?;
        // SAFETY: handle and list are live; the list is copied.
        checked(unsafe { sys::rd_kafka_subscribe(self.client, list.ptr()) })
    }

    /// Sets what to read, without a group.
    ///
    /// # Errors
    /// As librdkafka reports.
    pub fn assign(&self, partitions: &[PartitionOffset]) -> Result<(), Error> {
        let list = List::of(partitions)?;
        // SAFETY: handle and list are live; the list is copied.
        checked(unsafe { sys::rd_kafka_assign(self.client, list.ptr()) })
    }

    /// Takes partitions in, each from its offset; also answers a rebalance.
    ///
    /// # Errors
    /// As librdkafka reports.
    pub fn incremental_assign(&self, partitions: &[PartitionOffset]) -> Result<(), Error> {
        let list = List::of(partitions)?;
        // SAFETY: handle and list are live; the list is copied, the error returned is ours.
        unsafe { owned_error(sys::rd_kafka_incremental_assign(self.client, list.ptr())) }
    }

    /// Gives partitions up; also answers a rebalance.
    ///
    /// # Errors
    /// As librdkafka reports.
    pub fn incremental_unassign(&self, partitions: &[PartitionOffset]) -> Result<(), Error> {
        let list = List::of(partitions)?;
        // SAFETY: handle and list are live; the list is copied, the error returned is ours.
        unsafe { owned_error(sys::rd_kafka_incremental_unassign(self.client, list.ptr())) }
    }

    /// Whether the partitions that are being revoked may have another owner already.
    pub fn assignment_lost(&self) -> bool {
        // SAFETY: the handle is live.
        unsafe { sys::rd_kafka_assignment_lost(self.client) != 0 }
    }

    /// Stops fetching these partitions.
    ///
    /// # Errors
    /// As librdkafka reports.
    pub fn pause(&self, partitions: &[PartitionOffset]) -> Result<(), Error> {
        let list = List::of(partitions)?;
        // SAFETY: handle and list are live.
        checked(unsafe { sys::rd_kafka_pause_partitions(self.client, list.ptr()) })
    }

    /// Fetches these partitions again.
    ///
    /// # Errors
    /// As librdkafka reports.
    pub fn resume(&self, partitions: &[PartitionOffset]) -> Result<(), Error> {
        let list = List::of(partitions)?;
        // SAFETY: handle and list are live.
        checked(unsafe { sys::rd_kafka_resume_partitions(self.client, list.ptr()) })
    }

    /// Reads a partition on from another offset; what was fetched before and not polled yet is
    /// dropped from the call on.
    ///
    /// # Errors
    /// As librdkafka reports: the partition is not ours, or its fetcher has not begun.
    pub fn seek(&self, to: &PartitionOffset, timeout: Duration) -> Result<(), Error> {
        let list = List::of(std::slice::from_ref(to))?;
        // SAFETY: handle and list are live; the error returned is ours.
        unsafe {
            owned_error(sys::rd_kafka_seek_partitions(
                self.client,
                list.ptr(),
                millis(timeout),
            ))?;
        }
        let error = list.entries().iter().find_map(|entry| entry.error);
        error.map_or(Ok(()), |code| Err(code.into()))
    }

    /// Sends a commit; the answer comes as an event on `answers`.
    ///
    /// # Errors
    /// As librdkafka reports.
    pub fn commit(&self, partitions: &[PartitionOffset], answers: &Queue) -> Result<(), Error> {
        let list = List::of(partitions)?;
        // SAFETY: handle, list and queue are live; the list is copied; there is no callback.
        checked(unsafe {
            sys::rd_kafka_commit_queue(
                self.client,
                list.ptr(),
                answers.raw(),
                None,
                std::ptr::null_mut(),
            )
        })
    }

    /// Begins to leave the group; the revocation that this brings arrives on `events`.
    ///
    /// # Errors
    /// When the client is closed already, or has met a fatal error.
    pub fn close(&self, events: &Queue) -> Result<(), Error> {
        // SAFETY: handle and queue are live; the error returned is ours.
        unsafe {
            owned_error(sys::rd_kafka_consumer_close_queue(
                self.client,
                events.raw(),
            ))
        }
    }

    /// The first error after which the client is of no use any more.
    pub fn fatal_cause(&self) -> Option<Error> {
        let mut text = [0 as c_char; 512];
        // SAFETY: the handle is live; the buffer is as long as said, and gets a string with an end.
        let (code, text) = unsafe {
            let code = sys::rd_kafka_fatal_error(self.client, text.as_mut_ptr(), text.len());
            (code, CStr::from_ptr(text.as_ptr()))
        };
        Some(Error {
            code: error_code(code)?,
            text: text.to_string_lossy().into_owned(),
            fatal: true,
        })
    }

    /// Whether [`Handle::close`] has come to its end.
    pub fn is_closed(&self) -> bool {
        // SAFETY: the handle is live.
        unsafe { sys::rd_kafka_consumer_closed(self.client) != 0 }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the last reference. Without the flag, a consumer that was not closed would wait
        // for its group here, without bound.
        unsafe {
            sys::rd_kafka_destroy_flags(
                self.client,
                sys::RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE as c_int,
            );
        }
    }
}

/// # Safety
/// `error` is null, or an error that the caller owns.
pub(super) unsafe fn owned_error(error: *mut sys::rd_kafka_error_t) -> Result<(), Error> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: as the caller vouches; everything is copied before the error is destroyed.
    unsafe {
        let copy = Error {
            code: sys::rd_kafka_error_code(error).into(),
            text: CStr::from_ptr(sys::rd_kafka_error_string(error))
                .to_string_lossy()
                .into_owned(),
            fatal: sys::rd_kafka_error_is_fatal(error) != 0,
        };
        sys::rd_kafka_error_destroy(error);
        Err(copy)
    }
}

/// The settings that librdkafka takes, and where its tokens come from, if it needs any.
fn with_tokens(config: &ClientConfig) -> Result<(ClientConfig, Option<Arc<Source>>), Error> {
    let settings = token::SETTINGS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), config.get(name)?.to_owned())))
        .collect();
    let tokens = Source::new(&settings, TOKEN_TIME_MAX).map_err(|text| Error {
        code: RDKafkaErrorCode::InvalidArgument,
        text,
        fatal: true,
    })?;
    let mut config = config.clone();
    for name in token::SETTINGS {
        config.remove(name);
    }
    Ok((config, tokens.map(Arc::new)))
}

fn setting_error(error: KafkaError) -> Error {
    // The value is left out on purpose: it may be a secret.
    let text = match error {
        KafkaError::ClientConfig(_, why, key, _) => format!("librdkafka setting `{key}`: {why}"),
        other => other.to_string(),
    };
    Error {
        code: RDKafkaErrorCode::InvalidArgument,
        text,
        fatal: true,
    }
}

/// librdkafka calls this from any of its threads.
unsafe extern "C" fn log_line(
    client: *const sys::rd_kafka_t,
    level: c_int,
    facility: *const c_char,
    text: *const c_char,
) {
    // SAFETY: librdkafka hands over strings with an end, and a live client.
    let (client, facility, text) = unsafe {
        (
            CStr::from_ptr(sys::rd_kafka_name(client)).to_string_lossy(),
            CStr::from_ptr(facility).to_string_lossy(),
            CStr::from_ptr(text).to_string_lossy(),
        )
    };
    let (client, facility) = (&*client, &*facility);
    // What matters of these lines is latched as a condition and logged there as an error or a
    // warning, once; librdkafka repeats itself.
    match level {
        0..=2 => tracing::error!(target: "librdkafka", client, facility, "{text}"),
        3..=4 => tracing::warn!(target: "librdkafka", client, facility, "{text}"),
        5..=6 => tracing::info!(target: "librdkafka", client, facility, "{text}"),
        _ => tracing::debug!(target: "librdkafka", client, facility, "{text}"),
    }
}

/// Makes sure that a name can be handed to librdkafka.
pub(super) fn topic_name(name: &str) -> Result<std::ffi::CString, Error> {
    c_string(name)
}
