//! The peers' tables of docs/performance.md.

use std::fmt::Write;

use super::throughput::Run;
use super::{Figures, Peer, Peers};
use crate::bench::Amount;
use crate::paced::{Latency, RATE};
use crate::report::{mark, ratio_of, tenths, thousands, whole};
use crate::stats::{Ratio, median, paired};

/// All that is said of them.
pub(crate) fn markdown(peers: &Peers, amount: &Amount) -> String {
    let mut text = format!(
        "| beside others | records/s | records per CPU-second | peak memory, MB | p50 at {RATE}/s, ms | p99, ms | p99.9, ms |\n|---|---|---|---|---|---|---|\n"
    );
    for (peer, figures) in &peers.of {
        // Writing to a string never fails.
        writeln!(text, "| {} | {} |", peer.name(), cells(figures).join(" | ")).unwrap_or_default();
    }
    text += "\n| | | goal |\n|---|---|---|\n";
    for [what, figure, goal] in goals(peers) {
        writeln!(text, "| {what} | {figure} | {goal} |").unwrap_or_default();
    }
    let of = &amount.peers;
    write!(
        text,
        "\n{} records a throughput run after {} of warm-up, {} for a JVM, {} rounds; {} rounds of latency, {} s each after a burst of {} records. Medians; of ratios the median of the rounds, and in brackets the least and the most.",
        thousands(of.records as f64),
        thousands(of.warm_up as f64),
        thousands(of.jvm_warm_up as f64),
        of.rounds,
        of.paced_rounds,
        of.paced.as_secs(),
        thousands(of.burst as f64),
    )
    .unwrap_or_default();
    text
}

fn cells(figures: &Figures) -> [String; 6] {
    let run = |figure: fn(&Run) -> f64, show: fn(f64) -> String| {
        let values: Vec<f64> = figures.runs.iter().map(figure).collect();
        median(&values).map(show).unwrap_or_default()
    };
    let latency = |figure| latency(figures, figure).map(tenths).unwrap_or_default();
    [
        run(|run| run.per_second, thousands),
        run(|run| run.per_cpu_second, thousands),
        run(|run| run.peak_mb, whole),
        latency(|latency| latency.p50),
        latency(|latency| latency.p99),
        latency(|latency| latency.p999),
    ]
}

fn latency(figures: &Figures, figure: fn(&Latency) -> f64) -> Option<f64> {
    let values: Vec<f64> = figures.latencies.iter().map(figure).collect();
    median(&values)
}

/// What is wanted, of those that were measured.
fn goals(peers: &Peers) -> Vec<[String; 3]> {
    let ratio = |over, under, figure: fn(&Run) -> f64| -> Option<Ratio> {
        let values = |peer| -> Option<Vec<f64>> {
            Some(peers.figures(peer)?.runs.iter().map(figure).collect())
        };
        paired(&values(over)?, &values(under)?)
    };
    let exactly = Peer::HostExactlyOnce;
    let mut rows = Vec::new();
    let mut add = |what: &str, figure: String, goal: String| {
        rows.push([what.to_owned(), figure, goal]);
    };
    if let Some(speed) = ratio(exactly, Peer::Host, |run| run.per_second) {
        add(
            "host, exactly once / at least once, records/s",
            ratio_of(speed),
            mark("≥ 0.85", speed.median >= 0.85),
        );
    }
    if let Some(cost) = ratio(exactly, Peer::Host, |run| run.per_cpu_second) {
        add(
            "host, exactly once / at least once, records per CPU-second",
            ratio_of(cost),
            String::new(),
        );
    }
    if let Some(speed) = ratio(exactly, Peer::StreamsExactlyOnce, |run| run.per_second) {
        add(
            "exactly once, host / Kafka Streams, records/s",
            ratio_of(speed),
            mark("> 1", speed.median > 1.0),
        );
    }
    let figures = peers.figures(exactly);
    if let Some(p99) = figures.and_then(|figures| latency(figures, |latency| latency.p99)) {
        add(
            &format!("host, exactly once, p99 at {RATE}/s, ms"),
            tenths(p99),
            mark("< 60", p99 < 60.0),
        );
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(speeds: &[f64], p99: f64) -> Figures {
        let run = |per_second: &f64| Run {
            per_second: *per_second,
            per_cpu_second: per_second / 2.0,
            peak_mb: 100.0,
        };
        let latency = Latency {
            p50: 1.0,
            p99,
            p999: 90.0,
        };
        Figures {
            runs: speeds.iter().map(run).collect(),
            latencies: vec![latency],
        }
    }

    #[test]
    fn goals_are_judged_by_rounds() {
        let peers = Peers {
            of: vec![
                (Peer::Host, figures(&[1_000.0, 2_000.0, 1_000.0], 5.0)),
                (
                    Peer::HostExactlyOnce,
                    figures(&[900.0, 1_800.0, 700.0], 61.0),
                ),
                (
                    Peer::StreamsExactlyOnce,
                    figures(&[900.0, 900.0, 900.0], 1.0),
                ),
            ],
        };
        let text = markdown(&peers, &Amount::full());
        for row in [
            "| host, exactly once | 900 | 450 | 100 | 1.0 | 61.0 | 90.0 |",
            "| host, exactly once / at least once, records/s | 0.90 (0.70–0.90) | ≥ 0.85: yes |",
            "| exactly once, host / Kafka Streams, records/s | 1.00 (0.78–2.00) | > 1: **no** |",
            "| host, exactly once, p99 at 2000/s, ms | 61.0 | < 60: **no** |",
        ] {
            assert!(text.contains(row), "{row} is not in\n{text}");
        }
    }

    #[test]
    fn what_was_not_measured_has_no_goal() {
        let peers = Peers {
            of: vec![(Peer::KafkaJs, figures(&[900.0], 1.0))],
        };
        assert!(goals(&peers).is_empty());
    }
}
