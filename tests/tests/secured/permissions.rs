//! Missing permissions: of the doctor, of the tools and of the host, each with the principal, the
//! resource and the command that mends it.

use anyhow::{Result, ensure};
use penstock_tests::acls::Operation::{Describe, Read, Write};
use penstock_tests::acls::Resource::{Group, Topic};
use penstock_tests::{Host, HostConfig, eventually, plugin, unique};
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

use crate::support::{Cluster, Door, SOON};

const PURCHASE: &str = r#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":1,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}"#;

/// A user of the login listener who may do what its name says.
fn door(user: &str) -> Door {
    Door::scram(Cluster::shared(), "SCRAM-SHA-256", user)
}

fn topics(name: &str) -> Result<(String, String, String)> {
    let group = unique(name);
    let (input, output) = (format!("{group}.in"), format!("{group}.out"));
    Cluster::shared().client().create_topic(&input, 1, &[])?;
    Cluster::shared().client().create_topic(&output, 1, &[])?;
    Ok((group, input, output))
}

fn config(door: &Door, group: &str, input: &str, output: &str) -> Result<HostConfig> {
    let plugin = plugin("purchase-to-access")?;
    Ok(door
        .host(group, "h1")
        .handler("access", &plugin, &[("access-granted", output)])
        .topic(input, &["access"], "earliest", None))
}

/// Waits until the host says all of this, in its log and in `/status`, as one condition.
fn says(host: &mut Host, code: &str, words: &[&str]) -> Result<()> {
    eventually("the condition", SOON, || {
        let status = host.status()?;
        let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
        let is_meant = |of: &Value| {
            let text = of.to_string();
            of["code"] == code && words.iter().all(|part| text.contains(part))
        };
        ensure!(conditions.iter().any(is_meant), "{conditions:#?}");
        Ok(())
    });
    for part in words {
        host.wait_for_log(part, SOON)?;
    }
    Ok(())
}

#[test]
fn the_doctor_says_what_it_may_not_see_and_raises_no_other_alarm() -> Result<()> {
    let (group, input, _) = topics("flow-hidden")?;
    // Somebody is in the group, so that there is something to be seen.
    let worker = config(&door("app-scram"), &group, &input, &format!("{group}.out"))?;
    let mut host = Host::start(&worker)?;
    host.ready(SOON)?;
    let permits = |user: &str, resources: &str| {
        let address = door(user).bootstrap;
        format!(
            "kafka-acls.sh --bootstrap-server {address} --command-config ADMIN.properties --add \
             --allow-principal User:{user} --operation Describe {resources}"
        )
    };
    for (user, resources) in [
        ("poor", format!("--group {group} --topic {input}")),
        ("no-group", format!("--group {group}")),
        ("no-topic", format!("--topic {input}")),
    ] {
        let seen = door(user).doctor(&group, &["--topic", &input])?;
        let principal = format!("does not let User:{user} see");
        seen.only("PSK-D013", &[&principal, &permits(user, &resources)]);
        let stages = seen.said["stages"].to_string();
        assert!(!stages.contains("no such group"), "{stages}");
    }
    host.stop()
}

#[test]
fn the_host_names_the_topic_it_may_not_read() -> Result<()> {
    let (group, input, output) = topics("flow-topic")?;
    let mut host = Host::start(&config(&door("no-topic"), &group, &input, &output)?)?;
    let lacks = format!("User:no-topic lacks Read on topic {input}");
    let cure = format!(
        "--command-config ADMIN.properties --add --allow-principal User:no-topic --operation Read --topic {input}"
    );
    says(&mut host, "PSK-K003", &[&input, &lacks, &cure])?;
    host.stop()
}

/// What may not be read has an error at its offset, which is not to be taken for a record: a
/// rebalance has all partitions fetched on from where the client believes to be.
#[test]
fn what_could_not_be_read_for_a_while_is_read_though_another_host_joined_meanwhile() -> Result<()> {
    let (group, input, output) = topics("flow-later")?;
    let client = Cluster::shared().client();
    let user = "User:no-topic";
    let read = (user, Read, Topic, input.as_str());
    client.permit(&[
        read,
        (user, Describe, Topic, &input),
        (user, Write, Topic, &output),
    ])?;
    let mut first = Host::start(&config(&door("no-topic"), &group, &input, &output)?)?;
    first.ready(SOON)?;
    client.withdraw(read)?;
    let record = penstock_tests::Outgoing::to(&input)
        .key("u7")
        .value(PURCHASE);
    let records = vec![record; 3];
    client.produce(&records)?;
    let lacks = format!("User:no-topic lacks Read on topic {input}");
    says(&mut first, "PSK-K003", &[&lacks])?;
    let second = config(&door("no-topic"), &group, &input, &output)?.set(&["host", "id"], "h2");
    let mut second = Host::start(&second)?;
    second.ready(SOON)?;
    first.ready(SOON)?;

    client.permit(&[read])?;
    eventually("all is committed", SOON, || {
        client.caught_up(&group, &input)
    });
    assert_eq!(client.read_all(&output)?.len(), records.len());
    second.stop()?;
    first.stop()
}

