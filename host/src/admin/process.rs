//! What the process uses of the machine.

use std::fs;

/// Use so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    /// Absent where the system does not tell.
    pub resident_bytes: Option<u64>,
    /// User and system time of all threads.
    pub cpu_seconds: f64,
}

/// Asks the system.
pub(super) fn usage() -> Usage {
    Usage {
        resident_bytes: resident_bytes(),
        cpu_seconds: cpu_seconds(),
    }
}

fn resident_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    // SAFETY: sysconf reads a constant of the system and touches no memory of ours.
    let page_bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Some(pages * u64::try_from(page_bytes).ok()?)
}

fn cpu_seconds() -> f64 {
    // SAFETY: an rusage of zeroes is valid, and getrusage writes only into it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_uses_memory_and_time_that_only_grows() {
        let before = usage();
        assert!(before.resident_bytes.is_none_or(|bytes| bytes > 100_000));
        while usage().cpu_seconds <= before.cpu_seconds {}
    }
}
