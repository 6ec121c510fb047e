//! The host beside others that do the same work: Kafka Streams and KafkaJS, and itself exactly once.

mod latency;
mod peer;
mod programs;
mod table;
mod throughput;

use anyhow::{Context, Result};

use crate::bench::Bench;
use crate::paced::Latency;

pub(crate) use peer::Peer;
pub(crate) use table::markdown;
use throughput::{Input, Run};

/// What each of them did.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    of: Vec<(Peer, Figures)>,
}

/// The runs and rounds of one.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    runs: Vec<Run>,
    latencies: Vec<Latency>,
}

impl Peers {
    fn figures(&self, wanted: Peer) -> Option<&Figures> {
        self.of
            .iter()
            .find_map(|(peer, figures)| (*peer == wanted).then_some(figures))
    }
}

/// Measures these, one after the other in each round; each round begins with another one.
pub(crate) fn measure(bench: &Bench, asked: &[Peer]) -> Result<Peers> {
    let amount = &bench.amount.peers;
    let mut peers = Peers {
        of: asked
            .iter()
            .map(|peer| (*peer, Figures::default()))
            .collect(),
    };
    let input = Input::filled(bench, amount.warm_up)?;
    let for_jvms = Input::filled(bench, amount.jvm_warm_up)?;
    // The broker compiles its own code, that of transactions too.
    for peer in asked.iter().filter(|peer| peer.is_host()) {
        bench
            .progress
            .step(format!("throughput: {}, warm-up", peer.name()));
        throughput::once(bench, *peer, &input).with_context(|| peer.name())?;
    }
    rounds(bench, &mut peers, "throughput", amount.rounds, |peer| {
        let input = if peer.is_jvm() { &for_jvms } else { &input };
        let run = throughput::once(bench, peer, input)?;
        Ok((run.to_string(), move |figures: &mut Figures| {
            figures.runs.push(run);
        }))
    })?;
    input.delete(bench)?;
    for_jvms.delete(bench)?;
    rounds(bench, &mut peers, "latency", amount.paced_rounds, |peer| {
        let latency = latency::once(bench, peer)?;
        let Latency { p50, p99, p999 } = latency;
        let shown = format!("p50 {p50:.1} ms, p99 {p99:.1} ms, p99.9 {p999:.1} ms");
        Ok((shown, move |figures: &mut Figures| {
            figures.latencies.push(latency);
        }))
    })?;
    Ok(peers)
}

/// So many rounds of one measurement, which gives what is shown and how it is kept.
fn rounds<K: FnOnce(&mut Figures)>(
    bench: &Bench,
    peers: &mut Peers,
    what: &str,
    rounds: u32,
    once: impl Fn(Peer) -> Result<(String, K)>,
) -> Result<()> {
    let count = peers.of.len();
    for round in 0..rounds {
        for place in 0..count {
            let (peer, figures) = &mut peers.of[(place + round as usize) % count];
            let name = peer.name();
            bench
                .progress
                .step(format!("{what}: {name}, round {} of {rounds}", round + 1));
            let (shown, keep) = once(*peer).with_context(|| name)?;
            bench.progress.result(&format!("{name}: {shown}"));
            keep(figures);
        }
    }
    Ok(())
}