#[test]
fn the_host_names_the_group_it_may_not_join_and_goes_on_once_it_may() -> Result<()> {
    let (group, input, output) = topics("flow-group")?;
    let mut host = Host::start(&config(&door("no-group"), &group, &input, &output)?)?;
    let lacks = format!("User:no-group lacks Read on group {group}");
    let cure = format!(
        "--command-config ADMIN.properties --add --allow-principal User:no-group --operation Read --group {group}"
    );
    says(&mut host, "PSK-K003", &[&lacks, &cure])?;

    let cluster = Cluster::shared();
    cluster
        .client()
        .permit(&[("User:no-group", Read, Group, &group)])?;
    host.ready(SOON)?;
    eventually("the condition is over", SOON, || {
        let conditions = host.status()?["conditions"].to_string();
        ensure!(!conditions.contains("PSK-K003"), "{conditions}");
        Ok(())
    });
    host.stop()
}

#[test]
fn the_host_names_the_output_it_may_not_write() -> Result<()> {
    let (group, input, _) = topics("flow-output")?;
    let closed = unique("closed");
    Cluster::shared().client().create_topic(&closed, 1, &[])?;
    let mut host = Host::start(&config(&door("app-scram"), &group, &input, &closed)?)?;
    host.ready(SOON)?;
    let record = penstock_tests::Outgoing::to(&input).value(PURCHASE);
    Cluster::shared().client().produce(&[record])?;
    let cure = format!(
        "--command-config ADMIN.properties --add --allow-principal User:app-scram --operation Write --topic {closed}"
    );
    host.wait_for_log(&cure, SOON)?;
    eventually("the partition waits for the output", SOON, || {
        let status = host.status()?.to_string();
        ensure!(
            status.contains("PSK-O002") && status.contains(&cure),
            "{status}"
        );
        Ok(())
    });
    Ok(())
}

#[test]
fn a_host_that_may_write_nowhere_ends_and_says_what_it_needs() -> Result<()> {
    let (group, input, output) = topics("flow-nowhere")?;
    let mut host = Host::start(&config(&door("poor"), &group, &input, &output)?)?;
    host.wait_for_log("User:poor lacks IdempotentWrite on cluster", SOON)?;
    let status = host.wait_exit(SOON)?;
    ensure!(status.code() == Some(1), "{status}");
    Ok(())
}

#[test]
fn the_host_says_who_is_not_let_in() -> Result<()> {
    let (group, input, output) = topics("flow-login")?;
    let wrong = door("app-scram").with("sasl.password", "wrong");
    let mut host = Host::start(&config(&wrong, &group, &input, &output)?)?;
    let words = ["User:app-scram is not let in by SCRAM-SHA-256"];
    says(&mut host, "PSK-K003", &words)?;

    let cluster = Cluster::shared();
    let other = cluster.file("other-ca.pem").display().to_string();
    let distrusting = door("app-scram").with("ssl.ca.location", &other);
    let mut host = Host::start(&config(&distrusting, &group, &input, &output)?)?;
    says(
        &mut host,
        "PSK-K003",
        &["ssl.ca.location", "penstock doctor"],
    )
}

#[test]
fn a_tool_names_what_it_may_not_do() -> Result<()> {
    let (_, input, _) = topics("flow-tool")?;
    for (command, args, operation) in [
        ("emit", vec![input.as_str(), "x"], "Write"),
        ("peek", vec![input.as_str()], "Read"),
    ] {
        let output = door("poor").tool(command, &args)?.output()?;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let text = String::from_utf8_lossy(&output.stderr);
        let cure = format!(
            "--command-config ADMIN.properties --add --allow-principal User:poor --operation {operation} --topic {input}"
        );
        assert!(text.contains(&cure), "{text}");
    }
    Ok(())
}

/// Brokers leave out of a list what may not be seen: that must not look like a transaction which
/// nobody knows, and which would have to be ended by hand.
#[test]
fn a_transaction_that_may_not_be_seen_is_not_taken_for_a_lost_one() -> Result<()> {
    let (group, input, output) = topics("flow-held")?;
    let mut host = Host::start(&config(&door("app-scram"), &group, &input, &output)?)?;
    host.ready(SOON)?;
    let cluster = Cluster::shared();
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", cluster.client().bootstrap())
        .set("transactional.id", &group)
        .create()?;
    producer.init_transactions(SOON)?;
    producer.begin_transaction()?;
    let record = BaseRecord::<str, str>::to(&input).payload("held");
    producer.send(record).map_err(|(error, _)| error)?;
    producer.flush(SOON)?;

    let look = |user: &str| door(user).doctor(&group, &["--topic", &input]);
    // For the first ten seconds it is usual.
    let seen = eventually("the transaction is found", SOON, || {
        let seen = look("reader")?;
        ensure!(!seen.codes().is_empty(), "not yet");
        Ok(seen)
    });
    let hidden = "TRANSACTIONAL_ID_AUTHORIZATION_FAILED";
    let text = seen.only("PSK-D010", &[hidden, "kafka-transactions.sh"]);
    ensure!(!text.contains(" abort --topic"), "{text}");
    let notes = seen.said["notes"].to_string();
    let permits = "--command-config ADMIN.properties --add --allow-principal User:reader --operation Describe --transactional-id '*'";
    ensure!(notes.contains(permits), "{notes}");
    // Who may not even read the topic is told so, and nothing is made up.
    let seen = look("looker")?;
    let notes = seen.said["notes"].to_string();
    let permits = format!(
        "--command-config ADMIN.properties --add --allow-principal User:looker --operation Read --topic {input}"
    );
    ensure!(notes.contains(&permits), "{:#}", seen.said);
    ensure!(seen.codes().is_empty(), "{:#}", seen.said);
    producer.commit_transaction(SOON)?;
    host.stop()
}
