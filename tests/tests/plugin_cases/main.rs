//! The test runner of plugins can't disagree with production: every case of the plugins here is
//! sent through a real host, recorded from its topic with `peek --record`, run by `plugin test`, and
//! all of it must come to the same verdicts, reasons, retries and outputs.

mod command;
mod line;
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::{Broker, Host, HostConfig, eventually, plugin, unique};

use line::{Line, outputs};
use told::told;

const PLUGINS: [&str; 3] = ["purchase-to-access", "progress-updates", "unruly"];
/// For whatever has to happen at last.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn every_case_comes_to_the_same_in_the_runner_and_in_the_host() -> Result<()> {
    let client = Broker::shared().client();
    let group = unique("cases");
    let mut lines = Vec::new();
    for name in PLUGINS {
        let outputs = outputs(&plugin(name)?)?;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
        for case in fs::read_dir(folder.join(name).join("tests"))? {
            lines.push(Line::read(&group, name, &case?.path(), &outputs)?);
        }
    }
    ensure!(lines.len() >= 10, "{} cases", lines.len());
    let mut config = HostConfig::new(client.bootstrap(), &group, "worker-1")
        .protocol("classic")
        .set(&["kafka", "commit-interval"], "100ms");
    for line in &lines {
        line.send(client)?;
        config = line.configure(config);
    }
    let mut host = Host::start(&config)?;
    host.ready(SOON)?;

    let recorded = tempfile::tempdir()?;
    let mut expected = BTreeMap::new();
    for line in &lines {
        expected.extend(line.record(&recorded.path().join(&line.handler), &host)?);
    }
    let found = eventually("each record has come to its end", SOON, || {
        let found = told(&mut host)?;
        let missing = expected.keys().find(|place| !found.contains_key(*place));
        ensure!(missing.is_none(), "nothing of {missing:?}");
        Ok(found)
    });
    for (place, expected) in &expected {
        assert_eq!(&found[place], expected, "{place:?}");
    }
    for line in &lines {
        line.compare_outputs(client, &recorded.path().join(&line.handler))?;
    }
    host.stop()
}
