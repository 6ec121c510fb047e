//! Asks before something is changed.

use std::io::{self, BufRead, IsTerminal, Write};

use super::{Exit, Failure};

/// Whether to go on: `yes` was said on the command line, or is said now.
///
/// # Errors
/// There is nobody to ask.
pub(super) fn confirm(question: &str, yes: bool) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Err(
            Failure::new(Exit::Usage, "nobody can be asked whether to do it")
                .cost("nothing was changed")
                .hint("say --yes, or --dry-run to look only"),
        );
    }
    let mut answer = String::new();
    let mut stderr = anstream::stderr();
    write!(stderr, "{question} [y/N] ")
        .and_then(|()| stderr.flush())
        .and_then(|()| stdin.lock().read_line(&mut answer))
        .map_err(|error| Failure::new(Exit::Problem, error))?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    let answer = answer.trim().to_lowercase();
    answer == "y" || answer == "yes"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_one() {
        assert!(is_yes("y\n") && is_yes(" YES\n"));
        assert!(!is_yes("\n") && !is_yes("yep") && !is_yes("no\n") && !is_yes(""));
    }

    #[test]
    fn who_said_yes_is_not_asked() {
        assert_eq!(confirm("really?", true), Ok(true));
    }
}
