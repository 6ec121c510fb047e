//! A diagnosis for people: the stages, then each finding with evidence and cure.

use anstyle::{AnsiColor, Style};
use penstock_core::diagnosis::{Certainty, Diagnosis, Finding, StageReport, StageState};

use crate::commands::fill::{WIDTH, shown, wrapped};

const NAME: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// All of it, with colours, which the stream takes out where they don't belong.
pub(super) fn render(diagnosis: &Diagnosis) -> String {
    let mut text = format!(
        "{NAME}{}{NAME:#}, looked at {}{}\n\n",
        shown(&diagnosis.group),
        diagnosis.at,
        watched(diagnosis.watched_ms),
    );
    for report in &diagnosis.stages {
        text += &stage(report);
    }
    text += "\n";
    for finding in &diagnosis.findings {
        text += &one(finding);
        text += "\n";
    }
    for note in &diagnosis.notes {
        text += &wrapped("note: ", "      ", note);
    }
    if diagnosis.findings.is_empty() {
        text +=
            &format!("{GOOD}nothing is wrong{GOOD:#}, as far as can be seen from the brokers\n");
    }
    text
}

fn watched(ms: i64) -> String {
    if ms == 0 {
        return String::new();
    }
    format!(", watched for {}.{} s", ms / 1000, ms % 1000 / 100)
}

fn stage(report: &StageReport) -> String {
    let (style, mark) = match report.state {
        StageState::Passed => (GOOD, "✓"),
        StageState::Failed => (BAD, "✗"),
        StageState::NotVisible => (DIM, "·"),
    };
    let first = format!("  {style}{mark}{style:#} {:<10}  ", report.stage.name());
    wrapped(&first, "                ", &report.text)
}

fn one(finding: &Finding) -> String {
    let code = finding.code;
    let mut text = format!(
        "{BAD}{code}{BAD:#} {NAME}{}{NAME:#}",
        shown(&finding.subject)
    );
    text += match finding.certainty {
        Certainty::Certain => "\n",
        Certainty::Candidate => ", most likely\n",
    };
    text += &wrapped("  ", "  ", &finding.cause);
    if !finding.evidence.is_empty() {
        text += "\n";
    }
    let widest = finding
        .evidence
        .iter()
        .map(|of| of.label.chars().count())
        .max();
    let widest = widest.unwrap_or(0).min(WIDTH / 2);
    for of in &finding.evidence {
        let label = format!("    {DIM}{:<widest$}{DIM:#}  ", shown(&of.label));
        text += &wrapped(&label, &" ".repeat(widest + 6), &of.value);
    }
    if !finding.others.is_empty() {
        text += "\n  It may also be that\n";
        for other in &finding.others {
            text += &wrapped("  - ", "    ", other);
        }
    }
    text += "\n  What to do\n";
    for (number, step) in finding.cure.iter().enumerate() {
        text += &wrapped(&format!("  {}. ", number + 1), "     ", &step.text);
        if let Some(command) = &step.command {
            text += &format!("       {NAME}{}{NAME:#}\n", shown(command));
        }
    }
    text + &format!("  See docs/codes/{code}.md\n")
}
