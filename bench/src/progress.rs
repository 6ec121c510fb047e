//! What the benchmark is doing: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The progress of a whole run.
pub(crate) struct Progress {
    bar: ProgressBar,
    terminal: bool,
}

impl Progress {
    pub(crate) fn new() -> Progress {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {elapsed_precise} {prefix} {msg}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress { bar, terminal }
    }

    /// A new step begins.
    pub(crate) fn step(&self, text: impl Into<String>) {
        let text = text.into();
        if !self.terminal {
            eprintln!("{text}");
        }
        self.bar.set_prefix(text);
        self.bar.set_message("");
    }

    /// How far the step is.
    pub(crate) fn at(&self, done: i64, all: i64) {
        self.bar.set_message(format!(
            "{} %",
            (done * 100).checked_div(all).unwrap_or(100)
        ));
    }

    /// A result worth keeping on the screen.
    pub(crate) fn result(&self, text: &str) {
        if self.terminal {
            self.bar.println(text);
        } else {
            eprintln!("  {text}");
        }
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
