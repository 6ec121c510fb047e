//! Gives a client of librdkafka the tokens it asks for.

use std::ffi::{CString, c_char, c_void};

use rdkafka_sys as sys;

use super::Error;
use super::callbacks::Callbacks;
use super::handle::owned_error;

/// Makes a client with these settings ask its callbacks for tokens.
pub(super) fn ask(settings: *mut sys::rd_kafka_conf_t) {
    // SAFETY: the settings are live; the callback is a plain function. The queue of its own lets
    // librdkafka's thread call it, whoever polls or does not.
    unsafe {
        sys::rd_kafka_conf_set_oauthbearer_token_refresh_cb(settings, Some(refresh));
        sys::rd_kafka_conf_enable_sasl_queue(settings, 1);
    }
}

/// Lets a thread of librdkafka's call for tokens.
///
/// # Errors
/// As librdkafka reports.
pub(super) fn begin(client: *mut sys::rd_kafka_t) -> Result<(), Error> {
    // SAFETY: the client is live; the error returned is ours.
    unsafe { owned_error(sys::rd_kafka_sasl_background_callbacks_enable(client)) }
}

/// librdkafka calls this from its background thread when a token is needed, and again when most of
/// its time is over.
unsafe extern "C" fn refresh(client: *mut sys::rd_kafka_t, _: *const c_char, opaque: *mut c_void) {
    // SAFETY: `opaque` is the client's callbacks, which outlive it.
    let callbacks = unsafe { &*opaque.cast::<Callbacks>() };
    let Some(source) = &callbacks.tokens else {
        return;
    };
    let given = source
        .token()
        .map_err(|error| error.to_string())
        .and_then(|token| {
            let extensions = token.extensions.iter();
            let extensions = extensions.flat_map(|(name, value)| [name.as_str(), value.as_str()]);
            let extensions: Vec<CString> = extensions.map(string).collect::<Result<_, String>>()?;
            let mut pointers: Vec<*const c_char> =
                extensions.iter().map(|of| of.as_ptr()).collect();
            let (value, principal) = (string(&token.value)?, string(&token.principal)?);
            let mut problem = [0 as c_char; 512];
            // SAFETY: the client is live, and copies all of this; the buffer is as long as said.
            let code = unsafe {
                sys::rd_kafka_oauthbearer_set_token(
                    client,
                    value.as_ptr(),
                    token.expires_ms,
                    principal.as_ptr(),
                    pointers.as_mut_ptr(),
                    pointers.len(),
                    problem.as_mut_ptr(),
                    problem.len(),
                )
            };
            if code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                return Ok(());
            }
            // SAFETY: librdkafka wrote a string with an end.
            let text = unsafe { std::ffi::CStr::from_ptr(problem.as_ptr()) };
            Err(text.to_string_lossy().into_owned())
        });
    if let Err(why) = given {
        let why = string(&why.replace('\0', " ")).unwrap_or_default();
        // SAFETY: the client is live, and copies the text. It asks again in ten seconds.
        unsafe { sys::rd_kafka_oauthbearer_set_token_failure(client, why.as_ptr()) };
    }
}

fn string(text: &str) -> Result<CString, String> {
    CString::new(text).map_err(|_| "a token must not hold a zero byte".to_owned())
}
