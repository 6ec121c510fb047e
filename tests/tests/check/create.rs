//! Missing topics are named, and created where that is wanted.

use anyhow::Result;

use crate::world::World;

#[test]
fn what_is_missing_is_named_and_created_as_its_input_is() -> Result<()> {
    let world = World::without_topics("create")?;
    world.client.create_topic(&world.input, 3, &[])?;
    let said = world.check(&[])?;
    said.said(
        1,
        &["PSK-B001", &world.output, &world.dead, "--broker --create"],
    );
    let before = world.client.partitions(&world.input)?;

    let shown = world.check(&["--create", "--dry-run"])?;
    shown.said(
        1,
        &[
            "NEW TOPIC",
            &format!("{} 3 default", world.output),
            "nothing was created",
        ],
    );
    world
        .check(&["--create"])?
        .said(2, &["nobody can be asked", "--yes"]);
    assert!(world.client.partitions(&world.output).is_err());

    let done = world.check(&["--create", "--yes"])?;
    done.said(0, &["created:", &world.output, &world.dead]);
    assert_eq!(world.client.partitions(&world.output)?.len(), 3);
    assert_eq!(world.client.partitions(&world.dead)?.len(), 3);
    assert_eq!(world.client.partitions(&world.input)?, before);
    // What is there stays as it is.
    let again = world.check(&["--create", "--yes", "--partitions", "9"])?;
    again.said(0, &["no topic is missing"]);
    assert_eq!(world.client.partitions(&world.output)?.len(), 3);
    Ok(())
}

/// A leader that does not know yet that it leads would be reported as a log that can't be seen.
#[test]
fn what_was_created_is_looked_at_when_it_is_there() -> Result<()> {
    let world = World::without_topics("there")?;
    let done = world.check(&["--create", "--yes", "--partitions", "64"])?;
    done.said(0, &["created:", &format!("{} 64 0 0 0 0", world.input)]);
    assert!(!done.out.contains("PSK-B012"), "{}", done.out);
    Ok(())
}

#[test]
fn how_many_can_be_said_and_what_is_refused_is_told() -> Result<()> {
    let world = World::without_topics("how-many")?;
    let refused = ["--create", "--yes", "--replication-factor", "3"];
    let said = world.check(&refused)?;
    said.said(
        1,
        &[
            "3 of 3 topics were not created",
            "INVALID_REPLICATION_FACTOR",
        ],
    );
    let numbers = [
        "--create",
        "--yes",
        "--partitions",
        "4",
        "--replication-factor",
        "1",
    ];
    world.check(&numbers)?.said(0, &["created:"]);
    for topic in [&world.input, &world.output, &world.dead] {
        assert_eq!(world.client.partitions(topic)?.len(), 4);
    }
    world
        .check(&["--create", "--yes", "--partitions", "0"])?
        .ended(2);
    Ok(())
}

#[test]
fn a_topic_that_sounds_like_it_is_offered() -> Result<()> {
    let world = World::new("names")?;
    let misspelt = format!("{}s", world.output);
    let config = world
        .config()?
        .set(&["handlers", "unruly", "outputs", "out"], misspelt.as_str());
    let found = world.only_of(&config, 1, ("PSK-B001", "problem", &misspelt));
    found.says(&format!("if {} is meant", world.output));
    found.says("handlers.unruly.outputs");
    Ok(())
}
