//! The hosts of a group at one moment, and what changed since the moment before.

use std::time::{Duration, Instant};

use penstock_core::status::Status;

/// What a host answered.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    /// The host's id.
    pub host: String,
    /// Where it was asked.
    pub url: String,
    /// Its status, or why there is none.
    pub status: Result<Status, String>,
}

/// What was found.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub at: Instant,
    /// In any order; or why not even those can be known.
    pub hosts: Result<Vec<Answered>, String>,
}

/// A host with its past.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub now: Answered,
    /// Its last status, and how long before this one it was.
    pub before: Option<(Status, Duration)>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Samples {
    at: Option<Instant>,
    /// By name.
    pub hosts: Vec<Host>,
    /// Why the last sample is not there.
    pub failed: Option<String>,
}

impl Samples {
    pub(super) fn take(&mut self, sample: Sample) {
        let mut answered = match sample.hosts {
            Ok(answered) => answered,
            Err(why) => {
                self.failed = Some(why);
                return;
            }
        };
        self.failed = None;
        let elapsed = self.at.map_or(Duration::ZERO, |at| sample.at - at);
        // Brokers name the members of a group in any order.
        answered.sort_by(|a, b| (&a.host, &a.url).cmp(&(&b.host, &b.url)));
        let earlier = std::mem::take(&mut self.hosts);
        self.hosts = answered
            .into_iter()
            .map(|now| {
                let mut earlier = earlier.iter();
                let before = earlier.find(|of| of.now.host == now.host);
                let before = before.and_then(|of| of.now.status.as_ref().ok());
                Host {
                    before: before.map(|status| (status.clone(), elapsed)),
                    now,
                }
            })
            .collect();
        self.at = Some(sample.at);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at.is_none()
    }

    /// Hosts that answered.
    pub(super) fn statuses(&self) -> impl Iterator<Item = (&Host, &Status)> {
        let answered = |host| -> Option<(&Host, &Status)> {
            let host: &Host = host;
            Some((host, host.now.status.as_ref().ok()?))
        };
        self.hosts.iter().filter_map(answered)
    }

    /// Hosts that gave no status, and why not.
    pub(super) fn silent(&self) -> impl Iterator<Item = (&Host, &str)> {
        let silent = |host| -> Option<(&Host, &str)> {
            let host: &Host = host;
            Some((host, host.now.status.as_ref().err()?))
        };
        self.hosts.iter().filter_map(silent)
    }
}
