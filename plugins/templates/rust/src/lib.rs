//! Grants access to a course that was bought.

use penstock_sdk::prelude::*;

const ACCESS_GRANTED: Output = Output::new(
    0,
    "access-granted",
    "COURSE_ACCESS_GRANTED, one for each purchase",
);

/// The handler of `purchase-confirmed`.
#[derive(Default)]
pub struct PurchaseToAccess {
    writer: json::Writer,
}

impl Handler for PurchaseToAccess {
    fn describe() -> Description {
        Description::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")).output(ACCESS_GRANTED)
    }

    fn configure(_topic: &str, _settings: &Settings) -> Result<Self, Vec<SettingError>> {
        Ok(PurchaseToAccess::default())
    }

    fn handle(&mut self, message: Message) -> Result<Outcome, Failure> {
        let Some(value) = message.value else {
            return Ok(Outcome::skip("tombstone", "a purchase without a value"));
        };
        let [event_id, kind, user_id, course_id, created_at] = json::fields(
            value,
            ["eventId", "type", "userId", "courseId", "createdAt"],
        )?;
        let kind = kind.str("type")?;
        if kind != "PURCHASE_CONFIRMED" {
            let text = format!("an event of type {kind}");
            return Ok(Outcome::skip("other-event", text));
        }
        let event_id = event_id.str("eventId")?;
        let mut access = self.writer.object();
        access
            .string("type", "COURSE_ACCESS_GRANTED")
            // Derived from the event's: when the record comes again, so does the id.
            .joined("eventId", &[event_id, "/access"])
            .string("userId", user_id.str("userId")?)
            .string("courseId", course_id.str("courseId")?)
            .string("purchaseId", event_id)
            .string("grantedAt", created_at.str("createdAt")?);
        ACCESS_GRANTED.emit(message.key, access.end());
        Ok(Outcome::Done)
    }
}

penstock_sdk::export!(PurchaseToAccess);

#[cfg(test)]
mod tests {
    use penstock_sdk::testing::{message, run};

    use super::*;

    #[test]
    fn a_purchase_grants_access() {
        let run = run::<PurchaseToAccess>(message(
            r#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","createdAt":"2026-01-01T10:00:00.000Z"}"#,
        ));
        assert_eq!(run.result, Ok(Outcome::Done));
        assert_eq!(
            run.outputs[0].value_str(),
            r#"{"type":"COURSE_ACCESS_GRANTED","eventId":"e1/access","userId":"u7","courseId":"c3","purchaseId":"e1","grantedAt":"2026-01-01T10:00:00.000Z"}"#
        );
    }

    #[test]
    fn what_is_no_purchase_is_rejected() {
        let run = run::<PurchaseToAccess>(message(r#"{"type":"PURCHASE_CONFIRMED","eventId":7}"#));
        let expected = "eventId: expected a string, found a number";
        assert_eq!(run.result, Err(Failure::reject("invalid-event", expected)));
    }
}
