//! A child process that dies with this one, with its output in files.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::wait::wait_until;

/// A running child.
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; its standard output and error are appended to `log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(mut command: Command, log: &Path) -> Result<Process> {
        let name = command.get_program().to_string_lossy().into_owned();
        let file = File::options().create(true).append(true).open(log);
        let file = file.with_context(|| format!("cannot open {}", log.display()))?;
        command.stdin(Stdio::null());
        command.stdout(file.try_clone().context("cannot share the log")?);
        command.stderr(file);
        let child = spawn_from_keeper(command).with_context(|| format!("cannot start {name}"))?;
        Ok(Process {
            child,
            name,
            log: log.to_path_buf(),
        })
    }

    /// The process's number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `libc::SIGTERM`.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn signal(&mut self, signal: i32) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} has ended ({status}):\n{}", self.name, self.log_tail());
        }
        // SAFETY: `kill` takes numbers only; the child isn't reaped, so its number is still its own.
        let sent = unsafe { libc::kill(self.child.id().cast_signed(), signal) };
        if sent != 0 {
            bail!(
                "cannot signal {}: {}",
                self.name,
                io::Error::last_os_error()
            );
        }
        Ok(())
    }

    /// SIGSTOP, and waits until every thread stands still: until then one of them may answer.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn suspend(&mut self) -> Result<()> {
        self.signal(libc::SIGSTOP)?;
        // SAFETY: all zeroes is a valid value of this plain structure.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let until = libc::WSTOPPED | libc::WEXITED | libc::WNOWAIT;
        // SAFETY: `info` is valid for the time of the call; the child isn't reaped by it.
        if unsafe { libc::waitid(libc::P_PID, self.id(), &raw mut info, until) } != 0 {
            bail!("cannot await the stop: {}", io::Error::last_os_error());
        }
        Ok(())
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the system doesn't say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it hasn't ended after `deadline`; the message shows the end of its log.
    pub fn wait_exit(&mut self, deadline: Duration) -> Result<ExitStatus> {
        if self.child.try_wait()?.is_none() {
            await_end(self.child.id(), deadline)?;
        }
        match self.child.try_wait()? {
            Some(status) => Ok(status),
            None => bail!(
                "{} still runs after {deadline:?}:\n{}",
                self.name,
                self.log_tail()
            ),
        }
    }

    /// SIGKILL, and waits for the end.
    ///
    /// # Errors
    /// When the system doesn't let it.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// All it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The last lines it has printed.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }

    /// Waits for a line that contains `text`, and returns the first such line.
    ///
    /// # Errors
    /// When there is none after `deadline`, or the process ends without one.
    pub fn wait_for_log(&mut self, text: &str, deadline: Duration) -> Result<String> {
        let what = format!("{} prints `{text}`", self.name);
        let found = wait_until(&what, deadline, || {
            let ended = self.child.try_wait()?;
            match (self.log().lines().find(|line| line.contains(text)), ended) {
                (Some(line), _) => Ok(Ok(line.to_owned())),
                (None, Some(status)) => Ok(Err(status)),
                (None, None) => bail!("not yet; its last lines:\n{}", self.log_tail()),
            }
        })?;
        found.map_err(|status| {
            anyhow::anyhow!(
                "{} ended ({status}) without `{text}`:\n{}",
                self.name,
                self.log_tail()
            )
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("cannot end {}: {error:#}", self.name);
        }
    }
}

/// Waits until the process ends or `deadline` has passed.
fn await_end(pid: u32, deadline: Duration) -> Result<()> {
    // SAFETY: takes numbers only; the child isn't reaped, so its number is still its own.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let Ok(fd) = i32::try_from(fd) else {
        bail!("pidfd_open gave {fd}")
    };
    if fd < 0 {
        bail!("cannot watch process {pid}: {}", io::Error::last_os_error());
    }
    // SAFETY: a fresh descriptor that nothing else owns.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut poll = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    let millis = i32::try_from(deadline.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: one valid entry, for the time of the call.
    if unsafe { libc::poll(&raw mut poll, 1, millis) } < 0 {
        bail!("cannot await process {pid}: {}", io::Error::last_os_error());
    }
    Ok(())
}

type Order = (Command, mpsc::Sender<io::Result<Child>>);

/// Has a child inherit standard streams alone. The mock cluster accepts connections that a child
/// inherits, and a connection stays open, without an answer, as long as any process has it.
pub(crate) fn inherit_nothing(command: &mut Command) -> &mut Command {
    // SAFETY: only a call that is allowed between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let on_exec = libc::CLOSE_RANGE_CLOEXEC.cast_signed();
            if libc::close_range(3, libc::c_uint::MAX, on_exec) == 0 {
                Ok(())
            } else {
                Err(io::Error::last_os_error())
            }
        })
    }
}

/// Starts `command` so that it is killed when this process ends.
///
/// The kernel watches the *thread* that started the child, and a test's thread ends with its test:
/// one thread that lives as long as the process starts them all.
fn spawn_from_keeper(mut command: Command) -> io::Result<Child> {
    static KEEPER: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (orders, inbox) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for (mut command, reply) in inbox {
                if reply.send(command.spawn()).is_err() {
                    eprintln!("nobody waits for {command:?}");
                }
            }
        });
        orders
    });
    let parent = std::process::id().cast_signed();
    // SAFETY: only calls that are allowed between fork and exec.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(io::Error::last_os_error());
            }
            // The parent may have ended before the line above.
            if libc::getppid() == parent {
                Ok(())
            } else {
                Err(io::Error::from_raw_os_error(libc::ESRCH))
            }
        });
    }
    inherit_nothing(&mut command);
    let (reply, answer) = mpsc::channel();
    let gone = || io::Error::other("the thread that starts processes is gone");
    keeper.send((command, reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    /// A socket as C libraries make them: a child inherits it.
    fn inheritable() -> Result<(UnixStream, UnixStream)> {
        let (near, far) = UnixStream::pair()?;
        // SAFETY: the descriptor is live.
        let cleared = unsafe { libc::fcntl(far.as_raw_fd(), libc::F_SETFD, 0) };
        anyhow::ensure!(cleared == 0, "{}", io::Error::last_os_error());
        near.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok((near, far))
    }

    #[test]
    fn a_child_holds_no_connection_of_this_process() -> Result<()> {
        let (mut near, far) = inheritable()?;
        let mut sleep = Command::new("sleep");
        sleep.arg("60");
        let log = tempfile::NamedTempFile::new()?;
        let _child = Process::spawn(sleep, log.path())?;
        drop(far);
        let read = near.read(&mut [0]).context("it is still open")?;
        anyhow::ensure!(read == 0, "it is closed");
        Ok(())
    }
}
