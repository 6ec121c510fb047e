//! A cache of compiled plugins that can't be used: the host starts, and its log says what that costs.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use anyhow::Result;
use penstock_tests::Host;

use crate::support::{Line, SOON};

#[test]
fn a_cache_that_others_may_write_is_told_in_the_log() -> Result<()> {
    let line = Line::new("cache", 1)?;
    let cache = tempfile::tempdir()?;
    std::fs::set_permissions(cache.path(), Permissions::from_mode(0o777))?;
    let mut host = Host::start_with_cache(&line.unruly("h1", "classic")?, cache.path())?;
    host.ready(SOON)?;
    let log = host.process().log();
    assert!(log.contains("plugins are compiled at each start"), "{log}");
    assert!(std::fs::read_dir(cache.path())?.next().is_none());
    host.stop()
}
