//! A confirmed purchase grants access to the course.

use std::num::NonZeroU32;

use penstock_sdk::json::{self, Field, Invalid};
use penstock_sdk::prelude::*;
use serde::{Deserialize, Serialize};

mod expiry;
#[cfg(test)]
mod tests;

const ACCESS_GRANTED: Output = Output::new(
    0,
    "access-granted",
    "COURSE_ACCESS_GRANTED, one for each purchase",
);
const GRANT_DAYS: &str = "grant-days";

/// The handler of `purchase-confirmed`.
pub struct PurchaseToAccess {
    grant_days: Option<NonZeroU32>,
    json: Vec<u8>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound = "'de: 'a")]
struct Purchase<'a> {
    event_id: Field<'a>,
    r#type: Field<'a>,
    user_id: Field<'a>,
    course_id: Field<'a>,
    amount: Field<'a>,
    currency: Field<'a>,
    created_at: Field<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessGranted<'a> {
    r#type: &'static str,
    event_id: String,
    user_id: &'a str,
    course_id: &'a str,
    purchase_id: &'a str,
    granted_at: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
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
            json: Vec::new(),
        })
    }

    fn handle(&mut self, message: Message) -> Result<Outcome, Failure> {
        let Some(value) = &message.value else {
            return Ok(Outcome::skip("tombstone", "a purchase without a value"));
        };
        let purchase: Purchase = json::object(value)?;
        let kind = purchase.r#type.str("type")?;
        if kind != "PURCHASE_CONFIRMED" {
            return Ok(Outcome::skip(
                "other-event",
                format!("an event of type {kind}"),
            ));
        }
        let access = self.grant(&purchase)?;
        self.json.clear();
        serde_json::to_writer(&mut self.json, &access)
            .map_err(|error| Failure::crash(error.to_string(), ""))?;
        let key = message.key.as_deref().unwrap_or(access.user_id.as_bytes());
        ACCESS_GRANTED.emit(Some(key), &self.json);
        Ok(Outcome::Done)
    }
}

impl PurchaseToAccess {
    fn grant<'a>(&self, purchase: &'a Purchase) -> Result<AccessGranted<'a>, Invalid> {
        let purchase_id = purchase.event_id.str("eventId")?;
        let user_id = purchase.user_id.str("userId")?;
        let course_id = purchase.course_id.str("courseId")?;
        purchase.amount.number("amount")?;
        purchase.currency.str("currency")?;
        let granted_at = purchase.created_at.str("createdAt")?;
        let expires_at = self
            .grant_days
            .map(|days| expiry::days_later(granted_at, days.get()))
            .transpose()
            .map_err(|problem| Invalid::field("createdAt", problem))?;
        Ok(AccessGranted {
            r#type: "COURSE_ACCESS_GRANTED",
            event_id: [purchase_id, "/access"].concat(),
            user_id,
            course_id,
            purchase_id,
            granted_at,
            expires_at,
        })
    }
}

penstock_sdk::export!(PurchaseToAccess);
