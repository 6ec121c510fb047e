//! A broker with an authoriser, whose groups are of the classic protocol alone.

use anyhow::{Context, Result};
use penstock_tests::acls::Operation::{Describe, Read, Write};
use penstock_tests::acls::Resource::{Group, Topic, TransactionalId};
use penstock_tests::{Broker, BrokerOptions};

use crate::world::{Finding, World};

fn start() -> Result<Broker> {
    let settings = [
        (
            "authorizer.class.name",
            "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        ),
        // What nobody has a permission for is everybody's.
        ("allow.everyone.if.no.acl.found", "true"),
        ("group.coordinator.rebalance.protocols", "classic"),
        ("transaction.max.timeout.ms", "20000"),
    ];
    let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Broker::start(BrokerOptions {
        settings: settings.into(),
        ..BrokerOptions::default()
    })
}

fn find(findings: &[Finding], code: &str, subject: &str) -> Result<Finding> {
    let found = findings.iter().find(|of| of.is(code, subject)).cloned();
    found.with_context(|| format!("no {code} of {subject} in {findings:#?}"))
}

#[test]
fn what_the_broker_does_not_permit_or_offer_is_named_with_the_cure() -> Result<()> {
    let broker = start()?;
    let world = World::on(&broker, "acls")?.with_topics()?;
    world
        .check(&[])?
        .said(0, &["User:ANONYMOUS has every permission"]);

    let consumer = world.config()?.protocol("consumer");
    let off = world.only_of(&consumer, 1, ("PSK-B009", "problem", &world.group));
    off.says("kafka.protocol");

    let once = |timeout: &str| -> Result<_> {
        let config = world.config()?.set(&["kafka", "delivery"], "exactly-once");
        Ok(config.set(&["kafka", "transaction", "timeout"], timeout))
    };
    let id = format!("{}-a", world.group);
    let said = world.check_of(&once("20s")?, &[])?;
    said.said(0, &["exactly once, as", "transactions can be written as"]);
    let long = world.only_of(&once("21s")?, 1, ("PSK-B009", "problem", &id));
    long.says("the brokers allow 20");

    // A permission for one takes it from the others.
    let others = ("User:other", Write, TransactionalId, &*world.group);
    world.client.permit(&[others])?;
    let refused = world.only_of(&once("20s")?, 1, ("PSK-B003", "problem", &id));
    refused.says(&format!("--operation Write --transactional-id {id}"));
    world.client.permit(&[
        ("User:other", Read, Topic, &world.input),
        ("User:ANONYMOUS", Describe, Topic, &world.output),
        ("User:other", Read, Group, &world.group),
    ])?;
    let found = world.findings_of(&world.config()?, 1)?;
    let acl = |operations: &str, resource: &str| {
        format!("--add --allow-principal User:ANONYMOUS {operations} {resource}")
    };
    let input = find(&found, "PSK-B003", &world.input)?;
    input.says("may not read or describe the topic");
    let operations = "--operation Read --operation Describe";
    input.says(&acl(operations, &format!("--topic {}", world.input)));
    let output = find(&found, "PSK-B003", &world.output)?;
    output.says(&acl(
        "--operation Write",
        &format!("--topic {}", world.output),
    ));
    let group = find(&found, "PSK-B003", &world.group)?;
    group.says(&acl(
        "--operation Read",
        &format!("--group {}", world.group),
    ));
    assert!(find(&found, "PSK-B003", &world.dead).is_err());
    Ok(())
}
