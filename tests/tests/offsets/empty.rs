//! `penstock offsets reset` on a group without members, of any client.

use anyhow::Result;
use penstock_tests::Outgoing;

use crate::support::{Pace, Scene};
use crate::tool::{Ended, offsets};

/// 2026-01-01T10:00:00Z
const TEN: i64 = 1_767_261_600_000;

/// Two partitions of ten records, a minute apart from ten o'clock on; a client that has left
/// committed 6 in both.
fn left_behind(name: &str) -> Result<Scene> {
    let scene = Scene::new(name, 2)?;
    let records: Vec<_> = (0..20)
        .map(|number| {
            let minute = TEN + 60_000 * i64::from(number / 2);
            let record = Outgoing::to(&scene.topic).partition(number % 2);
            record.value("v").timestamp(minute)
        })
        .collect();
    scene.client.produce(&records)?;
    for partition in 0..2 {
        scene
            .client
            .commit(&scene.group, &scene.topic, partition, 6)?;
    }
    Ok(scene)
}

fn reset(scene: &Scene, to: &str, args: &[&str]) -> Result<Ended> {
    offsets(scene, "reset", &[&["--to", to], args].concat())
}

#[track_caller]
fn committed(scene: &Scene, expected: [i64; 2]) {
    let found = scene.client.committed(&scene.group, &scene.topic);
    let found = found.expect("the broker answers");
    assert_eq!(found.into_values().collect::<Vec<_>>(), expected.map(Some));
}

#[test]
fn every_target_is_reached_and_its_cost_is_told() -> Result<()> {
    let scene = left_behind("reset")?;
    for (to, expected, cost) in [
        ("earliest", [0, 0], "up to 12 records are processed again"),
        ("latest", [10, 10], "up to 20 records are skipped"),
        ("-3", [7, 7], "up to 6 records are processed again"),
        ("4", [4, 4], "up to 6 records are processed again"),
        (
            "2026-01-01T10:08:00Z",
            [8, 8],
            "up to 8 records are skipped",
        ),
        (
            "2030-01-01T00:00:00Z",
            [10, 10],
            "up to 4 records are skipped",
        ),
    ] {
        reset(&scene, to, &["--yes"])?.said(0, &[cost, "done, and read back"]);
        committed(&scene, expected);
    }
    reset(&scene, "latest", &["--yes"])?.said(0, &["nothing has to be changed"]);
    // What reads on begins there.
    reset(&scene, "-2", &["--yes"])?.ended(0);
    let worker = scene.worker(Pace::Quick, &[])?;
    worker.await_handled(4);
    scene.caught_up();
    Ok(())
}

#[test]
fn only_the_partition_that_is_named_is_moved() -> Result<()> {
    let scene = left_behind("one")?;
    let one = [
        "--topic",
        &scene.topic,
        "--partition",
        "1",
        "--yes",
        "--json",
    ];
    let done = reset(&scene, "earliest", &one)?.json();
    assert_eq!(done["done"], true);
    assert_eq!(done["changes"].as_array().map(Vec::len), Some(1));
    assert_eq!(done["changes"][0]["from"], 6);
    assert_eq!(done["changes"][0]["again"], 6);
    committed(&scene, [6, 0]);
    let none = ["--topic", &scene.topic, "--partition", "9", "--yes"];
    reset(&scene, "earliest", &none)?.said(1, &["no partition 9"]);
    reset(&scene, "earliest", &["--partition", "1", "--yes"])?.said(2, &["--topic"]);
    Ok(())
}

#[test]
fn a_target_outside_the_log_is_put_to_its_end_and_shown() -> Result<()> {
    let scene = left_behind("outside")?;
    let shown = reset(&scene, "99", &["--dry-run"])?;
    shown.said(0, &["6 10 0 4 99 lies outside the log", "only looked at"]);
    committed(&scene, [6, 6]);
    Ok(())
}

#[test]
fn nothing_is_changed_where_nobody_agrees() -> Result<()> {
    let scene = left_behind("asked")?;
    reset(&scene, "earliest", &[])?.said(2, &["nobody can be asked", "--yes"]);
    reset(&scene, "earliest", &["--dry-run"])?.said(0, &["nothing was changed"]);
    reset(&scene, "sometime", &["--yes"])?.said(2, &["earliest, latest"]);
    committed(&scene, [6, 6]);
    Ok(())
}

#[test]
fn a_group_without_offsets_gets_its_first_and_has_none_to_count_from() -> Result<()> {
    let scene = Scene::new("first", 2)?;
    scene.send(0, 5)?;
    let topic = ["--topic", &scene.topic, "--yes"];
    reset(&scene, "-1", &topic)?.said(1, &["no committed offset to count from"]);
    reset(&scene, "earliest", &["--yes"])?.said(2, &["--topic"]);
    reset(&scene, "latest", &topic)?.said(0, &["0 none 5 0 5", "done"]);
    committed(&scene, [5, 0]);
    Ok(())
}
