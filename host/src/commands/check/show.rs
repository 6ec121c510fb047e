//! What was found on a cluster, for people.

use anstyle::{AnsiColor, Style};
use comfy_table::Cell;
use penstock_admin_protocol::change::NewTopic;
use penstock_core::config::Config;
use penstock_core::preflight::{Finding, Severity, TopicEstimate};

use super::super::columns::table;
use super::super::fill::{shown, wrapped};
use super::broker::Outcome;
use super::plural;

const NAME: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBT: Style = AnsiColor::Yellow.on_default().bold();
const DIM: Style = Style::new().dimmed();
const NOT_KNOWN: &str = "?";

/// All of it, with colours, which the stream takes out where they don't belong.
pub(super) fn render(config: &Config, outcome: &Outcome) -> String {
    let report = &outcome.report;
    let cluster = outcome.cluster.as_deref().unwrap_or("without an id");
    let mut text = format!(
        "\n{NAME}cluster {}{NAME:#} at {}, group {}\n\n",
        shown(cluster),
        shown(&config.kafka.bootstrap),
        shown(&config.kafka.group),
    );
    for finding in &report.findings {
        text += &one(finding);
        text += "\n";
    }
    for fine in &report.fine {
        text += &wrapped(&format!("  {GOOD}✓{GOOD:#} "), "    ", fine);
    }
    if !report.at_start.is_empty() {
        text += &at_start(&report.at_start);
    }
    text + "\n" + &verdict(&report.findings)
}

fn one(finding: &Finding) -> String {
    let (style, word) = match finding.severity {
        Severity::Problem => (BAD, "problem"),
        Severity::Warning => (DOUBT, "warning"),
        Severity::Note => (NAME, "note"),
    };
    let code = finding.code;
    let first = format!("{style}{code} {word}{style:#} ");
    let mut text = wrapped(&first, "  ", &finding.what);
    let label = |of: &str| format!("  {DIM}{of:<5}{DIM:#} ");
    text += &wrapped(&label("why"), "        ", &finding.why);
    text += &wrapped(&label("cost"), "        ", &finding.cost);
    for (number, step) in finding.cure.iter().enumerate() {
        let of = if number == 0 { "cure" } else { "" };
        text += &wrapped(&label(of), "        ", &step.text);
        if let Some(command) = &step.command {
            text += &format!("          {NAME}{}{NAME:#}\n", shown(command));
        }
    }
    text + &format!("  {DIM}see{DIM:#}   docs/codes/{code}.md\n")
}

fn at_start(topics: &[TopicEstimate]) -> String {
    let mut text = format!("\n{NAME}A host that starts now{NAME:#}\n");
    for of in topics {
        let begins = format!("begins {}", of.begins);
        text += &wrapped(&format!("  {}: ", shown(&of.topic)), "    ", &begins);
    }
    let header = [
        "topic",
        "partitions",
        "records",
        "bytes",
        "again",
        "skipped",
        "oldest",
    ];
    let mut rows = table(&header, 1..6);
    let number = |of: Option<i64>| of.map_or_else(|| NOT_KNOWN.to_owned(), |of| of.to_string());
    for of in topics {
        rows.add_row([
            Cell::new(shown(&of.topic)),
            Cell::new(of.partitions),
            Cell::new(of.records),
            Cell::new(number(of.bytes)),
            Cell::new(of.again),
            Cell::new(of.skipped),
            Cell::new(of.oldest.as_deref().unwrap_or("-")),
        ]);
    }
    if topics.len() > 1 {
        let sum = |of: fn(&TopicEstimate) -> i64| topics.iter().map(of).sum::<i64>();
        let bytes: Option<i64> = topics.iter().map(|of| of.bytes).sum();
        rows.add_row([
            Cell::new("total"),
            Cell::new(topics.iter().map(|of| of.partitions).sum::<usize>()),
            Cell::new(sum(|of| of.records)),
            Cell::new(number(bytes)),
            Cell::new(sum(|of| of.again)),
            Cell::new(sum(|of| of.skipped)),
            Cell::new(""),
        ]);
    }
    for line in rows.to_string().lines() {
        text += &format!("  {}\n", line.trim_end());
    }
    text += &wrapped(
        "  ",
        "  ",
        "records: at most, since some offsets hold none; bytes: in the log, by the size of the \
         first records; again: this group may have processed them before; skipped: before the \
         start, never processed",
    );
    text
}

fn verdict(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|of| of.severity == severity).count();
    let counts = [
        (BAD, count(Severity::Problem), "problem"),
        (DOUBT, count(Severity::Warning), "warning"),
        (NAME, count(Severity::Note), "note"),
    ];
    let some = counts.iter().filter(|(_, count, _)| *count > 0);
    let some: Vec<String> = some
        .map(|(style, count, noun)| format!("{style}{count} {}{style:#}", plural(*count, noun)))
        .collect();
    match some.is_empty() {
        true => format!("{GOOD}ok{GOOD:#}: nothing is found that speaks against it\n"),
        false => format!("{}\n", some.join(", ")),
    }
}

/// What would be created.
pub(super) fn new_topics(new: &[NewTopic]) -> String {
    let mut rows = table(&["new topic", "partitions", "replicas"], 1..3);
    let number = |of: Option<i32>| of.map_or_else(|| "default".to_owned(), |of| of.to_string());
    for of in new {
        rows.add_row([
            Cell::new(shown(&of.name)),
            Cell::new(number(of.partitions)),
            Cell::new(number(of.replication_factor.map(i32::from))),
        ]);
    }
    let mut text = String::new();
    for line in rows.to_string().lines() {
        text += line.trim_end();
        text += "\n";
    }
    text
}
