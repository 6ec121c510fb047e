//! `plugins/purchase-to-access` with serde_json: what the SDK's own JSON is measured against.
//!
//! It reads and writes by the source of the bare loop, which is as quick as serde_json allows.

use penstock_sdk::prelude::*;

#[path = "../../src/bare/purchase.rs"]
mod purchase;

use purchase::{Answer, Purchases};

const ACCESS_GRANTED: Output = Output::new(
    0,
    "access-granted",
    "COURSE_ACCESS_GRANTED, one for each purchase",
);

/// With it, nothing is read or written as JSON: what is left is what a call costs otherwise.
const WITHOUT: &str = "without";
/// Bytes of the value that are passed on then, as many as a grant has.
const GRANT_BYTES: usize = 150;

/// The handler.
pub struct PurchaseBySerdeJson {
    purchases: Purchases,
    without: bool,
}

impl Handler for PurchaseBySerdeJson {
    fn describe() -> Description {
        Description::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .output(ACCESS_GRANTED)
            .optional_setting(WITHOUT, "Pass the beginning of each value on, as it is")
    }

    fn configure(_topic: &str, settings: &Settings) -> Result<Self, Vec<SettingError>> {
        Ok(PurchaseBySerdeJson {
            purchases: Purchases::default(),
            without: settings.get(WITHOUT).is_some(),
        })
    }

    fn handle(&mut self, message: Message) -> Result<Outcome, Failure> {
        if self.without {
            let value = message.value.unwrap_or_default();
            ACCESS_GRANTED.emit(message.key, &value[..value.len().min(GRANT_BYTES)]);
            return Ok(Outcome::Done);
        }
        match self.purchases.handle(message.value) {
            Answer::Granted => {
                ACCESS_GRANTED.emit(message.key, &self.purchases.json);
                Ok(Outcome::Done)
            }
            Answer::Skipped => Ok(Outcome::skip("other-event", "no confirmed purchase")),
            Answer::Invalid => Err(Failure::reject("invalid-event", "no purchase")),
        }
    }
}

penstock_sdk::export!(PurchaseBySerdeJson);
