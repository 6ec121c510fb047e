//! The table of docs/performance.md.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::lanes::LANES;
use crate::paced::{Latency, RATE};
use crate::peers;
use crate::results::{Compared, Results};
use crate::stats::Ratio;

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

type Percentile = fn(&Latency) -> f64;
type Neighbour = fn(&Results, Percentile) -> Option<Compared>;

/// A line of the table.
struct Row {
    what: String,
    bare: String,
    host: String,
    against: String,
    goal: String,
}

/// The measured part of the page.
pub(crate) fn markdown(results: &Results, machine: &str) -> String {
    let mut text = String::new();
    let rows = rows(results);
    if !rows.is_empty() {
        text += &table(rows, results);
        text += "\n\n";
    }
    if let Some(peers) = &results.peers {
        text += &peers::markdown(peers, &results.amount);
        text += "\n\n";
    }
    text + &format!("Measured on {machine}, shared with the broker and the load.")
}

fn table(rows: Vec<Row>, results: &Results) -> String {
    let mut text =
        String::from("| | bare loop | host | host / bare | goal |\n|---|---|---|---|---|\n");
    for Row {
        what,
        bare,
        host,
        against,
        goal,
    } in rows
    {
        // Writing to a string never fails.
        writeln!(text, "| {what} | {bare} | {host} | {against} | {goal} |").unwrap_or_default();
    }
    let amount = &results.amount;
    write!(
        text,
        "\n{} records a throughput run, {} pairs; {} rounds of the rest, {} s each at {RATE} records/s. Medians; of ratios the median of the pairs, and in brackets the least and the most.",
        thousands(amount.records as f64),
        amount.pairs,
        amount.rounds,
        amount.paced.as_secs(),
    )
    .unwrap_or_default();
    text
}

fn rows(results: &Results) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |what: &str, figure: Option<Compared>, show: fn(f64) -> String, goal: String| {
        rows.extend(figure.map(|figure| row(what, &figure, show, goal)));
    };
    let per_cpu = results.throughput(|run| run.per_cpu_second);
    let goal = met(per_cpu, "≥ 0.65", |figure| figure.ratio.median >= 0.65);
    add("records per CPU-second", per_cpu, thousands, goal);
    add(
        "records/s",
        results.throughput(|run| run.per_second),
        thousands,
        String::new(),
    );
    add(
        "peak memory under load, MB",
        results.throughput(|run| run.peak_mb),
        whole,
        String::new(),
    );

    let percentiles: [(&str, Percentile); 3] = [
        ("p50", |latency| latency.p50),
        ("p99", |latency| latency.p99),
        ("p99.9", |latency| latency.p999),
    ];
    for (name, figure) in percentiles {
        let compared = results.latency(figure);
        let goal = match name {
            "p99" => met(compared, "≤ 1.5", |figure| figure.ratio.median <= 1.5),
            _ => String::new(),
        };
        add(
            &format!("end to end at {RATE}/s, {name}, ms"),
            compared,
            tenths,
            goal,
        );
    }
    if let Some(idle) = &results.idle {
        let partitions = thousands(f64::from(results.amount.idle_partitions));
        rows.push(Row {
            what: format!("idle CPU with {partitions} partitions, % of a core"),
            bare: tenths(idle.bare.cpu_percent),
            host: tenths(idle.host.cpu_percent),
            against: String::new(),
            goal: mark("< 2", idle.host.cpu_percent < 2.0),
        });
        rows.push(Row {
            what: format!("of that the watchdog, with {partitions} partitions, % of a core"),
            bare: String::new(),
            host: format!("{:.2}", idle.host.watchdog_percent),
            against: String::new(),
            goal: mark("≤ 1", idle.host.watchdog_percent <= 1.0),
        });
        rows.push(Row {
            what: format!("resident with {partitions} partitions and two plugins, MB"),
            bare: whole(idle.bare.resident_mb),
            host: whole(idle.host.resident_mb),
            against: String::new(),
            goal: mark("< 150", idle.host.resident_mb < 150.0),
        });
    }
    if let Some([bare, warm, cold]) = results.startup() {
        for (cache, host, goal) in [
            ("warm", warm, mark("≤ bare + 300", warm <= bare + 300.0)),
            ("cold", cold, String::new()),
        ] {
            rows.push(Row {
                what: format!("start to first assignment, ten plugins, {cache} cache, ms"),
                bare: whole(bare),
                host: whole(host),
                against: format!("{:+.0}", host - bare),
                goal,
            });
        }
    }
    for (name, figure) in percentiles {
        if let Some(figure) = results.wedge(figure) {
            rows.push(Row {
                what: format!("healthy partitions beside two guests in endless loops, {name}, ms"),
                bare: format!("{} (nobody loops)", tenths(figure.bare)),
                host: tenths(figure.host),
                against: ratio(&figure),
                goal: match name {
                    "p99" => mark("< 2", figure.ratio.median < 2.0),
                    _ => String::new(),
                },
            });
        }
    }
    let beside = [
        (
            "while a large plugin is compiled",
            Results::compiling as Neighbour,
        ),
        ("beside four hostile guests", Results::hostile),
    ];
    for (beside, of) in beside {
        for (name, figure) in percentiles {
            rows.extend(of(results, figure).map(|figure| Row {
                what: format!("a healthy partition {beside}, {name}, ms"),
                bare: format!("{} (without)", tenths(figure.bare)),
                host: tenths(figure.host),
                against: ratio(&figure),
                goal: match name {
                    "p99" => mark("≤ 2", figure.ratio.median <= 2.0),
                    _ => String::new(),
                },
            }));
        }
    }
    if let Some(figure) = results.lanes() {
        rows.push(Row {
            what: format!("one partition, a handler of 2 ms, {LANES} lanes, records/s"),
            bare: format!("{} (one lane)", whole(figure.bare)),
            host: whole(figure.host),
            against: ratio(&figure),
            goal: mark("≥ 1.8", figure.ratio.median >= 1.8),
        });
    }
    let json = [
        ("a call with JSON by the SDK, ns of CPU", results.json()),
        ("of that the JSON", results.json_alone()),
    ];
    for (what, figure) in json {
        rows.extend(figure.map(|figure| Row {
            what: what.to_owned(),
            bare: format!("{} (by serde_json)", thousands(figure.bare)),
            host: thousands(figure.host),
            against: ratio(&figure),
            goal: mark("< 1", figure.ratio.median < 1.0),
        }));
    }
    rows.extend(results.trial().map(|ms| Row {
        what: "`penstock plugin test` of a compiled plugin, ms".to_owned(),
        bare: String::new(),
        host: whole(ms),
        against: String::new(),
        goal: mark("< 1,000", ms < 1000.0),
    }));
    rows
}

