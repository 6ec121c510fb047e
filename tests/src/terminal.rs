//! A command on a terminal of its own, with keys and a screen.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::layout::program;

/// How long a text may be waited for.
const PATIENCE: Duration = Duration::from_secs(40);

/// See the module; 80 columns, 24 rows. Dropped, its terminal is gone.
pub struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: Receiver<String>,
    seen: String,
}

impl Terminal {
    /// `penstock` with these arguments, which have no spaces, and variables of its environment.
    ///
    /// # Errors
    /// When it isn't built, or script(1) is missing.
    pub fn run(args: &[&str], variables: &[(&str, &str)]) -> Result<Terminal> {
        let program = program("penstock")?;
        let command = format!(
            "stty cols 80 rows 24; exec {} {}",
            program.display(),
            args.join(" ")
        );
        // Its keys are what is written to it.
        let mut child = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run script(1)")?;
        let keys = child.stdin.take().context("it is piped")?;
        let mut output = child.stdout.take().context("it is piped")?;
        let (shows, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..read]);
                if shows.send(text.into_owned()).is_err() {
                    return;
                }
            }
        });
        Ok(Terminal {
            child,
            keys,
            screen,
            seen: String::new(),
        })
    }

    /// Waits until it has shown this.
    ///
    /// # Errors
    /// When it ends without, or does not for long; the message shows the end of what it has shown.
    pub fn until(&mut self, text: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.seen.contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(shown) => self.seen += &shown,
                Err(error) => {
                    let from = self
                        .seen
                        .floor_char_boundary(self.seen.len().saturating_sub(4000));
                    bail!("no {text:?} ({error}): {:?}", &self.seen[from..]);
                }
            }
        }
        Ok(())
    }

    /// Presses keys.
    ///
    /// # Errors
    /// When it has ended.
    pub fn press(&mut self, keys: &str) -> Result<()> {
        Ok(self.keys.write_all(keys.as_bytes())?)
    }

    /// Asks what runs on it to end, with SIGTERM.
    ///
    /// # Errors
    /// When it has ended.
    pub fn terminate(&self) -> Result<()> {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
        let child: i32 = children.trim().parse().context("no program runs on it")?;
        // SAFETY: takes numbers only; script(1) has not reaped it while it is listed.
        let sent = unsafe { libc::kill(child, libc::SIGTERM) };
        ensure!(sent == 0, "no program {child} runs");
        Ok(())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When the system doesn't tell.
    pub fn end(mut self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }
}

impl Drop for Terminal {
    /// What runs on it is told that it is gone.
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("cannot end a terminal: {error}");
        }
    }
}
