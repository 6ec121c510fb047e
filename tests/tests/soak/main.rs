//! Chaos on a real broker, for as long as asked: hosts are killed, frozen and stopped, the broker
//! as well, connections cut and slowed down, the topic grows. A checker knows every input.
//!
//! `make soak MINUTES=10`; see CONTRIBUTING.md.

mod faults;
mod fleet;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use penstock_tests::{
    Account, Broker, BrokerOptions, Flow, Line, Listener, Load, Proxy, Random, free_port,
    wait_until,
};

use faults::{Chaos, Fault};
use fleet::Fleet;

/// Partitions of the input at the start, and of the output.
const PARTITIONS: i32 = 4;
/// The longest between two faults.
const BETWEEN_FAULTS_MS: u64 = 6000;
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);
/// How long hosts may take to do what is left once the faults have ceased: longer than a coordinator
/// that has lost epochs needs to share anything out (PSK-D011), by hosts that join anew.
const CATCH_UP: Duration = Duration::from_secs(480);
/// How long the last acknowledgement may take to be counted.
const BALANCE: Duration = Duration::from_secs(5);
/// The brokers abort after so long; some hosts are frozen for longer.
const TRANSACTION: &str = "10s";
/// What a host says that may end by itself: its group gives it nothing, or, exactly once, its producer
/// has no transaction any more.
const GIVEN_NOTHING: &str = "PSK-K012";
const SHUT_OUT: &str = "the brokers have shut out the producer";
const DESYNCHRONIZED: &str = "the Kafka producer can't go on";

fn number(variable: &str, default: u64) -> Result<u64> {
    match std::env::var(variable) {
        Ok(text) => text.parse().with_context(|| format!("{variable}={text}")),
        Err(_) => Ok(default),
    }
}

/// A broker whose hosts come by a proxy, and the proxy.
fn broker() -> Result<(Broker, Proxy)> {
    let port = free_port()?;
    let proxy = Proxy::to(port)?;
    let broker = Broker::start(BrokerOptions {
        heap_mib: 1024,
        quick_start: false,
        listeners: vec![Listener {
            name: "PROXIED".to_owned(),
            protocol: "PLAINTEXT".to_owned(),
            port,
            advertised_port: Some(proxy.port()),
            settings: Vec::new(),
        }],
        ..BrokerOptions::default()
    })?;
    Ok((broker, proxy))
}

/// Whether outputs are to be there exactly once.
fn exactly_once() -> Result<bool> {
    match std::env::var("PENSTOCK_DELIVERY").as_deref() {
        Ok("exactly-once") => Ok(true),
        Ok("at-least-once" | "") | Err(_) => Ok(false),
        Ok(other) => bail!("PENSTOCK_DELIVERY={other}"),
    }
}

fn soak(protocol: &str, lasts: Duration, per_second: u64, random: &mut Random) -> Result<()> {
    let (broker, proxy) = broker()?;
    let line = Line::on(&broker, "soak", PARTITIONS)?;
    let flow = Flow::start(Load::new(&line.client, &line.input, 0)?, per_second);
    let bootstrap = format!("127.0.0.1:{}", proxy.port());
    let once = exactly_once()?;
    let mut config = line
        .loaded("soak", protocol)?
        .set(&["kafka", "bootstrap"], bootstrap)
        .set(&["log", "records"], "off");
    if once {
        config = config
            .set(&["kafka", "delivery"], "exactly-once")
            .set(&["kafka", "transaction", "timeout"], TRANSACTION);
    }
    let may_end = match once {
        true => vec![GIVEN_NOTHING, SHUT_OUT, DESYNCHRONIZED],
        false => vec![GIVEN_NOTHING],
    };
    let mut chaos = Chaos {
        broker,
        proxy,
        fleet: Fleet::new(config, may_end),
        partitions: PARTITIONS,
        longest: lasts / 4,
        done: Vec::new(),
    };
    let begun = Instant::now();
    let (mut next, mut told) = (begun, begun);
    while begun.elapsed() < lasts && !flow.is_over() {
        chaos.recover()?;
        if next <= Instant::now() {
            chaos.meet(Fault::random(random), &line, &flow, random)?;
            next = Instant::now() + random.millis(BETWEEN_FAULTS_MS);
        }
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            println!(
                "{protocol} {:>4} s: {} records sent, {} hosts, {} faults, the last: {}",
                begun.elapsed().as_secs(),
                flow.sent(),
                chaos.fleet.len(),
                chaos.done.len(),
                chaos.done.last().map_or("none", Fault::name)
            );
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    chaos.cease()?;
    let sent = flow.stop()?;
    // What a fault did may show later: a host that is shut out then is started again, too.
    let caught_up = wait_until("all is committed", CATCH_UP, || {
        chaos.recover()?;
        line.is_caught_up()
    });
    // A host hears of its commit a moment after the brokers have it.
    let balanced = caught_up.and_then(|()| {
        wait_until("each account balances", BALANCE, || {
            chaos.recover()?;
            chaos.fleet.is_balanced()
        })
    });
    balanced.inspect_err(|_| chaos.fleet.explain(line.client.bootstrap(), &line.group))?;
    chaos.fleet.stop()?;

    let account = Account::read(&line.client, &line.output)?;
    account.is_complete(&sent)?;
    account.is_in_order()?;
    ensure!(
        !once || account.repeats() == 0,
        "{} doubled",
        account.repeats()
    );
    let letters = line.dead_letters()?;
    ensure!(letters.is_empty(), "dead letters: {letters:?}");
    let total: u64 = sent.iter().sum();
    println!(
        "{protocol}: {total} records, lost 0, disordered 0, unaccounted 0, {} outputs repeated",
        account.repeats()
    );
    for (said, count) in &chaos.fleet.ended {
        println!("  {count:>4} × a host ended by itself, and was started again: {said}");
    }
    for fault in Fault::ALL {
        let count = chaos.done.iter().filter(|done| **done == fault).count();
        println!("  {count:>4} × {}", fault.name());
    }
    Ok(())
}

#[test]
fn nothing_is_lost_whatever_happens() -> Result<()> {
    let seconds = number("PENSTOCK_MINUTES", 2)? * 60;
    let per_second = number("PENSTOCK_RATE", 3000)?;
    let mut random = Random::new()?;
    for protocol in ["classic", "consumer"] {
        let lasts = Duration::from_secs(seconds) / 2;
        soak(protocol, lasts, per_second, &mut random)?;
    }
    Ok(())
}
