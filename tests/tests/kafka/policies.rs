//! What failures are met with by configuration: tried again, dead-lettered, skipped or halted.

use anyhow::{Result, ensure};
use penstock_tests::{Host, eventually};

use crate::support::{Line, SOON, Watch, log_lines};

#[test]
fn each_class_is_met_with_what_its_rule_says() -> Result<()> {
    let line = Line::new("policies", 2)?;
    line.send(0, &["ok 1", "crash", "nonsense", "reject", "ok 2"])?;
    line.send(1, &["ok 3", "trap", "ok 4"])?;
    let rule = |class: &str, key: &str| {
        let path = ["handlers", "unruly", "failures", class, key];
        path.map(str::to_owned)
    };
    let code = |key: &str| {
        let path = [
            "handlers",
            "unruly",
            "failures",
            "reject-codes",
            "asked-to",
            key,
        ];
        path.map(str::to_owned)
    };
    let set = |config: penstock_tests::HostConfig, path: &[String], value: toml::Value| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        config.set(&path, value)
    };
    let config = line.unruly("h1", "classic")?;
    // For all handlers; what the handler says itself goes before.
    let config = config.set(&["failures", "crash", "then"], "halt");
    let config = config.set(&["failures", "trap", "then"], "halt");
    let config = set(config, &rule("crash", "attempts"), 3.into());
    let config = set(config, &rule("crash", "backoff"), "10ms..10ms".into());
    let config = set(config, &rule("crash", "then"), "skip".into());
    let config = set(config, &code("then"), "skip".into());
    let mut host = Host::start(&config)?;

    let halted = eventually("the other partition halts", SOON, || {
        let status = host.status()?;
        let partitions = status["partitions"].as_array().cloned().unwrap_or_default();
        let halted = partitions.iter().find(|of| of["waits"]["kind"] == "halted");
        Ok(halted.ok_or_else(|| anyhow::anyhow!("{status}"))?.clone())
    });
    assert_eq!(halted["partition"], 1);
    eventually("the first partition is done", SOON, || {
        let committed = line.client.committed(&line.group, &line.input)?;
        ensure!(
            committed.get(&0).copied().flatten() == Some(5),
            "{committed:?}"
        );
        Ok(())
    });
    let committed = line.client.committed(&line.group, &line.input)?;
    assert!(
        committed[&1].is_none_or(|offset| offset <= 1),
        "{committed:?}"
    );
    let mut outputs = line.outputs()?;
    outputs.sort();
    assert_eq!(outputs, ["ok 1", "ok 2", "ok 3"]);
    // Without a rule of its own, a reject is a dead letter.
    assert_eq!(line.dead_letters()?, ["nonsense"]);
    assert_eq!(host.account(&line.input, "unruly", "skipped")?, 2);

    let log = log_lines(&mut host);
    let skipped: Vec<_> = log
        .iter()
        .filter(|line| line["message"] == "skipped")
        .map(|line| (line["offset"].as_i64(), line["reason"].as_str()))
        .collect();
    let expected = [(1, "failed-crash"), (3, "failed-reject")];
    assert_eq!(skipped, expected.map(|(at, why)| (Some(at), Some(why))));
    let retries = log.iter().filter(|line| line["message"] == "retrying");
    assert_eq!(retries.count(), 2);
    host.stop()
}
