//! The logic of `plugins/purchase-to-access`, natively.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Purchase<'a> {
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    user_id: Cow<'a, str>,
    #[serde(borrow)]
    course_id: Cow<'a, str>,
    #[serde(rename = "amount")]
    _amount: f64,
    #[serde(borrow, rename = "currency")]
    _currency: Cow<'a, str>,
    #[serde(borrow)]
    created_at: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessGranted<'a> {
    r#type: &'static str,
    event_id: &'a str,
    user_id: &'a str,
    course_id: &'a str,
    purchase_id: &'a str,
    granted_at: &'a str,
}

/// What is to be done with a record.
pub(crate) enum Answer {
    /// The output lies in the buffer; it keeps the input's key.
    Granted,
    /// Nothing to write.
    Skipped,
    /// Not an event: to the dead letters.
    Invalid,
}

/// Two buffers, used again for each record.
#[derive(Default)]
pub(crate) struct Purchases {
    /// The last output.
    pub(crate) json: Vec<u8>,
    event_id: String,
}

impl Purchases {
    pub(crate) fn handle(&mut self, value: Option<&[u8]>) -> Answer {
        let Some(value) = value else {
            return Answer::Skipped;
        };
        let Ok(purchase) = serde_json::from_slice::<Purchase<'_>>(value) else {
            return Answer::Invalid;
        };
        if purchase.r#type != "PURCHASE_CONFIRMED" {
            return Answer::Skipped;
        }
        self.event_id.clear();
        self.event_id.push_str(&purchase.event_id);
        self.event_id.push_str("/access");
        self.json.clear();
        let access = AccessGranted {
            r#type: "COURSE_ACCESS_GRANTED",
            event_id: &self.event_id,
            user_id: &purchase.user_id,
            course_id: &purchase.course_id,
            purchase_id: &purchase.event_id,
            granted_at: &purchase.created_at,
        };
        match serde_json::to_writer(&mut self.json, &access) {
            Ok(()) => Answer::Granted,
            Err(_) => Answer::Invalid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_as_the_plugin_does() {
        let mut purchases = Purchases::default();
        let event = br#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}"#;
        assert!(matches!(purchases.handle(Some(event)), Answer::Granted));
        let expected = r#"{"type":"COURSE_ACCESS_GRANTED","eventId":"e1/access","userId":"u7","courseId":"c3","purchaseId":"e1","grantedAt":"2026-01-01T10:00:00.000Z"}"#;
        assert_eq!(String::from_utf8_lossy(&purchases.json), expected);
        assert!(matches!(purchases.handle(None), Answer::Skipped));
        assert!(matches!(purchases.handle(Some(b"{}")), Answer::Invalid));
    }
}
