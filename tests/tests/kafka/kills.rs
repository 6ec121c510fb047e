//! SIGKILL at random moments under load: every input is accounted for in the outputs.

use anyhow::Result;
use penstock_tests::{Host, Random, eventually};

use crate::support::{Account, Flow, Line, Load, PROTOCOLS, SOON};

/// Of each protocol.
const KILLS: usize = 10;

/// What the broker knew when a host was dead.
struct Death {
    /// The group's next offsets.
    committed: Vec<u64>,
    /// The ends of the output's partitions.
    ends: Vec<i64>,
}

impl Death {
    fn see(line: &Line) -> Result<Death> {
        let committed = line.client.committed(&line.group, &line.input)?;
        let ends = line.client.watermarks(&line.output)?;
        Ok(Death {
            committed: committed
                .values()
                .map(|next| next.unwrap_or_default() as u64)
                .collect(),
            ends: ends.values().map(|(_, end)| *end).collect(),
        })
    }
}

#[test]
fn twenty_sigkills_lose_nothing_and_no_committed_record_is_done_again() -> Result<()> {
    let mut random = Random::new()?;
    for protocol in PROTOCOLS {
        let line = Line::new("killed", 3)?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 3000);
        let mut config = line.loaded("h1", protocol)?;
        if protocol == "classic" {
            config = config.set(&["kafka", "consumer", "session.timeout.ms"], 1000);
        }
        let mut deaths = Vec::new();
        for kill in 0..KILLS {
            let mut host = Host::start(&config)?;
            // Each second time it may die before it has joined the group.
            if kill % 2 == 0 {
                host.ready(SOON)?;
            }
            std::thread::sleep(random.millis(800));
            host.kill()?;
            deaths.push(Death::see(&line)?);
        }
        let host = Host::start(&config)?;
        let sent = flow.stop()?;
        eventually("all is committed", SOON, || line.is_caught_up());
        host.stop()?;

        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&sent)?;
        account.is_in_order()?;
        for (kill, death) in deaths.iter().enumerate() {
            let again = account.0.iter().find(|passed| {
                let later = passed.at.1 >= death.ends[passed.at.0 as usize];
                later && passed.number < death.committed[passed.partition]
            });
            assert!(
                again.is_none(),
                "after kill {kill}: {again:?} was committed"
            );
        }
        println!(
            "{protocol}: {} records, {} outputs repeated after {KILLS} kills",
            sent.iter().sum::<u64>(),
            account.repeats()
        );
    }
    Ok(())
}
