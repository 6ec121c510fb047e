//! Whether guests in endless loops hold up the partitions beside them.

use anyhow::{Context, Result, ensure};
use penstock_tests::{Outgoing, plugin, unique};

use crate::bench::{Bench, PARTITIONS};
use crate::latency::show;
use crate::paced::{self, Latency};
use crate::subject::{base_config, start_host};

/// Partitions whose guest never returns: as many as the machine of the goals has cores.
const WEDGED: i32 = 2;
/// Records for each wedged partition: one after the other is given up, and the next one loops.
const LOOPS: i32 = 500;
/// How long a looping guest runs before it is stopped.
const DEADLINE: &str = "200ms";

/// The healthy partitions, without and with wedged ones beside them.
#[derive(Debug, Default)]
pub(crate) struct Wedge {
    pub(crate) alone: Vec<Latency>,
    pub(crate) beside: Vec<Latency>,
}

pub(crate) fn measure(bench: &Bench) -> Result<Wedge> {
    let mut result = Wedge::default();
    for round in 0..bench.amount.rounds {
        let of = bench.amount.rounds;
        for wedged in [false, true] {
            let name = if wedged {
                "two guests in endless loops"
            } else {
                "nobody wedged"
            };
            bench
                .progress
                .step(format!("wedge: {name}, round {} of {of}", round + 1));
            let latency = once(bench, wedged).context(name)?;
            bench.progress.result(&show(name, &latency));
            if wedged {
                result.beside.push(latency);
            } else {
                result.alone.push(latency);
            }
        }
    }
    Ok(result)
}

fn once(bench: &Bench, wedged: bool) -> Result<Latency> {
    let input = bench.topic("paced", &[])?;
    let output = bench.stamped_topic("granted")?;
    let dead_letter = bench.topic("dead", &[])?;
    let looping = unique("looping");
    bench.client().create_topic(&looping, WEDGED, &[])?;
    if wedged {
        let record = |number| {
            Outgoing::to(&looping)
                .partition(number % WEDGED)
                .value("loop")
        };
        bench
            .client()
            .produce(&(0..LOOPS * WEDGED).map(record).collect::<Vec<_>>())?;
    }
    let config = base_config(bench.broker.bootstrap(), &unique("wedge"))
        .handler(
            "purchase-to-access",
            &plugin("purchase-to-access")?,
            &[("access-granted", &output)],
        )
        .handler("unruly", &plugin("unruly")?, &[("out", &output)])
        .set(&["handlers", "unruly", "limits", "deadline"], DEADLINE)
        .set(&["handlers", "unruly", "retry", "backoff"], "1ms..1ms")
        .topic(
            &input,
            &["purchase-to-access"],
            "earliest",
            Some(&dead_letter),
        )
        .topic(&looping, &["unruly"], "earliest", Some(&dead_letter));
    let mut running = start_host(&config)?;
    running.ready(PARTITIONS + WEDGED)?;
    let latency = paced::measure(bench, &input, &output)?;
    running.check()?;
    if wedged {
        let given_up = bench.client().count(&dead_letter)?;
        ensure!(given_up > 0, "no guest ran into its deadline");
        ensure!(
            given_up < i64::from(LOOPS),
            "the guests ended before the measurement"
        );
    }
    // Not stopped but dropped: what still loops need not be waited for.
    Ok(latency)
}
