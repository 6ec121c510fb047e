//! The purchases that go in, and the grants that must come out.

use anyhow::{Context, Result, ensure};

/// Distinct keys.
pub(crate) const USERS: u64 = 10_000;

/// The user of the purchase numbered `sequence`; also its key.
pub(crate) fn user(sequence: u64) -> String {
    format!("u{:05}", sequence * 7919 % USERS)
}

/// A purchase of about 244 bytes.
pub(crate) fn purchase(sequence: u64) -> String {
    format!(
        r#"{{"eventId":"e{sequence:09}","type":"PURCHASE_CONFIRMED","userId":"{}","courseId":"c{:04}","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z","orderId":"o{sequence:09}","paymentMethod":"card","country":"DEU","coupon":"SPRING-2026"}}"#,
        user(sequence),
        sequence % 500,
    )
}

/// What purchase-to-access makes of it.
pub(crate) fn grant(sequence: u64) -> String {
    format!(
        r#"{{"type":"COURSE_ACCESS_GRANTED","eventId":"e{sequence:09}/access","userId":"{}","courseId":"c{:04}","purchaseId":"e{sequence:09}","grantedAt":"2026-01-01T10:00:00.000Z"}}"#,
        user(sequence),
        sequence % 500,
    )
}

/// The number of a purchase or of a grant.
pub(crate) fn sequence(event: &[u8]) -> Option<u64> {
    const FIELD: &[u8] = br#""eventId":"e"#;
    let at = event
        .windows(FIELD.len())
        .position(|window| window == FIELD)?
        + FIELD.len();
    std::str::from_utf8(event.get(at..at + 9)?)
        .ok()?
        .parse()
        .ok()
}

/// Sees every grant: none missing, none twice, each as expected, each key's in order.
pub(crate) struct Audit {
    seen: Vec<bool>,
    last: Vec<Option<u64>>,
    wrong: Option<String>,
}

impl Audit {
    /// Of the grants of purchases `0..count`.
    pub(crate) fn new(count: u64) -> Audit {
        Audit {
            seen: vec![false; usize::try_from(count).unwrap_or(usize::MAX)],
            last: vec![None; usize::try_from(USERS).unwrap_or(usize::MAX)],
            wrong: None,
        }
    }

    /// Takes an output; outputs of one partition in their order.
    pub(crate) fn take(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) {
        if self.wrong.is_none()
            && let Err(error) = self.check(key.unwrap_or_default(), value.unwrap_or_default())
        {
            self.wrong = Some(format!("{error:#}"));
        }
    }

    fn check(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(value);
        let number = sequence(value).with_context(|| format!("no grant: {text}"))?;
        ensure!(value == grant(number).as_bytes(), "not as expected: {text}");
        ensure!(
            key == user(number).as_bytes(),
            "{text} has the key of another user"
        );
        let seen = usize::try_from(number)
            .ok()
            .and_then(|index| self.seen.get_mut(index));
        let seen = seen.with_context(|| format!("of no purchase that was sent: {text}"))?;
        ensure!(
            !std::mem::replace(seen, true),
            "twice, without a crash: {text}"
        );
        let last = &mut self.last[usize::try_from(number * 7919 % USERS)?];
        ensure!(
            last.is_none_or(|last| last < number),
            "after a later one of its key: {text}"
        );
        *last = Some(number);
        Ok(())
    }

    /// # Errors
    /// The first thing that was wrong.
    pub(crate) fn finish(self) -> Result<()> {
        ensure!(
            self.wrong.is_none(),
            "an output is wrong: {}",
            self.wrong.unwrap_or_default()
        );
        let missing = self.seen.iter().filter(|seen| !**seen).count();
        ensure!(
            missing == 0,
            "{missing} of {} outputs are missing",
            self.seen.len()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(count: u64, outputs: &[u64]) -> Result<()> {
        let mut audit = Audit::new(count);
        for number in outputs {
            let (key, value) = (user(*number), grant(*number));
            audit.take(Some(key.as_bytes()), Some(value.as_bytes()));
        }
        audit.finish()
    }

    #[test]
    fn a_purchase_has_the_size_that_is_claimed() {
        assert_eq!(purchase(123_456_789).len(), 244);
        assert_eq!(
            sequence(purchase(123_456_789).as_bytes()),
            Some(123_456_789)
        );
        assert_eq!(sequence(grant(7).as_bytes()), Some(7));
    }

    #[test]
    fn the_audit_finds_what_is_wrong() {
        // Two purchases of one user are USERS apart.
        let later = USERS;
        let all: Vec<u64> = (0..=later).collect();
        assert!(audit(later + 1, &all).is_ok());
        assert!(audit(later + 1, &all[1..]).is_err(), "missing");
        assert!(audit(2, &[0, 1, 1]).is_err(), "twice");
        let mut turned = all.clone();
        turned.swap(0, usize::try_from(later).unwrap_or_default());
        assert!(audit(later + 1, &turned).is_err(), "order");
        let mut foreign = Audit::new(1);
        foreign.take(Some(b"u00001"), Some(grant(0).as_bytes()));
        assert!(foreign.finish().is_err(), "key");
    }
}
