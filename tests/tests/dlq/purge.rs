//! `penstock dlq purge`: what was redriven goes, the rest only if that is said.

use anyhow::Result;

use crate::redrive::write;
use crate::support::{Line, penstock};

#[test]
fn what_was_redriven_is_deleted_and_nothing_else_unless_that_is_said() -> Result<()> {
    let line = Line::new("purged", 2)?;
    let file = line.file(&line.config()?)?;
    write(&line, 10)?;
    let dlq = |command: &str, more: &[&str]| {
        penstock(&[&["dlq", command, &line.dead, "-c", &file], more].concat())
    };
    let left = || Ok::<_, anyhow::Error>(line.client.read_all(&line.dead)?.len());
    dlq("purge", &["--yes"])?.said(0, &["nothing to be deleted"]);
    // 0:0, 0:1 and 0:3 are sent; 0:2 keeps what lies behind it.
    dlq("redrive", &["0:0", "0:1", "0:3", "--yes"])?.said(0, &["3 records were sent back"]);
    let looked = dlq("purge", &["--dry-run"])?;
    looked.said(
        0,
        &[
            "2 dead letters, all of them redriven are lost",
            "only looked at",
        ],
    );
    dlq("purge", &[])?.said(2, &["nobody can be asked"]);
    assert_eq!(left()?, 10);
    dlq("purge", &["--yes"])?.said(0, &["deleted: 2 dead letters"]);
    assert_eq!(left()?, 8);

    let refused = dlq("purge", &["--all", "--yes"])?;
    refused.said(
        1,
        &["7 of 8 dead letters were never redriven", "--even-open"],
    );
    dlq("purge", &["--before", "2026-01-01T00:00:00Z", "--yes"])?.said(0, &["as old as that"]);
    assert_eq!(left()?, 8);
    let part = dlq(
        "purge",
        &["--all", "--even-open", "--partition", "1", "--yes"],
    )?;
    part.said(
        0,
        &["deleted: 5 dead letters, of which 5 were never redriven"],
    );
    assert_eq!(left()?, 3);

    // What is left is redriven as before, and what was sent is still known.
    dlq("redrive", &["--yes"])?.said(0, &["2 records were sent back"]);
    dlq("purge", &["--yes"])?.said(0, &["deleted: 3 dead letters, all of them redriven"]);
    assert_eq!(left()?, 0);
    dlq("list", &[])?.said(0, &["no dead letters"]);
    Ok(())
}
