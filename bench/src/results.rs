//! All that was measured, and what of it is reported.

use crate::bench::Amount;
use crate::idle::Idles;
use crate::json::Json;
use crate::lanes::Lanes;
use crate::latency::Latencies;
use crate::neighbours::Neighbours;
use crate::paced::Latency;
use crate::peers::Peers;
use crate::startup::Startups;
use crate::stats::{Ratio, median, paired};
use crate::throughput::{Run, Throughput};
use crate::wedge::Wedge;

/// The measurements that were asked for.
pub(crate) struct Results {
    pub(crate) throughput: Option<Throughput>,
    pub(crate) latency: Option<Latencies>,
    pub(crate) idle: Option<Idles>,
    pub(crate) startup: Option<Startups>,
    pub(crate) wedge: Option<Wedge>,
    pub(crate) neighbours: Option<Neighbours>,
    pub(crate) peers: Option<Peers>,
    pub(crate) lanes: Option<Lanes>,
    pub(crate) json: Option<Json>,
    pub(crate) trial: Option<Vec<f64>>,
    pub(crate) amount: Amount,
}

/// A figure of both, and of the host against the bare loop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compared {
    pub(crate) bare: f64,
    pub(crate) host: f64,
    pub(crate) ratio: Ratio,
}

/// Medians of both, and the ratio within pairs; none without rounds.
fn compare<T>(bare: &[T], host: &[T], figure: impl Fn(&T) -> f64) -> Option<Compared> {
    let bare: Vec<f64> = bare.iter().map(&figure).collect();
    let host: Vec<f64> = host.iter().map(&figure).collect();
    Some(Compared {
        bare: median(&bare)?,
        host: median(&host)?,
        ratio: paired(&host, &bare)?,
    })
}

impl Results {
    /// Of no measurement.
    pub(crate) fn none(amount: Amount) -> Results {
        Results {
            throughput: None,
            latency: None,
            idle: None,
            startup: None,
            wedge: None,
            neighbours: None,
            peers: None,
            lanes: None,
            json: None,
            trial: None,
            amount,
        }
    }

    /// A figure of the throughput runs.
    pub(crate) fn throughput(&self, figure: impl Fn(&Run) -> f64) -> Option<Compared> {
        let throughput = self.throughput.as_ref()?;
        compare(&throughput.bare, &throughput.host, figure)
    }

    /// A figure of the latency rounds.
    pub(crate) fn latency(&self, figure: impl Fn(&Latency) -> f64) -> Option<Compared> {
        let latency = self.latency.as_ref()?;
        compare(&latency.bare, &latency.host, figure)
    }

    /// A figure of the healthy partitions: "bare" is without wedged ones, "host" beside them.
    pub(crate) fn wedge(&self, figure: impl Fn(&Latency) -> f64) -> Option<Compared> {
        let wedge = self.wedge.as_ref()?;
        compare(&wedge.alone, &wedge.beside, figure)
    }

    /// A figure of a healthy partition: "bare" is without neighbours, "host" with a plugin that is
    /// compiled.
    pub(crate) fn compiling(&self, figure: impl Fn(&Latency) -> f64) -> Option<Compared> {
        let neighbours = self.neighbours.as_ref()?;
        compare(&neighbours.none, &neighbours.compiling, figure)
    }

    /// The same with hostile guests.
    pub(crate) fn hostile(&self, figure: impl Fn(&Latency) -> f64) -> Option<Compared> {
        let neighbours = self.neighbours.as_ref()?;
        compare(&neighbours.none, &neighbours.hostile, figure)
    }

    /// Records a second of a handler that takes long: "bare" is one lane, "host" several.
    pub(crate) fn lanes(&self) -> Option<Compared> {
        let lanes = self.lanes.as_ref()?;
        Some(Compared {
            bare: median(&lanes.one)?,
            host: median(&lanes.several)?,
            ratio: paired(&lanes.several, &lanes.one)?,
        })
    }

    /// Nanoseconds of a call: "bare" is with serde_json, "host" with the SDK's JSON.
    pub(crate) fn json(&self) -> Option<Compared> {
        let json = self.json.as_ref()?;
        compare(&json.by_serde_json, &json.by_sdk, |ns| *ns)
    }

    /// Of that the JSON: what a call without it doesn't take.
    pub(crate) fn json_alone(&self) -> Option<Compared> {
        let json = self.json.as_ref()?;
        let alone = |with: &[f64]| -> Vec<f64> {
            let pairs = with.iter().zip(&json.without);
            pairs.map(|(with, without)| with - without).collect()
        };
        compare(&alone(&json.by_serde_json), &alone(&json.by_sdk), |ns| *ns)
    }

    /// Milliseconds of `penstock plugin test`.
    pub(crate) fn trial(&self) -> Option<f64> {
        median(self.trial.as_ref()?)
    }

    /// Milliseconds to the first assignment: bare loop, warm cache, cold cache.
    pub(crate) fn startup(&self) -> Option<[f64; 3]> {
        let startup = self.startup.as_ref()?;
        Some([
            median(&startup.bare)?,
            median(&startup.warm)?,
            median(&startup.cold)?,
        ])
    }
}
