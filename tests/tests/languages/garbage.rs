//! A Go handler through a long life: a garbage collector that runs at the wrong time traps.

use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::{Host, Line, Outgoing, Producer, eventually};

use crate::project::{Project, succeeds};

const RECORDS: usize = 100_000;
const RECORD_BYTES: usize = 20_000;

#[test]
fn a_go_handler_lives_through_two_gigabytes() -> Result<()> {
    let project = Project::new("course-access", "go")?;
    succeeds(&mut project.penstock(&["plugin", "build"])?)?;
    let line = Line::new("garbage", 1)?;
    let config = line
        .bare("host", "classic")
        .handler(
            "course-access",
            &project.plugin(),
            &[("access-granted", &line.output)],
        )
        .topic(
            &line.input,
            &["course-access"],
            "earliest",
            Some(&line.dead),
        )
        .set(&["log", "records"], "sampled");
    send(&line)?;
    let mut host = Host::start(&config)?;
    host.ready(Duration::from_secs(300))?;
    eventually("all are handled", Duration::from_secs(300), || {
        line.is_caught_up()
    });
    let mut outputs = 0;
    line.client.read_each(&line.output, |_| outputs += 1)?;
    ensure!(outputs == RECORDS, "{outputs} outputs");
    // Each trap would cost a retry, which is an attempt more than there are records.
    let calls = format!(
        "penstock_handler_call_seconds_count{{topic=\"{}\",handler=\"course-access\"}} {RECORDS}",
        line.input
    );
    let metrics = host.metrics()?;
    ensure!(metrics.lines().any(|line| line == calls), "{metrics}");
    Ok(())
}

fn send(line: &Line) -> Result<()> {
    // Of one letter, it takes next to nothing on the way and on the disk.
    let producer =
        Producer::with_settings(line.client.bootstrap(), &[("compression.type", "zstd")])?;
    let padding = "x".repeat(RECORD_BYTES);
    for number in 0..RECORDS {
        let value = format!(
            r#"{{"eventId":"e{number}","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","createdAt":"2026-01-01T10:00:00.000Z","note":"{padding}"}}"#
        );
        producer.send(
            &Outgoing::to(&line.input)
                .key("u7")
                .value(value)
                .partition(0),
        )?;
    }
    producer.flush().map(drop)
}
