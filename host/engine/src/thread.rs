//! A thread as the system sees it: the processor time it has used, and its priority.

use std::time::Duration;

/// How much lower than the process's the priority of suspects' threads is (`nice`): such a thread
/// has a tenth of a core beside one that takes all it can get.
#[cfg(target_os = "linux")]
const LOWER_BY: i32 = 10;

/// The calling thread's priority, for [`Thread::lower_priority`] of others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Priority {
    #[cfg(target_os = "linux")]
    nice: i32,
}

/// A thread that runs; not to be used once it has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thread {
    #[cfg(target_os = "linux")]
    id: libc::pid_t,
    #[cfg(target_os = "linux")]
    clock: Option<libc::clockid_t>,
}

#[cfg(target_os = "linux")]
impl Priority {
    pub fn current() -> Priority {
        // SAFETY: no pointers; 0 is the calling thread. An error would be -1, which is as good.
        let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        Priority { nice }
    }
}

#[cfg(target_os = "linux")]
impl Thread {
    pub fn current() -> Thread {
        let mut clock = 0;
        // SAFETY: a thread's own handle is valid, and `clock` is ours to write to.
        let failed = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &mut clock) };
        Thread {
            // SAFETY: it has no preconditions.
            id: unsafe { libc::gettid() },
            clock: (failed == 0).then_some(clock),
        }
    }

    /// How long it has run on a processor; zero if the system can't tell.
    pub fn processor_time(self) -> Duration {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let Some(clock) = self.clock else {
            return Duration::ZERO;
        };
        // SAFETY: `time` is ours to write to, and stays as it is on an error.
        unsafe { libc::clock_gettime(clock, &mut time) };
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }

    /// Has the system run it after those with `normal` priority. That can't be taken back without
    /// privileges.
    pub fn lower_priority(self, normal: Priority) {
        let lower = normal.nice + LOWER_BY;
        // SAFETY: no pointers. Values beyond the lowest priority mean that one.
        let failed = unsafe { libc::setpriority(libc::PRIO_PROCESS, self.id as libc::id_t, lower) };
        if failed != 0 {
            let error = std::io::Error::last_os_error();
            tracing::warn!(%error, "the priority of a worker thread can't be lowered: guests in endless loops compete with healthy ones");
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Priority {
    pub fn current() -> Priority {
        Priority {}
    }
}

#[cfg(not(target_os = "linux"))]
impl Thread {
    pub fn current() -> Thread {
        Thread {}
    }

    pub fn processor_time(self) -> Duration {
        Duration::ZERO
    }

    pub fn lower_priority(self, _normal: Priority) {}
}
