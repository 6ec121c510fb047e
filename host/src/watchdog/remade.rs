//! Topics that were made again under this host (PSK-D003), and the partitions that have to begin
//! anew for it.
//!
//! The client goes on at the position that it had in the old topic, where the new one is long
//! enough; what lies before would never be read. So each partition is put to its first record,
//! once for each time that the topic was made again. Some of it may have been handled by then, and
//! is done again: where a partition began cannot be told from its position.

use std::collections::{BTreeMap, BTreeSet};

use penstock_core::codes::Code;
use penstock_core::diagnosis::Finding;
use penstock_core::diagnosis::snapshot::{Look, Topic};
use penstock_core::operations::ResetPartition;
use penstock_core::status::Status;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Remade {
    /// The ids that each topic has had: one of them that comes back is a broker's old news.
    ids: BTreeMap<String, BTreeSet<Option<String>>>,
    /// What has not begun anew yet, and for how many looks more it may: a partition that another host
    /// has may come here meanwhile, with its position in the old topic.
    owed: BTreeMap<(String, i32), u32>,
}

/// Two minutes: by then a rebalance that was under way is over.
const LOOKS_OWED: u32 = 12;

impl Remade {
    /// What is to be put to its first record now, of `findings` and of what was owed before.
    pub(super) fn due(
        &mut self,
        findings: &[Finding],
        look: &Look,
        status: &Status,
    ) -> Vec<ResetPartition> {
        let found = |of: &Topic| {
            let remade = |it: &Finding| it.code == Code::DoctorTopicRemade && it.subject == of.name;
            findings.iter().any(remade)
        };
        self.owed.retain(|_, looks| {
            *looks -= 1;
            *looks > 0
        });
        for topic in &look.topics {
            let is_found = found(topic);
            let ids = self.ids.entry(topic.name.clone()).or_default();
            // The first is the one that it had before.
            if !is_found && ids.is_empty() {
                ids.insert(topic.id.clone());
            }
            if is_found && ids.insert(topic.id.clone()) {
                let partitions = topic.partitions.known().into_iter().flatten();
                let all = partitions.map(|of| (topic.name.clone(), of.number));
                self.owed.extend(all.map(|of| (of, LOOKS_OWED)));
            }
        }
        let held = status.partitions.iter();
        let owed = held.filter(|of| self.owed.contains_key(&(of.topic.clone(), of.partition)));
        let due = owed.filter_map(|of| {
            Some(ResetPartition {
                topic: of.topic.clone(),
                partition: of.partition,
                epoch: of.epoch,
                offset: first_offset(look, &of.topic, of.partition)?,
            })
        });
        due.collect()
    }

    /// It has begun anew.
    pub(super) fn begun(&mut self, of: &ResetPartition) {
        self.owed.remove(&(of.topic.clone(), of.partition));
    }
}

fn first_offset(look: &Look, topic: &str, partition: i32) -> Option<i64> {
    let topic = look.topics.iter().find(|of| of.name == topic)?;
    let partitions = topic.partitions.known()?;
    let found = partitions.iter().find(|of| of.number == partition)?;
    Some(found.log.known()?.start)
}
