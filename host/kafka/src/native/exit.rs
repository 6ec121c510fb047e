//! Clients that are still closing when the process exits: librdkafka closes them on threads of its own.

/// From now on C's `exit` leaves OpenSSL as it is. By default it frees what those threads still use, and
/// the process ends with a segmentation fault. To be called before OpenSSL is used, hence before each
/// client: this begins it, with `OPENSSL_INIT_NO_ATEXIT`.
pub(super) fn keep_openssl() {
    openssl::init();
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rdkafka::ClientConfig;

    use super::super::handle::{Handle, Role};

    /// Set in the process that is to exit.
    const EXITS: &str = "PENSTOCK_TEST_OF_EXIT";
    /// It has come to its end; a test that isn't found ends with 0.
    const DONE: i32 = 7;

    /// As the threads of a closing client would use it.
    fn openssl_works() -> bool {
        // SAFETY: it takes no settings.
        unsafe { openssl_sys::OPENSSL_init_ssl(0, std::ptr::null()) == 1 }
    }

    extern "C" fn look_at_the_end() {
        if !openssl_works() {
            // SAFETY: it has no preconditions.
            unsafe { libc::_exit(9) };
        }
    }

    #[test]
    fn a_client_that_is_still_closing_when_the_process_exits_has_its_openssl() {
        if std::env::var_os(EXITS).is_some() {
            // What is registered first runs last.
            // SAFETY: the function lives as long as the process, and does not unwind.
            unsafe { libc::atexit(look_at_the_end) };
            drop(Handle::create(&ClientConfig::new(), Role::Producer).expect("a client"));
            assert!(openssl_works());
            std::process::exit(DONE);
        }
        let name = "a_client_that_is_still_closing_when_the_process_exits_has_its_openssl";
        let beside = Command::new(std::env::current_exe().expect("this program"))
            .arg("--exact")
            .arg(format!("native::exit::tests::{name}"))
            .env(EXITS, "1")
            .status();
        assert_eq!(beside.expect("it runs").code(), Some(DONE));
    }
}
