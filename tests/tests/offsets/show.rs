//! `penstock offsets show`.

use anyhow::Result;

use crate::support::{Pace, Scene};
use crate::tool::offsets;

#[test]
fn what_is_committed_and_what_is_not_known_are_told_apart() -> Result<()> {
    let scene = Scene::new("shown", 3)?;
    scene.send(0, 10)?;
    scene.send(1, 4)?;
    scene.client.commit(&scene.group, &scene.topic, 0, 7)?;
    scene.client.commit(&scene.group, &scene.topic, 2, 0)?;
    let shown = offsets(&scene, "show", &["--json"])?.json();
    let partitions = shown["partitions"].as_array().expect("a list");
    let of = |key: &str| -> Vec<_> { partitions.iter().map(|of| of[key].clone()).collect() };
    assert_eq!(
        of("committed"),
        [7.into(), serde_json::Value::Null, 0.into()]
    );
    assert_eq!(of("commit-state"), ["committed", "none", "committed"]);
    assert_eq!(of("end"), [10, 4, 0]);
    let last: Vec<bool> = of("last-commit").iter().map(|of| of.is_string()).collect();
    assert_eq!(last, [true, false, true], "{shown:#}");
    assert_eq!(of("lag"), [3.into(), serde_json::Value::Null, 0.into()]);
    assert_eq!(shown["totals"]["lag"], 3);
    assert_eq!(shown["totals"]["lag-unknown"], 1);
    let table = offsets(&scene, "show", &[])?;
    table.said(
        0,
        &[
            "1 none 0 4 unknown none nobody",
            "3 partitions, lag 3 in 2, unknown in 1",
        ],
    );
    assert!(table.out.lines().all(|line| line.chars().count() <= 80));
    Ok(())
}

#[test]
fn owners_are_named_by_client_and_host() -> Result<()> {
    for protocol in ["classic", "consumer"] {
        let scene = Scene::new("owned", 1)?;
        let settings = [("client.id", "audit-7"), ("group.protocol", protocol)];
        let _worker = scene.worker(Pace::Quick, &settings)?;
        scene.send(0, 1)?;
        scene.settled(1);
        scene.caught_up();
        let shown = offsets(&scene, "show", &["--json"])?.json();
        assert_eq!(shown["state"], "Stable");
        assert_eq!(shown["members"][0]["client"], "audit-7");
        assert_eq!(shown["partitions"][0]["owner"]["client"], "audit-7");
        assert_eq!(shown["partitions"][0]["owner"]["host"], "127.0.0.1");
        offsets(&scene, "show", &[])?.said(0, &["Stable, 1 member", "audit-7 on 127.0.0.1"]);
    }
    Ok(())
}

#[test]
fn a_group_that_is_not_there_is_no_empty_table() -> Result<()> {
    let scene = Scene::new("nowhere", 1)?;
    offsets(&scene, "show", &[])?.said(1, &["there is no group"]);
    offsets(&scene, "show", &["--topic", "no-such-topic"])?.said(1, &["no topic no-such-topic"]);
    Ok(())
}
