//! Two handlers on one topic: each gets every record, neither is called again for the other.

use anyhow::{Result, ensure};
use penstock_tests::{Host, Outgoing, eventually, plugin};

use crate::support::{Account, Line, Load, SOON, Watch};

#[test]
fn each_handler_gets_every_record_in_order() -> Result<()> {
    let line = Line::new("both", 3)?;
    let other = format!("{}.other", line.output);
    line.client.create_topic(&other, 3, &[])?;
    let mut load = Load::new(&line.client, &line.input, 0)?;
    load.send(6000)?;
    let sent = load.finish()?;
    let config = line
        .loaded("h1", "classic")?
        .handler("second", &plugin("unruly")?, &[("out", &other)])
        .set(
            &["topics", &line.input, "handlers"],
            vec!["unruly".to_owned(), "second".to_owned()],
        );
    let host = Host::start(&config)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    for output in [&line.output, &other] {
        let account = Account::read(&line.client, output)?;
        account.is_complete(&sent)?;
        account.is_in_order()?;
        assert_eq!(account.repeats(), 0);
    }
    host.stop()
}

#[test]
fn while_one_handler_backs_off_the_other_runs_once_and_the_next_record_waits() -> Result<()> {
    const PURCHASE: &str = r#"{"eventId":"e","type":"PURCHASE_CONFIRMED","userId":"u","courseId":"c","amount":1,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}"#;
    let line = Line::new("backoff", 1)?;
    let access = format!("{}.access", line.output);
    line.client.create_topic(&access, 1, &[])?;
    let record = Outgoing::to(&line.input).key("u").partition(0);
    // The unruly handler rejects purchases, the other one everything else.
    line.client.produce(&[
        record.clone().value(PURCHASE),
        record.clone().value("retry-until 3"),
        record.clone().value(PURCHASE),
    ])?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["handlers", "unruly", "retry", "backoff"], "5s..5s")
        .handler(
            "grant",
            &plugin("purchase-to-access")?,
            &[("access-granted", &access)],
        )
        .set(
            &["topics", &line.input, "handlers"],
            vec!["unruly".to_owned(), "grant".to_owned()],
        );
    let host = Host::start(&config)?;
    let waits = eventually("the second backoff", SOON, || {
        let waits = host.waits(&line.input, 0, "backoff")?;
        ensure!(
            host.account(&line.input, "unruly", "calls")? == 3,
            "not yet"
        );
        Ok(waits)
    });
    assert_eq!(
        (&waits["offset"], &waits["handler"], &waits["code"]),
        (&1.into(), &"unruly".into(), &"PSK-H001".into())
    );
    // One call for the first record, and one for the second; the third is passed to neither.
    assert_eq!(host.account(&line.input, "grant", "calls")?, 2);
    assert_eq!(host.partition(&line.input, 0)?["position"], 1);

    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(host.account(&line.input, "grant", "calls")?, 3);
    assert_eq!(host.account(&line.input, "unruly", "calls")?, 5);
    assert_eq!(line.outputs()?, ["retry-until 3"]);
    assert_eq!(line.client.count(&access)?, 2);
    let letters = line.client.read_all(&line.dead)?;
    let of = |handler: &str| -> Vec<Option<String>> {
        let by = letters
            .iter()
            .filter(|letter| letter.header("penstock.handler").as_deref() == Some(handler));
        by.map(|letter| letter.header("penstock.offset")).collect()
    };
    let offsets = |offsets: &[&str]| -> Vec<Option<String>> {
        offsets.iter().map(|o| Some((*o).to_owned())).collect()
    };
    assert_eq!(of("unruly"), offsets(&["0", "2"]));
    assert_eq!(of("grant"), offsets(&["1"]));
    host.stop()
}
