//! Members that are gone and seem to be there, or are there and are no members.

use anyhow::Result;
use penstock_tests::{Outgoing, Producer};
use serde_json::json;

use crate::support::{Case, Named, SOON};

#[test]
fn kafkajs_whose_handler_hangs_is_out_of_the_group_and_lives() -> Result<()> {
    let case = Case::new("kafkajs-hangs", 1)?;
    case.send(0, 5)?;
    let options = json!({"mode": "hang", "after": 2, "sessionTimeout": 3000});
    let mut worker = case.kafkajs(&options)?;
    worker.wait_for_log("hang at", SOON)?;
    case.deserted();
    let row = Named {
        row: "22",
        how: "KafkaJS, a handler that never returns, after its session",
    };
    let parts = [
        "3 records wait, and nobody is in the group",
        "KafkaJS whose handler hangs",
    ];
    row.first(&case.doctor().examine()?, "PSK-D007", &parts);
    assert!(worker.ended()?.is_none(), "{}", worker.log_tail());
    Ok(())
}

#[test]
fn kafkajs_that_lacks_a_compression_leaves_without_a_word() -> Result<()> {
    for codec in ["zstd", "snappy"] {
        let case = Case::new(codec, 1)?;
        case.send(0, 2)?;
        let mut worker = case.kafkajs(&json!({}))?;
        case.committed(0, 2);
        let settings = [("compression.type", codec)];
        let producer = Producer::with_settings(case.client.bootstrap(), &settings)?;
        let value = "compressible ".repeat(50);
        producer.send(&Outgoing::to(&case.topic).partition(0).value(value))?;
        producer.flush()?;
        worker.wait_for_log("crashed", SOON)?;
        case.deserted();
        let row = Named {
            row: "27",
            how: "KafkaJS, a batch whose compression (zstd, snappy) it lacks",
        };
        let parts = [
            "1 record waits, and nobody is in the group",
            "1 record at 2 to 2",
            codec,
        ];
        row.first(&case.doctor().examine()?, "PSK-D007", &parts);
        assert!(worker.ended()?.is_none(), "{}", worker.log_tail());
    }
    Ok(())
}

#[test]
fn java_that_does_not_poll_is_out_of_the_group_and_lives() -> Result<()> {
    let case = Case::new("max-poll", 1)?;
    case.send(0, 5)?;
    let mut worker = case.java(&["hang=2", "max.poll.interval.ms=3000"])?;
    worker.wait_for_log("hangs at 2", SOON)?;
    case.deserted();
    let row = Named {
        row: "21",
        how: "Java, a handler that hangs for longer than `max.poll.interval.ms`",
    };
    let parts = [
        "3 records wait, and nobody is in the group",
        "max.poll.interval.ms",
    ];
    row.first(&case.doctor().examine()?, "PSK-D007", &parts);
    assert!(worker.ended()?.is_none(), "{}", worker.log_tail());
    Ok(())
}

#[test]
fn kafkajs_that_was_killed_is_a_member_until_its_session_ends() -> Result<()> {
    let case = Case::new("ghost", 1)?;
    case.send(0, 2)?;
    let mut worker = case.kafkajs(&json!({"clientId": "ghost-worker"}))?;
    case.committed(0, 2);
    worker.kill()?;
    case.send(0, 3)?;
    let row = Named {
        row: "19",
        how: "KafkaJS, killed, within its session of 30 s",
    };
    let parts = [
        "3 records wait",
        "owner ghost-worker on 127.0.0.1",
        "its process is gone",
    ];
    row.first(&case.doctor().examine()?, "PSK-D008", &parts);
    case.deserted();
    let row = Named {
        row: "19",
        how: "the same, after its session",
    };
    row.first(&case.doctor().examine()?, "PSK-D007", &["3 records wait"]);
    Ok(())
}

#[test]
fn a_static_member_of_java_that_was_killed_is_named() -> Result<()> {
    let case = Case::new("static", 1)?;
    case.send(0, 2)?;
    let mut worker = case.java(&["group.instance.id=worker-a"])?;
    case.committed(0, 2);
    worker.kill()?;
    case.send(0, 3)?;
    let row = Named {
        row: "19",
        how: "Java, a static member, killed, within its session of 45 s",
    };
    let parts = [
        "3 records wait",
        "the static member worker-a",
        "its process is gone",
    ];
    row.first(&case.doctor().examine()?, "PSK-D008", &parts);
    Ok(())
}
