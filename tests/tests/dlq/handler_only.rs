//! `penstock dlq redrive --handler-only`: the others of the topic don't get the record again.

use anyhow::{Context, Result, ensure};
use penstock_tests::{Host, eventually, plugin};

use crate::redrive::values;
use crate::support::{Line, SOON, config_of, penstock};

/// How many records a handler has skipped.
fn skipped(host: &Host, handler: &str) -> Result<u64> {
    let status = host.status()?;
    let handlers = status["handlers"].as_array().context("handlers")?;
    let found = handlers.iter().find(|of| of["handler"] == handler);
    let skipped = found.and_then(|of| of["ledger"]["skipped"].as_u64());
    skipped.with_context(|| format!("no {handler} in {status}"))
}

#[test]
fn the_other_handlers_skip_what_was_redriven_for_one() -> Result<()> {
    let line = Line::new("only", 1)?;
    let other = format!("{}.other", line.group);
    line.client.create_topic(&other, 1, &[])?;
    let config = line
        .config()?
        .handler("steady", &plugin("unruly")?, &[("out", &other)])
        .set(&["handlers", "steady", "settings", "tombstone"], "ok")
        .topic(
            &line.input,
            &["unruly", "steady"],
            "earliest",
            Some(&line.dead),
        );
    let host = line.host(&config)?;
    let file = config_of(&host)?;
    // Rejected by both: a dead letter for each.
    line.send(&["reject"])?;
    let letters = |count: usize| {
        eventually("the dead letters", SOON, || {
            let found = line.client.read_all(&line.dead)?.len();
            ensure!(found == count, "{found}");
            Ok(())
        });
    };
    letters(2);
    let args = [
        "dlq",
        "redrive",
        &line.dead,
        "--handler",
        "steady",
        "--handler-only",
    ];
    let more = ["--yes", "-c", &file];
    let ended = penstock(&[&args[..], &more].concat())?;
    ended.said(0, &["only for steady", "1 record was sent back"]);
    letters(3);
    eventually("the other skips it", SOON, || {
        let skipped = skipped(&host, "unruly")?;
        ensure!(skipped == 1, "{skipped:?}");
        Ok(())
    });
    let by: Vec<_> = line.client.read_all(&line.dead)?;
    assert_eq!(by[2].header("penstock.handler").as_deref(), Some("steady"));
    assert_eq!(by[2].header("penstock.redrives").as_deref(), Some("1"));
    assert_eq!(by[2].header("penstock.only-handler"), None);
    assert_eq!(skipped(&host, "steady")?, 0);
    // What is tried on such a record is decided in the same way.
    let peek = ["peek", &line.input, "-n", "all", "--from", "1", "-c", &file];
    let tried = penstock(&[&peek[..], &["--through", "unruly"]].concat())?;
    tried.said(0, &["skipped redriven-for-another"]);
    // Without the option, both get it.
    let both = ["dlq", "redrive", &line.dead, "0:2", "--yes", "-c", &file];
    penstock(&both)?.said(0, &["1 record was sent back"]);
    letters(5);
    assert!(values(&line, &other)?.is_empty());
    host.stop()
}

#[test]
fn a_handler_that_its_topic_does_not_have_is_refused() -> Result<()> {
    let line = Line::new("nobody", 2)?;
    crate::redrive::write(&line, 2)?;
    let config = line.config()?;
    let config = config
        .handler("other", &plugin("unruly")?, &[("out", &line.output)])
        .topic(&line.input, &["other"], "earliest", Some(&line.dead));
    let file = line.file(&config)?;
    let args = [
        "dlq",
        "redrive",
        &line.dead,
        "--handler-only",
        "--yes",
        "-c",
        &file,
    ];
    penstock(&args)?.said(1, &["has no handler unruly for", "nothing was sent"]);
    assert!(line.client.read_all(&line.input)?.is_empty());
    Ok(())
}
