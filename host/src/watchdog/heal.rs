//! The one fault that the watchdog mends itself: a partition of which nothing is fetched
//! (PSK-D018).
//!
//! It is put to where it stands, as `penstock offsets reset` would put it: a new stay, and a seek,
//! which begins the fetching anew. Nothing of it is in hand, so nothing is done twice. That is
//! tried once at each position; what it does not help against needs a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use penstock_core::codes::Code;
use penstock_core::diagnosis::Finding;
use penstock_core::operations::{Addressee, Answer, Deed, ResetOrder, ResetPartition};
use penstock_core::status::Status;

use super::Found;
use crate::admin::Control;

/// See the module.
pub(super) struct Healer {
    control: Arc<dyn Control>,
    found: Arc<Found>,
    /// The position at which each partition was put to where it stood.
    tried: BTreeMap<(String, i32), i64>,
}

impl Healer {
    pub(super) fn new(control: Arc<dyn Control>, found: Arc<Found>) -> Healer {
        Healer {
            control,
            found,
            tried: BTreeMap::new(),
        }
    }

    /// Mends what can be mended of `findings`, which were made of `status`.
    pub(super) async fn heal(&mut self, findings: &[Finding], status: &Status) {
        for of in stalled(findings, status) {
            let key = (of.topic.clone(), of.partition);
            if self.tried.get(&key) == Some(&of.offset) {
                continue;
            }
            let order = ResetOrder {
                to: Addressee {
                    group: status.group.clone(),
                    host: status.host.clone(),
                    started: status.started.clone(),
                },
                dry_run: false,
                partitions: vec![of.clone()],
            };
            let control = Arc::clone(&self.control);
            let answer = tokio::task::spawn_blocking(move || control.reset(&order)).await;
            let Ok(answer) = answer else { continue };
            self.tell(&of, &answer);
            // What was refused, for a rebalance or another reset, is tried at the next look.
            if answer.result == Deed::Done {
                self.tried.insert(key, of.offset);
            }
        }
    }

    fn tell(&self, of: &ResetPartition, answer: &Answer) {
        let (code, subject) = (
            Code::DoctorFetchStalled.as_str(),
            format!("{}[{}]", of.topic, of.partition),
        );
        let (result, why) = (answer.result.as_str(), &answer.text);
        if answer.result == Deed::Done {
            self.found.healed();
            tracing::warn!(
                code,
                subject,
                offset = of.offset,
                "put to where it stands, so that fetching begins anew; nothing is done twice"
            );
        } else {
            tracing::warn!(
                code,
                subject,
                result,
                why,
                "fetching could not be begun anew"
            );
        }
    }
}

/// The partitions of which nothing is fetched, each with where it stands.
fn stalled(findings: &[Finding], status: &Status) -> Vec<ResetPartition> {
    let stalled = findings
        .iter()
        .filter(|of| of.code == Code::DoctorFetchStalled);
    let places = stalled.flat_map(|of| {
        let topic = of.topic.as_deref().unwrap_or_default();
        of.partitions.iter().map(move |number| (topic, *number))
    });
    let found = places.filter_map(|(topic, number)| {
        let mut held = status.partitions.iter();
        let held = held.find(|of| of.topic == topic && of.partition == number)?;
        Some(ResetPartition {
            topic: topic.to_owned(),
            partition: number,
            epoch: held.epoch,
            offset: held.position,
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use penstock_core::diagnosis::{Certainty, Stage};
    use penstock_core::operations::{PauseOrder, ResumeOrder};

    use super::*;
    use crate::admin::fake;

    /// Takes orders, and refuses so many of them first.
    #[derive(Default)]
    struct Orders(Mutex<Vec<ResetOrder>>, usize);

    impl Control for Orders {
        fn reset(&self, order: &ResetOrder) -> Answer {
            let mut orders = self.0.lock().unwrap();
            orders.push(order.clone());
            Answer {
                result: if orders.len() > self.1 {
                    Deed::Done
                } else {
                    Deed::Refused
                },
                text: String::new(),
            }
        }
        fn pause(&self, _: &PauseOrder) -> Answer {
            unreachable!("it pauses nothing")
        }
        fn resume(&self, _: &ResumeOrder) -> Answer {
            unreachable!("it resumes nothing")
        }
    }

    fn finding(code: Code) -> Finding {
        Finding {
            code,
            stage: Stage::Fetch,
            certainty: Certainty::Certain,
            subject: "purchase-confirmed[0]".to_owned(),
            topic: Some("purchase-confirmed".to_owned()),
            partitions: vec![0],
            cause: String::new(),
            evidence: Vec::new(),
            others: Vec::new(),
            cure: Vec::new(),
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_stalled_fetcher_begins_anew_once_at_each_position() {
        let (orders, found) = (Arc::new(Orders::default()), Arc::new(Found::default()));
        let mut healer = Healer::new(Arc::clone(&orders) as _, Arc::clone(&found));
        let mut status = fake::status();
        let stalled = [finding(Code::DoctorFetchStalled)];
        healer.heal(&[finding(Code::DoctorHeldBack)], &status).await;
        assert_eq!(orders.0.lock().unwrap().len(), 0);
        healer.heal(&stalled, &status).await;
        // It did not help: the stay is a new one, and the place is the same.
        status.partitions[0].epoch += 1;
        healer.heal(&stalled, &status).await;
        status.partitions[0].position += 1;
        healer.heal(&stalled, &status).await;
        let orders = orders.0.lock().unwrap();
        let placed: Vec<(u32, i64)> = orders
            .iter()
            .map(|of| (of.partitions[0].epoch, of.partitions[0].offset))
            .collect();
        assert_eq!(placed, [(1, 42), (2, 43)]);
        assert_eq!(orders[0].to.host, "worker-1");
        assert_eq!(found.healings(), 2);
    }
    #[tokio::test(flavor = "current_thread")]
    async fn what_is_refused_is_tried_again() {
        let orders = Arc::new(Orders(Mutex::default(), 1));
        let found = Arc::new(Found::default());
        let mut healer = Healer::new(Arc::clone(&orders) as _, Arc::clone(&found));
        for healings in [0, 1, 1] {
            let stalled = [finding(Code::DoctorFetchStalled)];
            healer.heal(&stalled, &fake::status()).await;
            assert_eq!(found.healings(), healings);
        }
        assert_eq!(orders.0.lock().unwrap().len(), 2);
    }
}
