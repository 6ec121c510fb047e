//! `penstock status --watch`: the status again and again.

use std::io::{self, IsTerminal, Write};
use std::thread::sleep;
use std::time::{Duration, Instant};

use penstock_core::rates::{self, Rates};
use penstock_core::status::Status;

use super::render;
use crate::commands::{Exit, Failure, doctor, output};

/// More often, a host would be kept busy by those who look.
const EVERY_MIN: Duration = Duration::from_millis(200);

/// Takes the terminal's screen: to its first place, and nothing behind it.
const HOME: &str = "\x1b[H";
const REST_OF_LINE: &str = "\x1b[K";
const REST_OF_SCREEN: &str = "\x1b[J";

pub(in crate::commands) fn every(text: &str) -> Result<Duration, String> {
    let every = doctor::span(text)?;
    if every < EVERY_MIN {
        return Err(format!("at least {EVERY_MIN:?} lie between two looks"));
    }
    Ok(every)
}

/// Shows `first`, and from then on what `ask` gives, until the reader leaves.
///
/// # Errors
/// The output can't be written.
pub(super) fn run(
    first: Status,
    every: Duration,
    json: bool,
    ask: impl Fn() -> Result<Status, Failure>,
) -> Result<Exit, Failure> {
    let screen = !json && io::stdout().is_terminal();
    let mut asked = Ok(first);
    let mut before: Option<(Instant, Status)> = None;
    loop {
        let at = Instant::now();
        let block = match &asked {
            Ok(status) if json => line(status),
            Ok(status) => {
                let rates = before.as_ref().map(|(then, before)| {
                    let elapsed = at - *then;
                    speed(rates::of_host(before, status, elapsed), elapsed)
                });
                render(status, rates.as_deref())
            }
            // Lines of JSON are statuses and nothing else.
            Err(failure) if json => {
                output::tell(failure);
                String::new()
            }
            Err(failure) => format!("{failure}\n"),
        };
        let written = match (screen, json) {
            (true, _) => draw(&block),
            (false, true) => output::print(&block),
            (false, false) => {
                let now = jiff::Timestamp::now();
                output::print(&format!("at {now:.0}\n{block}\n"))
            }
        };
        if written.is_err() {
            return output::finish(written);
        }
        if let Ok(status) = asked {
            before = Some((at, status));
        }
        sleep(every);
        asked = ask();
    }
}

fn line(status: &Status) -> String {
    // Numbers and texts: there is nothing in it that JSON lacks.
    serde_json::to_string(status).unwrap_or_default() + "\n"
}

fn speed(rates: Option<Rates>, elapsed: Duration) -> String {
    let span = elapsed.as_secs_f64();
    match rates {
        Some(of) => format!(
            "in the last {span:.1} s: {:.1} deliveries/s begun, {:.1} emitted, {:.1} skipped, \
             {:.1} dead-lettered\n",
            of.begun, of.emitted, of.skipped, of.dead_lettered
        ),
        None => "the host was started anew\n".to_owned(),
    }
}

/// Past the filter that takes out colours where they don't belong, and the rest with them.
fn draw(block: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let colours = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
    let text = if colours {
        on_screen(block)
    } else {
        on_screen(&anstream::adapter::strip_str(block).to_string())
    };
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Over what is there, line by line, so that nothing flickers.
fn on_screen(block: &str) -> String {
    let mut text = HOME.to_owned();
    for line in block.lines() {
        text += line;
        text += REST_OF_LINE;
        text.push('\n');
    }
    text + REST_OF_SCREEN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_drawn_over_and_nothing_of_the_last_one_stays() {
        assert_eq!(on_screen("a\nb\n"), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
    }

    #[test]
    fn looks_are_not_too_frequent() {
        assert_eq!(every("5s"), Ok(Duration::from_secs(5)));
        for wrong in ["0s", "10ms", "-1s", "soon"] {
            assert!(every(wrong).is_err(), "{wrong}");
        }
    }
}
