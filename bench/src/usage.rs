//! What a process used, from `/proc`: CPU and memory; and a thread of our own.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// A process's use of the machine so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage {
    /// User and system together.
    pub(crate) cpu: Duration,
    /// Resident now.
    pub(crate) resident_bytes: u64,
    /// The most that was resident.
    pub(crate) peak_bytes: u64,
}

/// Of a process that runs.
///
/// # Errors
/// When it doesn't.
pub(crate) fn usage(pid: u32) -> Result<Usage> {
    let read = |file: &str| {
        fs::read_to_string(format!("/proc/{pid}/{file}")).with_context(|| format!("process {pid}"))
    };
    // SAFETY: takes and gives a number.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    let cpu = cpu_ticks(&read("stat")?).context("/proc/PID/stat has another form")?;
    let status = read("status")?;
    let kib =
        |name| field_kib(&status, name).with_context(|| format!("no {name} in /proc/PID/status"));
    Ok(Usage {
        cpu: Duration::from_secs_f64(cpu as f64 / ticks as f64),
        resident_bytes: kib("VmRSS")? * 1024,
        peak_bytes: kib("VmHWM")? * 1024,
    })
}

/// Processor time so far of this thread.
pub(crate) fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock is one that each thread has, and `time` outlives the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32)
}

/// Processor time so far of a process's threads of one name.
///
/// # Errors
/// When the process has ended.
pub(crate) fn threads_cpu(pid: u32, name: &str) -> Result<Duration> {
    let tasks =
        fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("process {pid}"))?;
    let mut nanos = 0;
    for task in tasks {
        let task = task?.path();
        // A thread may end meanwhile; then it is not one of those that stay.
        let Ok(comm) = fs::read_to_string(task.join("comm")) else {
            continue;
        };
        if comm.trim_end() == name {
            let stat = fs::read_to_string(task.join("schedstat"))?;
            nanos +=
                first_number(&stat).context("/proc/PID/task/TID/schedstat has another form")?;
        }
    }
    Ok(Duration::from_nanos(nanos))
}

fn first_number(text: &str) -> Option<u64> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

/// utime + stime. The name, in brackets, may contain anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn field_kib(status: &str, name: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_past_an_odd_name() {
        let stat = "42 (a ) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("42"), None);
    }

    #[test]
    fn reads_memory() {
        let status = "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n";
        assert_eq!(field_kib(status, "VmRSS"), Some(1024));
        assert_eq!(field_kib(status, "VmHWM"), Some(2048));
        assert_eq!(field_kib(status, "Vm"), None);
    }

    #[test]
    fn threads_are_told_apart_by_name() -> Result<()> {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let (ready, begun) = std::sync::mpsc::channel();
        let busy = std::thread::Builder::new()
            .name("named".to_owned())
            .spawn(move || {
                ready.send(()).ok();
                wait.recv().ok()
            })?;
        begun.recv()?;
        let pid = std::process::id();
        assert!(threads_cpu(pid, "named")? > Duration::ZERO);
        assert_eq!(threads_cpu(pid, "nobody's")?, Duration::ZERO);
        done.send(())?;
        assert_eq!(busy.join().ok(), Some(Some(())));
        Ok(())
    }

    #[test]
    fn this_process_uses_memory() -> Result<()> {
        let usage = usage(std::process::id())?;
        assert!(usage.resident_bytes > 0 && usage.peak_bytes >= usage.resident_bytes);
        Ok(())
    }
}
