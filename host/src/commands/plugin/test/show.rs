//! The results of the cases, for people.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::Tested;
use super::diff::diff;
use super::judge::{Judged, Problem, Said};
use crate::commands::columns::shown;
use crate::commands::plugin::size;
use crate::escape;
use crate::trial::case::{EXPECTED, INPUT};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const NAME: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Problems of one case that are shown in full.
const PROBLEMS_MAX: usize = 10;

/// One case, with colours, which the stream takes out where they don't belong.
pub(super) fn case(of: &Tested) -> String {
    let name = shown(&of.name);
    match &of.outcome {
        Err(why) => {
            let why: Vec<String> = why
                .to_string()
                .lines()
                .map(|line| format!("  {line}"))
                .collect();
            format!(
                "{BAD}error{BAD:#} {NAME}{name}{NAME:#}\n{}\n",
                why.join("\n")
            )
        }
        Ok(judged) => {
            let word = match (judged.problems.is_empty(), judged.blessed) {
                (true, false) => format!("{GOOD}ok{GOOD:#}    "),
                (true, true) => format!("{GOOD}bless{GOOD:#} "),
                (false, _) => format!("{BAD}FAIL{BAD:#}  "),
            };
            let mut text = format!("{word}{NAME}{name}{NAME:#}  {DIM}{}{DIM:#}\n", took(judged));
            text += &problems(&judged.problems);
            text
        }
    }
}

/// All cases in a line.
pub(super) fn summary(all: &[Tested], time: Duration) -> String {
    let count = |is: fn(&Tested) -> bool| all.iter().filter(|of| is(of)).count();
    let fine = count(|of| matches!(&of.outcome, Ok(judged) if judged.problems.is_empty()));
    let unusable = count(|of| of.outcome.is_err());
    let failed = all.len() - fine - unusable;
    let mut parts = vec![format!("{GOOD}{fine} ok{GOOD:#}")];
    if failed > 0 {
        parts.push(format!("{BAD}{failed} failed{BAD:#}"));
    }
    if unusable > 0 {
        parts.push(format!("{BAD}{unusable} can't be run{BAD:#}"));
    }
    format!("\n{}, in {:.2} s\n", parts.join(", "), time.as_secs_f64())
}

fn took(of: &Judged) -> String {
    let s = if of.records == 1 { "" } else { "s" };
    format!(
        "{} record{s}, {:.3} ms, memory {}, outputs {}",
        of.records,
        of.time.as_secs_f64() * 1e3,
        size(of.memory_bytes),
        size(of.output_bytes as u64),
    )
}

/// What is wrong with a case, for people.
pub(super) fn problems(all: &[Problem]) -> String {
    let mut text: String = all.iter().take(PROBLEMS_MAX).map(problem).collect();
    let more = all.len().saturating_sub(PROBLEMS_MAX);
    if more > 0 {
        text += &format!("  {DIM}and {more} more{DIM:#}\n");
    }
    if all.iter().any(|of| matches!(of, Problem::Differs { .. })) {
        text += &format!(
            "  {DIM}help{DIM:#} the handler keeps something from record to record, so what it makes of \
             one depends\n       on those before it, and on restarts. Keep nothing, or have \
             isolation = \"record\": a fresh\n       instance for each record\n"
        );
    }
    text
}

fn problem(of: &Problem) -> String {
    match of {
        Problem::NothingExpected => format!(
            "  there is no {EXPECTED}, so nothing is tested; --bless writes what came out\n"
        ),
        Problem::OtherCount { records, expected } => format!(
            "  each record has a line in {EXPECTED}: {INPUT} has {records}, and there are {expected}\n"
        ),
        Problem::Unexpected {
            line,
            expected,
            found,
            said,
        } => {
            let first = format!(
                "  {INPUT}:{line} came to something else ({BAD}-{BAD:#} expected, {GOOD}+{GOOD:#} found)\n"
            );
            first + &indented(&diff(expected, found)) + &self::said(said)
        }
        Problem::Differs {
            line,
            pass,
            fresh,
            found,
            said,
        } => {
            let first = format!(
                "  {INPUT}:{line} is not deterministic: it came to something else {} ({BAD}-{BAD:#} on \
                 fresh instances, {GOOD}+{GOOD:#} so)\n",
                pass.name()
            );
            first + &indented(&diff(fresh, found)) + &self::said(said)
        }
    }
}

fn said(of: &Said) -> String {
    let mut text = String::new();
    let mut label = "why";
    for line in of.why.as_deref().unwrap_or_default().lines() {
        text += &format!("    {DIM}{label:<3}{DIM:#} {}\n", shown(line));
        label = "";
    }
    for line in &of.log {
        let said = escape::line(&line.text);
        text += &format!("    {DIM}log {}{DIM:#} {said}\n", line.level);
    }
    text
}

fn indented(block: &str) -> String {
    block.lines().map(|line| format!("    {line}\n")).collect()
}