fn row(what: &str, figure: &Compared, show: fn(f64) -> String, goal: String) -> Row {
    Row {
        what: what.to_owned(),
        bare: show(figure.bare),
        host: show(figure.host),
        against: ratio(figure),
        goal,
    }
}

fn ratio(figure: &Compared) -> String {
    ratio_of(figure.ratio)
}

/// `0.91 (0.88–0.93)`
pub(crate) fn ratio_of(ratio: Ratio) -> String {
    format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.least, ratio.most)
}

fn met(figure: Option<Compared>, goal: &str, reached: fn(Compared) -> bool) -> String {
    figure
        .map(|figure| mark(goal, reached(figure)))
        .unwrap_or_default()
}

/// A goal, and whether it is reached.
pub(crate) fn mark(goal: &str, reached: bool) -> String {
    format!("{goal}: {}", if reached { "yes" } else { "**no**" })
}

pub(crate) fn whole(value: f64) -> String {
    format!("{value:.0}")
}

pub(crate) fn tenths(value: f64) -> String {
    format!("{value:.1}")
}

/// `1,234,567`
pub(crate) fn thousands(value: f64) -> String {
    let digits = whole(value);
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Puts the measured part into the page, between its markers.
///
/// # Errors
/// When the page isn't there or has no markers.
pub(crate) fn publish(page: &Path, measured: &str) -> Result<()> {
    let text =
        fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let new = between_markers(&text, measured)
        .with_context(|| format!("{} lacks `{BEGIN}` or `{END}`", page.display()))?;
    fs::write(page, new).with_context(|| format!("cannot write {}", page.display()))
}

fn between_markers(page: &str, measured: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{measured}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let page = format!("a\n{BEGIN}\nold\n{END}\nz");
        let expected = format!("a\n{BEGIN}\nnew\n{END}\nz");
        assert_eq!(
            between_markers(&page, "new").as_deref(),
            Some(expected.as_str())
        );
        assert_eq!(between_markers("no markers", "new"), None);
    }

    #[test]
    fn thousands_are_grouped() {
        let shown = [0.0, 999.0, 1_000.0, 1_234_567.4].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_missed_goal_is_marked() {
        assert_eq!(mark("< 2", true), "< 2: yes");
        assert_eq!(mark("< 2", false), "< 2: **no**");
    }
}
