//! A panic is a mistake of the host's own, and ends it, whatever thread it is in: without a worker or
//! the delivery thread the host would stay connected and process nothing, and what the thread held
//! is half done.

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
        // The thread may hold what telling it needs. Then the system ends the process, by SIGALRM.
        // SAFETY: it has no preconditions.
        unsafe { libc::alarm(TELL_SECONDS_MAX) };
        // To standard error, if it should be the log that panics; with a backtrace if one is asked for.
        show(panic);
        tell(panic);
        logging::flush();
        // SAFETY: it has no preconditions. `exit` would take down what other threads still use.
        unsafe { libc::_exit(Exit::Problem as i32) };
    }));
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
    use std::process::{Command, Stdio};
    use std::sync::Mutex;

    use penstock_core::config::{Log, LogFormat, RecordLines};
    use serde_json::Value;

    use super::*;

    /// Set in the process that is to panic.
    const VARIABLE: &str = "PENSTOCK_TEST_OF_PANICS";

    static HELD: Mutex<()> = Mutex::new(());

    #[test]
    fn a_panic_of_any_thread_ends_the_process_and_says_why() {
        if std::env::var_os(VARIABLE).is_some() {
            panic_in_a_thread();
        }
        let this = std::env::current_exe().expect("this program");
        let output = Command::new(this)
            .args(["--exact", "--nocapture", "--test-threads=1"])
            .arg("panics::tests::a_panic_of_any_thread_ends_the_process_and_says_why")
            .env(VARIABLE, "1")
            .env_remove(logging::LEVEL_VARIABLE)
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
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

    /// As a worker would, with a lock; the other threads wait for ever.
    fn panic_in_a_thread() {
        let log = Log {
            format: LogFormat::Json,
            records: RecordLines::Off,
        };
        let _lines = logging::start(&log).expect("a log");
        end_the_host();
        let worker = thread::Builder::new().name("worker-7".to_owned());
        let worker = worker.spawn(|| {
            let _held = HELD.lock();
            panic!("no seven");
        });
        drop(worker.expect("a thread").join());
        unreachable!("the process has ended");
    }
}
