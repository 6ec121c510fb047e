//! Where all is well, it says so; where nobody answers, that.

use anyhow::Result;
use penstock_tests::Outgoing;

use crate::world::World;

#[test]
fn all_is_well_and_the_cost_of_the_start_is_told() -> Result<()> {
    let world = World::new("fine")?;
    let records = vec![Outgoing::to(&world.input).partition(0).value("ok").key("k"); 7];
    world.client.produce(&records)?;
    let before = world.client.committed(&world.group, &world.input)?;
    world.check(&[])?.said(
        0,
        &[
            "ok: nothing is found that speaks against it",
            "(2 partitions, input)",
            "the brokers have no authoriser",
            "does not exist yet: the first host makes it",
            "this machine's clock agrees with the controller's",
            "begins at the earliest record: nothing is committed yet",
        ],
    );
    let said = world.check(&["--json"])?.json();
    let [topic] = said["broker"]["at-start"]
        .as_array()
        .expect("a list")
        .as_slice()
    else {
        panic!("{said:#}");
    };
    assert_eq!(topic["records"], 7);
    assert_eq!(topic["again"], 0);
    let bytes = topic["bytes"].as_i64().expect("they are known");
    assert!((7 * 5..7 * 200).contains(&bytes), "{bytes}");
    // It has only looked.
    assert_eq!(world.client.committed(&world.group, &world.input)?, before);
    assert_eq!(world.client.classic_members(&world.group)?, [""; 0]);
    Ok(())
}

#[test]
fn a_wrong_configuration_is_not_asked_about() -> Result<()> {
    let world = World::without_topics("wrong")?;
    let config = world.config()?.set(&["kafka", "gruop"], "x");
    let ended = world.check_of(&config, &[])?;
    ended.said(2, &["gruop"]);
    assert!(!ended.out.contains("cluster"), "{ended:#?}");
    let config = world.config()?.set(&["kafka", "bootstrap"], "127.0.0.1:1");
    world
        .check_of(&config, &[])?
        .said(3, &["no broker of 127.0.0.1:1 answers", "nothing listens"]);
    Ok(())
}
