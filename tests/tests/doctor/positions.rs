//! Groups that stand outside of the log, or that nobody is in.

use anyhow::Result;

use crate::support::{Doctor, Pace, SOON, Scene};

#[test]
fn records_that_were_deleted_unread_are_missed() -> Result<()> {
    let scene = Scene::new("deleted", 1)?;
    scene.send(0, 9)?;
    scene.client.commit(&scene.group, &scene.topic, 0, 2)?;
    scene.client.delete_records(&scene.topic, 0, 5)?;
    let seen = scene.doctor().examine()?;
    assert_eq!(seen.codes(), ["PSK-D007", "PSK-D002"]);
    let text = seen.said["findings"][1].to_string();
    assert!(text.contains("up to 3 records were deleted"), "{text}");
    assert!(
        text.contains("committed 2, log 5 to 9, 4 waiting, no owner"),
        "{text}"
    );
    Ok(())
}

#[test]
fn a_commit_behind_the_end_is_found() -> Result<()> {
    let scene = Scene::new("beyond", 1)?;
    scene.send(0, 9)?;
    scene.client.commit(&scene.group, &scene.topic, 0, 9)?;
    scene.client.delete_topic(&scene.topic)?;
    scene.client.create_topic(&scene.topic, 1, &[])?;
    scene.send(0, 1)?;
    // Its commits went with it; a consumer that did not notice commits as before.
    scene.client.commit(&scene.group, &scene.topic, 0, 9)?;
    let seen = scene.doctor().examine()?;
    let text = seen.only("PSK-D002").to_string();
    assert!(text.contains("committed 9, log 0 to 1"), "{text}");
    Ok(())
}

#[test]
fn a_member_that_was_thrown_out_leaves_an_empty_group() -> Result<()> {
    let scene = Scene::new("thrown-out", 1)?;
    scene.send(0, 5)?;
    let settings = [("max.poll.interval.ms", "6000")];
    let worker = scene.worker(Pace::HangsAfter(2), &settings)?;
    worker.await_handled(2);
    penstock_tests::eventually("it has left the group", SOON, || {
        anyhow::ensure!(
            scene.client.classic_members(&scene.group)?.is_empty(),
            "not yet"
        );
        Ok(())
    });
    let seen = scene.doctor().examine()?;
    let text = seen.only("PSK-D007").to_string();
    assert!(
        text.contains("3 records wait, and nobody is in the group"),
        "{text}"
    );
    assert!(text.contains("max.poll.interval.ms"), "{text}");
    Ok(())
}

#[test]
fn a_group_that_is_not_there_is_compared_with_those_that_are() -> Result<()> {
    let scene = Scene::new("there", 1)?;
    let _worker = scene.worker(Pace::Quick, &[])?;
    scene.settled(1);
    let wrong = format!("{}x", scene.group);
    let seen = Doctor::of(scene.client.bootstrap(), &wrong).examine()?;
    let finding = seen.only("PSK-D006");
    let evidence = finding["evidence"].to_string();
    assert!(evidence.contains(&scene.group), "{evidence}");
    Ok(())
}
