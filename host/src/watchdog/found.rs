//! What the watchdog has found and is not over yet; said once when it comes, and when it passes.
//! What tells of something that has happened stays until the host is restarted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use penstock_core::codes::Code;
use penstock_core::diagnosis::{Evidence, Finding, Step};
use penstock_core::status::FindingStatus;

/// See the module.
#[derive(Debug, Default)]
pub struct Found {
    held: Mutex<Vec<FindingStatus>>,
    healings: AtomicU64,
    looks: AtomicU64,
}

impl Found {
    /// What is wrong now.
    pub fn findings(&self) -> Vec<FindingStatus> {
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How often it has looked, and was answered.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// How often a partition was put to where it stood, or to its first record.
    pub fn healings(&self) -> u64 {
        self.healings.load(Ordering::Relaxed)
    }

    pub(super) fn healed(&self) {
        self.healings.fetch_add(1, Ordering::Relaxed);
    }

    /// What is found now takes the place of what was found before.
    pub(super) fn replace(&self, findings: &[Finding]) {
        let now = format!("{:.3}", jiff::Timestamp::now());
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next: Vec<FindingStatus> = Vec::new();
        for finding in findings {
            let mut found = status(finding, &now);
            if next.iter().any(|of| same(of, &found)) {
                continue;
            }
            match held.iter().find(|of| same(of, &found)) {
                Some(before) => before.first_seen.clone_into(&mut found.first_seen),
                None => tracing::warn!(
                    code = found.code,
                    subject = found.subject,
                    evidence = found.evidence.join("; "),
                    cure = found.cure.join("; "),
                    "{}",
                    found.text
                ),
            }
            next.push(found);
        }
        let now_gone = |of: &&FindingStatus| !next.iter().any(|it| same(it, of));
        let over: Vec<FindingStatus> = held.iter().filter(now_gone).cloned().collect();
        for over in over {
            if is_of_the_past(&over) {
                next.push(over);
                continue;
            }
            tracing::info!(
                code = over.code,
                subject = over.subject,
                since = over.first_seen,
                "found before, and over now"
            );
        }
        *held = next;
        self.looks.fetch_add(1, Ordering::Relaxed);
    }
}

/// Records may be lost, or were handled twice: nobody is to miss that for want of a look in time.
fn is_of_the_past(of: &FindingStatus) -> bool {
    of.code == Code::DoctorTopicRemade.as_str()
}

/// What has happened may happen again, and is told by its evidence.
fn same(a: &FindingStatus, b: &FindingStatus) -> bool {
    a.code == b.code && a.subject == b.subject && (!is_of_the_past(a) || a.evidence == b.evidence)
}

fn status(finding: &Finding, now: &str) -> FindingStatus {
    let evidence = |of: &Evidence| format!("{}: {}", of.label, of.value);
    let step = |of: &Step| match &of.command {
        Some(command) => format!("{}: `{command}`", of.text),
        None => of.text.clone(),
    };
    FindingStatus {
        code: finding.code.to_string(),
        subject: finding.subject.clone(),
        topic: finding.topic.clone(),
        partitions: finding.partitions.clone(),
        text: finding.cause.clone(),
        evidence: finding.evidence.iter().map(evidence).collect(),
        cure: finding.cure.iter().map(step).collect(),
        first_seen: now.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use penstock_core::diagnosis::{Certainty, Stage};

    use super::*;

    fn finding(code: Code) -> Finding {
        Finding {
            code,
            stage: Stage::Fetch,
            certainty: Certainty::Certain,
            subject: "t".to_owned(),
            topic: None,
            partitions: Vec::new(),
            cause: String::new(),
            evidence: Vec::new(),
            others: Vec::new(),
            cure: Vec::new(),
        }
    }

    #[test]
    fn what_is_over_goes_and_what_has_happened_stays() {
        let found = Found::default();
        let both = [Code::DoctorHeldBack, Code::DoctorTopicRemade].map(finding);
        let codes = || found.findings().into_iter().map(|of| of.code);
        found.replace(&both);
        assert_eq!(codes().collect::<Vec<_>>(), ["PSK-D010", "PSK-D003"]);
        found.replace(&[]);
        found.replace(&[]);
        assert_eq!(codes().collect::<Vec<_>>(), ["PSK-D003"]);
        found.replace(&both);
        assert_eq!(codes().count(), 2);
    }
}
