//! How a command ends, and how a failure is told: what happened, what it costs, what to do.

use std::fmt;

use anstyle::{AnsiColor, Style};

/// The exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done; nothing is wrong.
    Fine = 0,
    /// A problem was found.
    Problem = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Kafka is out of reach.
    KafkaUnreachable = 3,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        (exit as u8).into()
    }
}

/// Why a command could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    what: String,
    cost: Option<String>,
    hint: Option<String>,
}

impl Failure {
    /// A failure that ends the process with `exit`; `what` happened, in one sentence.
    pub fn new(exit: Exit, what: impl fmt::Display) -> Failure {
        Failure {
            exit,
            what: what.to_string(),
            cost: None,
            hint: None,
        }
    }

    /// What it costs: what is not done because of it.
    #[must_use]
    pub fn cost(mut self, cost: impl fmt::Display) -> Failure {
        self.cost = Some(cost.to_string());
        self
    }

    /// What to do.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Failure {
        self.hint = Some(hint.to_string());
        self
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

impl fmt::Display for Failure {
    /// With colours, which the stream takes out where they don't belong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ERROR}error{ERROR:#}: {}", self.what)?;
        if let Some(cost) = &self.cost {
            write!(f, "\n       {cost}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n {HINT}help{HINT:#}: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_what_happened_what_it_costs_and_what_to_do() {
        let failure = Failure::new(Exit::KafkaUnreachable, "no broker answered")
            .cost("nothing was sent")
            .hint("check `kafka.bootstrap`");
        let text = anstream::adapter::strip_str(&failure.to_string()).to_string();
        assert_eq!(
            text,
            "error: no broker answered\n       nothing was sent\n help: check `kafka.bootstrap`"
        );
        assert_eq!(failure.exit() as u8, 3);
    }
}
