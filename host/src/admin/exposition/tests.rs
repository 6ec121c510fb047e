//! What is written, and how.

use super::super::View;
use super::super::fake::Fake;
use super::*;

fn scrape() -> String {
    let fake = Fake {
        ready: Ok(()),
        live: true,
    };
    let usage = Usage {
        resident_bytes: Some(52_428_800),
        cpu_seconds: 1.5,
    };
    text(fake.metrics(), usage).expect("it is written")
}

#[test]
fn a_scrape_is_as_the_golden_file_has_it() {
    assert_eq!(scrape(), include_str!("../exposition.golden"));
}

#[test]
fn the_ledger_balances_within_one_scrape() {
    let sum = |name: &str| -> u64 {
        scrape()
            .lines()
            .filter(|line| line.starts_with(&format!("{name}{{")))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
            .sum()
    };
    let begun = sum("penstock_deliveries_begun_total");
    assert!(begun > 0);
    let ended = sum("penstock_deliveries_total");
    assert_eq!(begun, ended + sum("penstock_deliveries_open"));
}

#[test]
fn labels_are_escaped() {
    let fake = Fake {
        ready: Ok(()),
        live: true,
    };
    let mut metrics = fake.metrics();
    metrics.status.conditions[0].subject = "a\"b\\c\nd".to_owned();
    let text = text(metrics, super::super::process::usage()).expect("it is written");
    assert!(text.contains(r#"subject="a\"b\\c\nd"} 1"#), "{text}");
}
