//! What librdkafka calls while a client lives, and what those calls are given.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka_sys as sys;

use crate::throttle::Throttle;
use crate::token::Source;

/// A client's own; it has to outlive the client.
#[derive(Default)]
pub(super) struct Callbacks {
    /// Where its tokens come from, if it needs any.
    pub(super) tokens: Option<Arc<Source>>,
    /// What the brokers' quotas cost it.
    pub(super) throttle: Throttle,
}

impl Callbacks {
    /// Has the callbacks of a client with these settings be given `self`.
    pub(super) fn attach(self: &Arc<Self>, settings: *mut sys::rd_kafka_conf_t) {
        let opaque = Arc::as_ptr(self).cast_mut().cast();
        // SAFETY: the settings are live; the callback is a plain function.
        unsafe {
            sys::rd_kafka_conf_set_opaque(settings, opaque);
            sys::rd_kafka_conf_set_throttle_cb(settings, Some(throttled));
        }
    }
}

/// librdkafka calls this on the thread that takes the client's events.
unsafe extern "C" fn throttled(
    _: *mut sys::rd_kafka_t,
    broker: *const c_char,
    _: i32,
    time_ms: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: `opaque` is what `attach` gave, which outlives the client; the name has an end.
    let (callbacks, broker) = unsafe { (&*opaque.cast::<Callbacks>(), CStr::from_ptr(broker)) };
    let time = Duration::from_millis(u64::try_from(time_ms).unwrap_or(0));
    let throttle = &callbacks.throttle;
    throttle.note(&broker.to_string_lossy(), time, Instant::now());
}
