//! A panic is a mistake of the host's own, and ends it, whatever thread it is in: without a worker or
//! the delivery thread the host would stay connected and process nothing, and what the thread held
//! is half done. Only the compiler's are caught: they are of one plugin, and hold nothing.

use std::panic::{self, PanicHookInfo};
use std::thread;

use penstock_core::codes::Code;

use crate::commands::Exit;
use crate::logging;

/// The process ends after this even if the panic can't be told, in seconds.
const TELL_SECONDS_MAX: u32 = 5;

/// From now on, a panic of any thread is told in the log, with [`Code::HostPanicked`], and ends the
/// process at once. Nothing is committed any more: what was in hand is done again by its next owner.
pub fn end_the_host() {
    let show = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if penstock_wasm::is_compiling() {
            return show(panic);
        }
        end_in(TELL_SECONDS_MAX);
        tell(panic);
        logging::flush();
        // To standard error too, if it was the log that panicked, or nobody reads it; with a backtrace
        // if one is asked for.
        show(panic);
        end();
    }));
}

/// Ends the process in so many seconds, whatever its threads wait for: the one that panics may hold
/// what telling it needs.
fn end_in(seconds: u32) {
    extern "C" fn passed(_: libc::c_int) {
        end();
    }
    // SAFETY: the handler does nothing but `_exit`, which it may; the set of signals is ours. A handler,
    // since what the system does by itself is not done to a container's first process; and whoever
    // has started this one may have it blocked.
    unsafe {
        libc::signal(libc::SIGALRM, passed as *const () as libc::sighandler_t);
        let mut alarm = std::mem::zeroed();
        libc::sigemptyset(&mut alarm);
        libc::sigaddset(&mut alarm, libc::SIGALRM);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &alarm, std::ptr::null_mut());
        libc::alarm(seconds);
    }
}

/// `exit` would take down what other threads still use.
fn end() -> ! {
    // SAFETY: it has no preconditions.
    unsafe { libc::_exit(Exit::Problem as i32) }
}

fn tell(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(
        code = Code::HostPanicked.as_str(),
        thread = thread::current().name(),
        place,
        "the host has made a mistake: {}; it ends at once, restart it: what is not committed is done \
         again",
        panic.payload_as_str().unwrap_or("it panicked"),
    );
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Output, Stdio};

    use penstock_core::config::{Log, LogFormat, RecordLines};
    use serde_json::Value;

    use super::*;

    /// Set in the process that is to panic.
    const VARIABLE: &str = "PENSTOCK_TEST_OF_PANICS";

    /// This test in a process of its own, with the variable set: its exit code and what it wrote.
    fn beside(test: &str) -> Output {
        Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "--nocapture", "--test-threads=1"])
            .arg(format!("panics::tests::{test}"))
            .env(VARIABLE, "1")
            .env_remove(logging::LEVEL_VARIABLE)
            .stdin(Stdio::null())
            .output()
            .expect("it runs")
    }

    fn is_beside() -> bool {
        std::env::var_os(VARIABLE).is_some()
    }

    fn log() -> logging::Lines {
        let log = Log {
            format: LogFormat::Json,
            records: RecordLines::Off,
        };
        logging::start(&log).expect("a log")
    }

    #[test]
    fn a_panic_of_any_thread_ends_the_process_and_says_why() {
        if is_beside() {
            let _lines = log();
            end_the_host();
            let worker = thread::Builder::new().name("worker-7".to_owned());
            let worker = worker.spawn(|| panic!("no seven")).expect("a thread");
            drop(worker.join());
            unreachable!("the process has ended");
        }
        let output = beside("a_panic_of_any_thread_ends_the_process_and_says_why");
        let out = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{out}");
        // The harness's own words stand before it.
        let told = out.lines().find_map(|line| Some(&line[line.find('{')?..]));
        let told: Value = serde_json::from_str(told.expect(&out)).expect(&out);
        assert_eq!(told["level"], "ERROR");
        assert_eq!(told["code"], "PSK-O008");
        assert_eq!(told["thread"], "worker-7");
        let place = told["place"].as_str().expect("a place");
        assert!(place.starts_with("host/src/panics.rs:"), "{told}");
        let message = told["message"].as_str().expect("a message");
        assert!(message.contains("made a mistake: no seven"), "{told}");
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(shown.contains("no seven"), "{shown}");
    }

    #[test]
    fn a_thread_that_can_not_tell_it_is_not_waited_for() {
        if is_beside() {
            end_in(1);
            loop {
                thread::park();
            }
        }
        let output = beside("a_thread_that_can_not_tell_it_is_not_waited_for");
        assert_eq!(output.status.code(), Some(1));
    }
}
