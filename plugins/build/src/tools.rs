//! The languages' own programs: found, run, and named with what brings them where they are missing.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::refused::Refused;

/// A program in PATH.
///
/// # Errors
/// [`Refused`] if it is not there; `install` is the command that brings it.
pub fn find(program: &str, install: &str) -> Result<PathBuf, Refused> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .ok_or_else(|| missing(program, install))
}

/// What is said of a tool that is not there.
pub fn missing(what: &str, install: &str) -> Refused {
    Refused::new(format!("`{what}` is missing"), install)
}

/// Runs a program to its end; what it has to say goes to standard error, as it is.
///
/// # Errors
/// If it can't be run, or fails: `problem` says what that means.
pub fn run(command: &mut Command, problem: &str) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        // Standard output is for what the command itself says.
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("`{program}` can't be run"))?;
    if !status.success() {
        bail!("{problem}");
    }
    Ok(())
}

/// What a program writes to its standard output.
pub fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{program}` can't be run"))?;
    if !output.status.success() {
        bail!(
            "`{program}` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_comes_with_the_command_that_installs_it() {
        let refused = find("no-such-tool", "apt-get install no-such-tool").expect_err("no");
        assert_eq!(refused.what, "`no-such-tool` is missing");
        assert_eq!(refused.help, "apt-get install no-such-tool");
        assert!(find("sh", "").is_ok());
    }

    #[test]
    fn a_tool_that_fails_is_an_error() {
        assert!(run(&mut Command::new("true"), "").is_ok());
        let error = run(&mut Command::new("false"), "it does not build").expect_err("fails");
        assert_eq!(error.to_string(), "it does not build");
        let error = run(&mut Command::new("no-such-tool"), "").expect_err("not there");
        assert_eq!(error.to_string(), "`no-such-tool` can't be run");
    }

    #[test]
    fn a_failing_program_is_named_with_its_words() {
        let error = output(Command::new("sh").args(["-c", "echo no >&2; exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh` failed: no");
        let error = output(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "`no-such-program` can't be run");
    }
}
