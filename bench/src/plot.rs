//! The figures as bars, in an SVG that needs nothing else.

use std::fmt::Write;

use crate::results::{Compared, Results};

const PANEL: f64 = 300.0;
const HEIGHT: f64 = 280.0;
/// Of the tallest bar.
const BARS: f64 = 150.0;
const BASE: f64 = 220.0;
const COLOURS: [&str; 3] = ["#8c96a3", "#1f6feb", "#0a3d91"];

/// Bars that share a scale and a unit.
struct Panel {
    title: &'static str,
    groups: Vec<(&'static str, Vec<f64>)>,
}

/// The plot; bare loop grey, host blue.
pub(crate) fn svg(results: &Results) -> String {
    let panels = panels(results);
    let width = PANEL * panels.len().max(1) as f64;
    let mut text = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#24292f"><rect width="{width}" height="{HEIGHT}" fill="#ffffff"/>"##
    );
    for (index, panel) in panels.iter().enumerate() {
        draw(&mut text, panel, PANEL * index as f64);
    }
    for (index, name) in ["bare loop", "host", "host, cold cache"].iter().enumerate() {
        let x = 20.0 + 110.0 * index as f64;
        let colour = COLOURS[index];
        add(
            &mut text,
            format_args!(
                r#"<rect x="{x}" y="262" width="10" height="10" fill="{colour}"/><text x="{}" y="271">{name}</text>"#,
                x + 15.0
            ),
        );
    }
    text.push_str("</svg>\n");
    text
}

fn panels(results: &Results) -> Vec<Panel> {
    let pair = |name, figure: Option<Compared>| {
        figure.map(|figure| (name, vec![figure.bare, figure.host]))
    };
    let thousand = |figure: Option<Compared>| {
        figure.map(|figure| Compared {
            bare: figure.bare / 1e3,
            host: figure.host / 1e3,
            ..figure
        })
    };
    let of = |title, groups: Vec<Option<(&'static str, Vec<f64>)>>| {
        let groups: Vec<_> = groups.into_iter().flatten().collect();
        (!groups.is_empty()).then_some(Panel { title, groups })
    };
    let throughput = of(
        "thousand records",
        vec![
            pair(
                "per CPU-second",
                thousand(results.throughput(|run| run.per_cpu_second)),
            ),
            pair(
                "per second",
                thousand(results.throughput(|run| run.per_second)),
            ),
        ],
    );
    let latency = of(
        "end to end at 2,000/s, ms",
        vec![
            pair("p50", results.latency(|latency| latency.p50)),
            pair("p99", results.latency(|latency| latency.p99)),
            pair("p99.9", results.latency(|latency| latency.p999)),
        ],
    );
    let startup = of(
        "start to assignment, ten plugins, ms",
        vec![results.startup().map(|figures| ("", figures.to_vec()))],
    );
    [throughput, latency, startup]
        .into_iter()
        .flatten()
        .collect()
}

fn draw(text: &mut String, panel: &Panel, left: f64) {
    let most = panel
        .groups
        .iter()
        .flat_map(|(_, bars)| bars)
        .copied()
        .fold(0.0, f64::max);
    let slot = (PANEL - 40.0) / panel.groups.len() as f64;
    add(
        text,
        format_args!(
            r##"<text x="{}" y="28" font-weight="600">{}</text><path d="M{} {BASE}h{}" stroke="#d0d7de"/>"##,
            left + 20.0,
            panel.title,
            left + 20.0,
            PANEL - 40.0
        ),
    );
    for (index, (name, bars)) in panel.groups.iter().enumerate() {
        let middle = left + 20.0 + slot * (index as f64 + 0.5);
        let width = (slot * 0.8 / bars.len() as f64).min(46.0);
        let start = middle - width * bars.len() as f64 / 2.0;
        add(
            text,
            format_args!(r#"<text x="{middle}" y="238" text-anchor="middle">{name}</text>"#),
        );
        for (bar, value) in bars.iter().enumerate() {
            let height = if most > 0.0 { BARS * value / most } else { 0.0 };
            let x = start + width * bar as f64;
            let top = BASE - height;
            let shown = if *value < 100.0 {
                format!("{value:.1}")
            } else {
                format!("{value:.0}")
            };
            add(
                text,
                format_args!(
                    r#"<rect x="{:.1}" y="{top:.1}" width="{:.1}" height="{height:.1}" fill="{}"/><text x="{:.1}" y="{:.1}" text-anchor="middle" font-size="11">{shown}</text>"#,
                    x + 1.0,
                    width - 2.0,
                    COLOURS[bar % COLOURS.len()],
                    x + width / 2.0,
                    top - 5.0,
                ),
            );
        }
    }
}

/// Writing to a string never fails.
fn add(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Amount;
    use crate::startup::Startups;

    #[test]
    fn the_tallest_bar_has_the_full_height_and_others_their_share() {
        let startup = Startups {
            bare: vec![100.0],
            warm: vec![200.0],
            cold: vec![400.0],
        };
        let plot = svg(&Results {
            startup: Some(startup),
            ..Results::none(Amount::quick())
        });
        for height in ["37.5", "75.0", "150.0"] {
            assert!(plot.contains(&format!(r#"height="{height}""#)), "{plot}");
        }
        assert!(plot.starts_with("<svg") && plot.ends_with("</svg>\n"));
    }
}
