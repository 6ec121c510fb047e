//! The two faults that the watchdog mends itself, as `penstock offsets reset` would: by a new stay,
//! and a seek.
//!
//! - A partition of which nothing is fetched (PSK-D018) is put to where it stands, which begins the
//!   fetching anew. Nothing of it is in hand, so nothing is done twice. That is tried once at each
//!   position; what it does not help against needs a person.
//! - A partition of a topic that was made again (PSK-D003) is put to its first record: see
//!   [`Remade`].

use std::collections::BTreeMap;
use std::sync::Arc;

use penstock_core::codes::Code;
use penstock_core::diagnosis::Finding;
use penstock_core::diagnosis::snapshot::Look;
use penstock_core::operations::{Addressee, Answer, Deed, ResetOrder, ResetPartition};
use penstock_core::status::Status;

use super::Found;
use super::remade::Remade;
use crate::admin::Control;

/// See the module.
pub(super) struct Healer {
    control: Arc<dyn Control>,
    found: Arc<Found>,
    /// The position at which each partition was put to where it stood.
    tried: BTreeMap<(String, i32), i64>,
    remade: Remade,
}

impl Healer {
    pub(super) fn new(control: Arc<dyn Control>, found: Arc<Found>) -> Healer {
        Healer {
            control,
            found,
            tried: BTreeMap::new(),
            remade: Remade::default(),
        }
    }

    /// Mends what can be mended of `findings`, which were made of `look` and `status`.
    pub(super) async fn heal(&mut self, findings: &[Finding], look: &Look, status: &Status) {
        // What was refused, for a rebalance or another reset, is tried at the next look.
        for of in stalled(findings, status) {
            let key = (of.topic.clone(), of.partition);
            let again = self.tried.get(&key) == Some(&of.offset);
            if !again && self.put(Code::DoctorFetchStalled, &of, status).await {
                self.tried.insert(key, of.offset);
            }
        }
        for of in self.remade.due(findings, look, status) {
            if self.put(Code::DoctorTopicRemade, &of, status).await {
                self.remade.begun(&of);
            }
        }
    }

    /// Puts a partition there; whether that was begun.
    async fn put(&self, code: Code, of: &ResetPartition, status: &Status) -> bool {
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
        let Ok(answer) = answer else { return false };
        if answer.result == Deed::Done {
            self.found.healed();
        }
        tell(code, of, &answer);
        // What is done halfway the consumer brings to its end by itself.
        !matches!(answer.result, Deed::Refused | Deed::Possible)
    }
}

fn tell(code: Code, of: &ResetPartition, answer: &Answer) {
    let (offset, subject) = (of.offset, format!("{}[{}]", of.topic, of.partition));
    let remade = code == Code::DoctorTopicRemade;
    let code = code.as_str();
    let (result, why) = (answer.result.as_str(), &answer.text);
    match (answer.result == Deed::Done, remade) {
        (true, false) => tracing::warn!(
            code,
            subject,
            offset,
            "put to where it stands, so that fetching begins anew; nothing is done twice"
        ),
        (true, true) => tracing::warn!(
            code,
            subject,
            offset,
            "put to the first record of the topic that was made again; what of it was handled \
             before is done again"
        ),
        (false, false) => tracing::warn!(
            code,
            subject,
            result,
            why,
            "fetching could not be begun anew"
        ),
        (false, true) => tracing::warn!(
            code,
            subject,
            result,
            why,
            "could not be put to the first record of the topic that was made again yet; records \
             before its position are not read until then"
        ),
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

    use penstock_core::diagnosis::snapshot::{Answer as Reply, Log, Partition, Topic};
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
        let look = Look::blind(0);
        let other = [finding(Code::DoctorHeldBack)];
        healer.heal(&other, &look, &status).await;
        assert_eq!(orders.0.lock().unwrap().len(), 0);
        healer.heal(&stalled, &look, &status).await;
        // It did not help: the stay is a new one, and the place is the same.
        status.partitions[0].epoch += 1;
        healer.heal(&stalled, &look, &status).await;
        status.partitions[0].position += 1;
        healer.heal(&stalled, &look, &status).await;
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
            let look = Look::blind(0);
            healer.heal(&stalled, &look, &fake::status()).await;
            assert_eq!(found.healings(), healings);
        }
        assert_eq!(orders.0.lock().unwrap().len(), 2);
    }

    /// A look at the topic of the status, under this id, whose logs begin at 7.
    fn look(id: &str) -> Look {
        let log = Log {
            start: 7,
            last_stable: 90,
            end: 90,
        };
        let partition = |number| Partition {
            number,
            leader: Some(1),
            log: Reply::Known(log),
        };
        let mut look = Look::blind(0);
        look.topics = vec![Topic {
            name: "purchase-confirmed".to_owned(),
            id: Some(id.to_owned()),
            partitions: Reply::Known((0..3).map(partition).collect()),
            settings: Reply::Unasked,
        }];
        look
    }

    #[tokio::test(flavor = "current_thread")]
    async fn each_partition_of_a_topic_that_was_made_again_begins_anew_once() {
        // The first order is refused.
        let orders = Arc::new(Orders(Mutex::default(), 1));
        let found = Arc::new(Found::default());
        let mut healer = Healer::new(Arc::clone(&orders) as _, Arc::clone(&found));
        let mut remade = finding(Code::DoctorTopicRemade);
        remade.subject = "purchase-confirmed".to_owned();
        // Of which the host has two partitions.
        let (remade, status) = ([remade], fake::status());
        healer.heal(&[], &look("one"), &status).await;
        assert_eq!(orders.0.lock().unwrap().len(), 0);
        healer.heal(&remade, &look("two"), &status).await;
        // What was refused is owed, though it is not found any more; what was found before is not.
        healer.heal(&[], &look("two"), &status).await;
        healer.heal(&remade, &look("two"), &status).await;
        assert_eq!(orders.0.lock().unwrap().len(), 3);
        assert_eq!(found.healings(), 2);
        // A broker that has not heard of it yet.
        healer.heal(&remade, &look("one"), &status).await;
        assert_eq!(orders.0.lock().unwrap().len(), 3);
        // Again, and again.
        healer.heal(&remade, &look("three"), &status).await;
        let orders = orders.0.lock().unwrap();
        assert_eq!(orders.len(), 5);
        assert!(orders.iter().all(|of| of.partitions[0].offset == 7));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_partition_that_comes_from_another_host_begins_anew_if_it_comes_soon() {
        for (looks, orders_then) in [(2, 3), (20, 2)] {
            let orders = Arc::new(Orders(Mutex::default(), 0));
            let mut healer = Healer::new(Arc::clone(&orders) as _, Arc::new(Found::default()));
            let mut remade = finding(Code::DoctorTopicRemade);
            remade.subject = "purchase-confirmed".to_owned();
            let mut status = fake::status();
            healer.heal(&[], &look("one"), &status).await;
            healer.heal(&[remade], &look("two"), &status).await;
            for _ in 0..looks {
                healer.heal(&[], &look("two"), &status).await;
            }
            let mine: Vec<i32> = status.partitions.iter().map(|of| of.partition).collect();
            let other = (0..3).find(|number| !mine.contains(number)).unwrap();
            let mut arrived = status.partitions[0].clone();
            arrived.partition = other;
            status.partitions.push(arrived);
            healer.heal(&[], &look("two"), &status).await;
            assert_eq!(orders.0.lock().unwrap().len(), orders_then, "{looks}");
        }
    }
}
