//! What a team waits for a hundred times a day: `penstock plugin test` of a plugin that is compiled.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use penstock_tests::{plugin, program};

use crate::bench::Amount;
use crate::progress::Progress;

const PLUGIN: &str = "purchase-to-access";

/// Milliseconds of each round, from the start of the process to its end.
pub(crate) fn measure(amount: &Amount, progress: &Progress) -> Result<Vec<f64>> {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let mut test = Command::new(program("penstock")?);
    test.args(["plugin", "test", "--plugin"])
        .arg(plugin(PLUGIN)?)
        .current_dir(plugins.join(PLUGIN));
    let mut rounds = Vec::new();
    // The first round may compile it, and doesn't count.
    for round in 0..=amount.rounds {
        progress.step(format!("plugin test, round {round} of {}", amount.rounds));
        let clock = Instant::now();
        let output = test.output().context("cannot start penstock")?;
        let took = clock.elapsed().as_secs_f64() * 1e3;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "the plugin's cases fail:\n{said}");
        if round > 0 {
            rounds.push(took);
        }
    }
    progress.result(&format!("plugin test, ms: {rounds:.0?}"));
    Ok(rounds)
}
