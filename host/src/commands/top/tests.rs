//! Frames of a fake host, and what keys do to them.

use std::time::{Duration, Instant};

use penstock_core::status::{PartitionStatus, Status};

use super::frame::{Line, Look, draw};
use super::model::{Key, Model, Over};
use super::sample::{Answered, Sample};
use super::table::Row;
use super::views::View;
use crate::admin::fake;

fn answered(host: &str, status: Result<Status, String>) -> Answered {
    Answered {
        host: host.to_owned(),
        url: format!("http://{host}:9644"),
        status,
    }
}

/// The fake host, and two seconds later, and another that gives no status.
fn model() -> Model {
    let mut model = Model::new("group purchase-worker");
    let at = Instant::now();
    let before = fake::status();
    let mut now = before.clone();
    now.handlers[0].ledger.begun += 250;
    now.handlers[0].ledger.emitted += 240;
    now.handlers[0].ledger.skipped += 10;
    now.partitions[0].position += 250;
    let silent = || answered("worker-2", Err("nothing listens there".to_owned()));
    for (later, status) in [(0, before), (2, now)] {
        model.take(Sample {
            at: at + Duration::from_secs(later),
            hosts: Ok(vec![answered("worker-1", Ok(status)), silent()]),
        });
    }
    model
}

fn text(lines: &[Line]) -> String {
    let line = |Line(parts): &Line| -> String {
        let text: String = parts.iter().map(|(_, text)| text.as_str()).collect();
        text.trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

fn frame(model: &Model) -> String {
    let lines = draw(model, 80, 14);
    assert_eq!(lines.len(), 14);
    for Line(parts) in &lines {
        let columns: usize = parts.iter().map(|(_, part)| super::text::width(part)).sum();
        assert_eq!(columns, 80, "{parts:?}");
    }
    text(&lines)
}

fn press(model: &mut Model, keys: &str) {
    for key in keys.chars() {
        assert!(!model.press(Key::Char(key)), "{key} ended it");
    }
}

#[test]
fn each_view_fits_eighty_columns() {
    let mut model = model();
    let mut frames = String::new();
    for keys in ["1", "2", "3", "4"] {
        press(&mut model, keys);
        frames += &frame(&model);
        frames += &"=".repeat(80);
        frames += "\n";
    }
    assert_eq!(frames, include_str!("top.golden"), "\n{frames}");
}

#[test]
fn a_finding_is_told_in_detail_and_left_again() {
    let mut model = model();
    press(&mut model, "4j");
    assert!(!model.press(Key::Enter));
    let told = frame(&model);
    for part in [
        "PSK-D018 purchase-confirmed[0]",
        "3 records wait in purchase-confirmed[0], whose host has fetched none of them",
        "committed 42, log 0 to 45",
        "- restart host worker-1",
        "see docs/codes/PSK-D018.md",
        "esc: back",
    ] {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
    assert!(!model.press(Key::Escape));
    assert_eq!(model.over, Over::Nothing);
    assert!(frame(&model).contains("PSK-O002"));
}

#[test]
fn what_is_parked_is_told_with_its_record() {
    let mut model = model();
    assert!(!model.press(Key::Enter));
    let told = frame(&model);
    for part in [
        "2 keys parked (3 records), 420 bytes; the other keys go on",
        "record 42 has been tried by purchase-to-access for 1m05s",
        "PSK-H001",
    ] {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
}

#[test]
fn a_host_that_gives_no_status_is_a_finding_and_its_lag_is_unknown() {
    let mut model = Model::new("group g");
    model.take(Sample {
        at: Instant::now(),
        hosts: Ok(vec![answered("w", Err("it asks for a token".to_owned()))]),
    });
    let shown = frame(&model);
    assert!(shown.contains("  lag unknown  "), "{shown}");
    assert!(shown.contains("findings (1)"), "{shown}");
    press(&mut model, "4");
    let shown = frame(&model);
    assert!(shown.contains("it asks for a token"), "{shown}");
    assert!(!shown.contains("nothing is wrong"), "{shown}");
}

#[test]
fn rows_are_sorted_filtered_and_walked() {
    let mut model = model();
    let first = |model: &Model| model.table().rows[0].cells[1].text.clone();
    assert_eq!(first(&model), "0");
    // By topic, partition, host, and then the lag, which is known of one only.
    press(&mut model, "sss");
    assert!(frame(&model).contains("LAG▾"));
    assert_eq!(first(&model), "0");
    press(&mut model, "sss");
    assert!(frame(&model).contains("OLDEST▾"));
    assert_eq!(first(&model), "2");

    press(&mut model, "jjj");
    assert_eq!(model.cursor(), 1);
    press(&mut model, "/output");
    assert!(frame(&model).contains("/output▏"));
    assert_eq!((model.table().rows.len(), model.cursor()), (1, 0));
    // What is typed is no command.
    press(&mut model, "q");
    assert!(model.table().rows.is_empty());
    assert!(frame(&model).contains("no row contains that"));
    assert!(!model.press(Key::Escape));
    assert_eq!(model.table().rows.len(), 2);
    assert!(model.press(Key::Char('q')));
    assert!(model.press(Key::Interrupt));
}

/// Hosts answer in any order, and each has its partitions in any order.
#[test]
fn rows_alike_stand_by_topic_and_partition_whoever_has_them() {
    let mut model = Model::new("group g");
    let has = |host: &str, partitions: &[(&str, i32)]| {
        let mut status = fake::status();
        let one = status.partitions.remove(0);
        let of = |&(topic, partition): &(&str, i32)| PartitionStatus {
            topic: topic.to_owned(),
            partition,
            ..one.clone()
        };
        status.partitions = partitions.iter().map(of).collect();
        answered(host, Ok(status))
    };
    let one = has("w-1", &[("b", 1), ("a", 10), ("a", 0)]);
    let two = has("w-2", &[("b", 0), ("a", 2)]);
    let rows = |model: &Model, cells: usize| -> Vec<String> {
        let of = |row: &Row| {
            row.cells[..cells]
                .iter()
                .map(|of| of.text.clone())
                .collect()
        };
        let rows: Vec<Vec<String>> = model.table().rows.iter().map(of).collect();
        rows.into_iter().map(|cells| cells.join(" ")).collect()
    };
    for hosts in [vec![one.clone(), two.clone()], vec![two, one]] {
        model.take(Sample {
            at: Instant::now(),
            hosts: Ok(hosts),
        });
        // By topic, and then by lag, of which all have the same.
        for keys in ["1", "sss"] {
            press(&mut model, keys);
            assert_eq!(rows(&model, 2), ["a 0", "a 2", "a 10", "b 0", "b 1"]);
        }
        press(&mut model, "sssss");
        press(&mut model, "3s");
        assert_eq!(rows(&model, 1), ["w-1", "w-2"]);
        press(&mut model, "ssssss");
    }
}

#[test]
fn the_chosen_row_is_on_the_screen_however_small_that_is() {
    let mut model = model();
    press(&mut model, "4j");
    for rows in 0..8 {
        let lines = draw(&model, 20, rows);
        assert_eq!(lines.len(), rows);
        let is_chosen =
            |(look, text): &(Look, String)| *look == Look::Chosen && text.starts_with("PSK-");
        let chosen = lines
            .iter()
            .filter(|Line(parts)| parts.iter().any(is_chosen));
        assert_eq!(chosen.count(), usize::from(rows >= 6), "{rows} rows");
    }
}

#[test]
fn tabs_go_round_and_any_key_leaves_the_help() {
    let mut model = model();
    for view in [
        View::Handlers,
        View::Hosts,
        View::Findings,
        View::Partitions,
    ] {
        assert!(!model.press(Key::Tab));
        assert_eq!(model.view, view);
    }
    assert!(!model.press(Key::BackTab));
    assert_eq!(model.view, View::Findings);
    press(&mut model, "?");
    // Keys stand in a column of their own.
    assert!(frame(&model).contains("\ns           sort by the next column"));
    press(&mut model, "j");
    assert_eq!(model.over, Over::Nothing);
}

#[test]
fn a_cluster_that_went_away_is_said_and_what_was_known_stays() {
    let mut model = Model::new("group g");
    assert!(frame(&model).contains("group g: asking …"));
    model.take(Sample {
        at: Instant::now(),
        hosts: Ok(vec![answered("worker-1", Ok(fake::status()))]),
    });
    model.take(Sample {
        at: Instant::now(),
        hosts: Err("no broker answers: refused".to_owned()),
    });
    let shown = frame(&model);
    assert!(shown.starts_with("no broker answers: refused\n"), "{shown}");
    assert!(shown.contains("purchase-confirmed"), "{shown}");
}

#[test]
fn what_a_host_says_commands_no_terminal() {
    let mut model = Model::new("group g");
    let mut status = fake::status();
    status.conditions[0].text = "\u{1b}[2J\ngone".to_owned();
    model.take(Sample {
        at: Instant::now(),
        hosts: Ok(vec![answered("\u{9b}1m", Ok(status))]),
    });
    for keys in ["1", "3", "4"] {
        press(&mut model, keys);
        for line in draw(&model, 200, 20) {
            let bad = line
                .0
                .iter()
                .any(|(_, text)| text.contains(char::is_control));
            assert!(!bad, "{line:?}");
        }
        assert!(!model.press(Key::Enter));
        let bad = |line: &Line| {
            line.0
                .iter()
                .any(|(_, text)| text.contains(char::is_control))
        };
        assert!(!draw(&model, 200, 20).iter().any(bad));
    }
}
