//! Committed offsets outside the log: the host decides, and says so.

use anyhow::Result;
use penstock_tests::{Host, eventually};

use crate::support::{Line, PROTOCOLS, SOON, Watch};

#[test]
fn a_commit_below_the_log_goes_on_with_its_first_record() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("below", 2)?;
        line.send(0, &["ok 0", "ok 1", "ok 2", "ok 3", "ok 4", "ok 5"])?;
        line.client.commit(&line.group, &line.input, 0, 1)?;
        line.client.commit(&line.group, &line.input, 1, 0)?;
        line.client.delete_records(&line.input, 0, 4)?;
        // `latest` would lose what is left.
        let config = line
            .unruly("h1", protocol)?
            .set(&["topics", &line.input, "start"], "latest");
        let mut host = Host::start(&config)?;
        let said = host.wait_for_log("PSK-K004", SOON)?;
        assert!(
            said.contains("[0] from 4 in [4, 6)") && said.contains("3 offsets"),
            "{said}"
        );
        eventually("all is committed", SOON, || line.is_caught_up());
        assert_eq!(line.outputs()?, ["ok 4", "ok 5"]);
        assert_eq!(host.condition("PSK-K004")?["subject"], line.input);
        host.stop()?;
    }
    Ok(())
}

#[test]
fn a_commit_beyond_the_log_goes_back_to_its_first_record() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("beyond", 2)?;
        line.send(0, &["ok 0", "ok 1"])?;
        line.send(1, &["ok a"])?;
        line.client.commit(&line.group, &line.input, 0, 100)?;
        line.client.commit(&line.group, &line.input, 1, 0)?;
        let mut host = Host::start(&line.unruly("h1", protocol)?)?;
        let said = host.wait_for_log("PSK-K004", SOON)?;
        assert!(said.contains("100 was refused"), "{said}");
        eventually("all is committed", SOON, || line.is_caught_up());
        let mut outputs = line.outputs()?;
        outputs.sort();
        assert_eq!(outputs, ["ok 0", "ok 1", "ok a"]);
        assert_eq!(host.condition("PSK-K004")?["subject"], line.input);
        host.stop()?;
    }
    Ok(())
}
