//! `penstock top`: the hosts of a group, live on a terminal.
//!
//! `gather` asks the hosts and `terminal` reads keys, each on its thread; both tell `model`, which
//! `frame` draws. Neither of these two knows a terminal, a host or a clock.

mod frame;
mod gather;
mod model;
mod sample;
mod table;
mod terminal;
mod text;
mod views;

use std::io::{self, IsTerminal};
use std::sync::mpsc;
use std::time::Duration;

use super::status::{base_url, token_from_environment};
use super::tools::{self, ConfigFiles};
use super::{Exit, Failure, status};
use gather::Whom;
use model::{Key, Model};
use sample::Sample;
use terminal::Terminal;

/// Shows the hosts of a group live: rates, lag, verdicts, what waits, what is wrong.
#[derive(Debug, clap::Args)]
#[command(group = tools::asked())]
#[command(after_help = "\
Examples:
  penstock top -c penstock.toml
  penstock top --admin http://127.0.0.1:9644

With -c, all members of the configuration's group that are Penstock hosts are asked, with the
configuration's `admin.token`; with --admin, one host, with the token in PENSTOCK_TOKEN.
`?` lists the keys; `q` quits. Where there is no terminal, use `penstock status --watch`.

The exit code is 0 after `q` or SIGTERM, 1 if there is no terminal, 2 for a wrong configuration.")]
pub struct TopArgs {
    #[command(flatten)]
    config: ConfigFiles,
    /// The admin listener of the one host to look at.
    #[arg(long, value_name = "URL", group = "asked")]
    admin: Option<String>,
    /// How often to ask.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = status::every)]
    every: Duration,
}

/// What happens to it.
enum Input {
    Key(Key),
    Resized,
    Sample(Sample),
    /// The terminal is gone, or it is asked to end.
    Gone,
}

/// Runs the command.
///
/// # Errors
/// There is no terminal, or it fails.
pub fn run(args: &TopArgs) -> Result<Exit, Failure> {
    let (whom, title) = match &args.admin {
        Some(url) => {
            let url = base_url(url)?;
            (Whom::Host(url.clone(), token_from_environment()), url)
        }
        None => {
            let config = tools::load(&args.config.files)?;
            let title = format!("group {}", config.kafka.group);
            (Whom::of(&config)?, title)
        }
    };
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        let hint = match &args.admin {
            Some(url) => format!("`penstock status --admin {url} --watch` needs none"),
            None => "`penstock status --watch -c FILE` needs none".to_owned(),
        };
        return Err(Failure::new(Exit::Problem, "`top` needs a terminal").hint(hint));
    }
    let (to, inputs) = mpsc::channel();
    terminal::heed_signals(to.clone()).map_err(|error| failed(&error))?;
    let terminal = Terminal::take().map_err(|error| failed(&error))?;
    gather::start(whom, args.every, to.clone())?;
    terminal::read_keys(to);
    let mut model = Model::new(title);
    loop {
        let (columns, rows) = terminal.size().map_err(|error| failed(&error))?;
        let frame = frame::draw(&model, columns, rows);
        terminal.show(&frame).map_err(|error| failed(&error))?;
        match inputs.recv() {
            Ok(Input::Key(key)) => {
                if model.press(key) {
                    return Ok(Exit::Fine);
                }
            }
            Ok(Input::Sample(sample)) => model.take(sample),
            Ok(Input::Resized) => {}
            Ok(Input::Gone) | Err(mpsc::RecvError) => return Ok(Exit::Fine),
        }
    }
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Exit::Problem, format!("the terminal fails: {error}"))
}

#[cfg(test)]
mod tests;
