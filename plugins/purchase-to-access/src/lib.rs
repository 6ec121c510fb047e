//! A confirmed purchase grants access to the course.

use std::num::NonZeroU32;

use penstock_sdk::json::{self, Invalid};
use penstock_sdk::prelude::*;

mod expiry;
#[cfg(test)]
mod tests;

const ACCESS_GRANTED: Output = Output::new(
    0,
    "access-granted",
    "COURSE_ACCESS_GRANTED, one for each purchase",
);
const GRANT_DAYS: &str = "grant-days";

/// What a purchase must have, in the usual order.
const FIELDS: [&str; 7] = [
    "eventId",
    "type",
    "userId",
    "courseId",
    "amount",
    "currency",
    "createdAt",
];

/// The handler of `purchase-confirmed`.
pub struct PurchaseToAccess {
    grant_days: Option<NonZeroU32>,
    writer: json::Writer,
}

impl Handler for PurchaseToAccess {
    fn describe() -> Description {
        Description::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .output(ACCESS_GRANTED)
            .optional_setting(
                GRANT_DAYS,
                "Days until the access expires; without it, never",
            )
    }

    fn configure(_topic: &str, settings: &Settings) -> Result<Self, Vec<SettingError>> {
        let grant_days = settings
            .get(GRANT_DAYS)
            .map(|text| {
                text.parse().map_err(|_| {
                    vec![SettingError::new(
                        GRANT_DAYS,
                        format!("expected a whole number of days, 1 or more, found `{text}`"),
                    )]
                })
            })
            .transpose()?;
        Ok(PurchaseToAccess {
            grant_days,
            writer: json::Writer::default(),
        })
    }

    fn handle(&mut self, message: Message) -> Result<Outcome, Failure> {
        let Some(value) = message.value else {
            return Ok(Outcome::skip("tombstone", "a purchase without a value"));
        };
        let [
            event_id,
            kind,
            user_id,
            course_id,
            amount,
            currency,
            created_at,
        ] = json::fields(value, FIELDS)?;
        let kind = kind.str("type")?;
        if kind != "PURCHASE_CONFIRMED" {
            return Ok(Outcome::skip(
                "other-event",
                format!("an event of type {kind}"),
            ));
        }
        let purchase_id = event_id.str("eventId")?;
        let user_id = user_id.str("userId")?;
        let course_id = course_id.str("courseId")?;
        amount.number("amount")?;
        currency.str("currency")?;
        let granted_at = created_at.str("createdAt")?;
        let expires_at = self.expires_at(granted_at)?;

        let mut access = self.writer.object();
        access
            .string("type", "COURSE_ACCESS_GRANTED")
            .joined("eventId", &[purchase_id, "/access"])
            .string("userId", user_id)
            .string("courseId", course_id)
            .string("purchaseId", purchase_id)
            .string("grantedAt", granted_at);
        if let Some(time) = expires_at {
            access.string("expiresAt", &time);
        }
        let key = message.key.unwrap_or(user_id.as_bytes());
        ACCESS_GRANTED.emit(Some(key), access.end());
        Ok(Outcome::Done)
    }
}

impl PurchaseToAccess {
    fn expires_at(&self, granted_at: &str) -> Result<Option<String>, Invalid> {
        self.grant_days
            .map(|days| expiry::days_later(granted_at, days.get()))
            .transpose()
            .map_err(|problem| Invalid::field("createdAt", problem))
    }
}

penstock_sdk::export!(PurchaseToAccess);
