"""Grants access to a course that was bought."""

import json
from dataclasses import dataclass

from penstock import Handler, Message, Output, Skip


@dataclass
class Event:
    type: str


@dataclass
class Purchase:
    eventId: str
    userId: str
    courseId: str
    createdAt: str


class PurchaseToAccess(Handler):
    name = "{{name}}"
    version = "0.1.0"

    access_granted = Output("access-granted", "COURSE_ACCESS_GRANTED, one for each purchase")

    def handle(self, message: Message) -> Skip | None:
        if message.value is None:
            return Skip("tombstone", "a purchase without a value")
        event = message.into(Event)
        if event.type != "PURCHASE_CONFIRMED":
            return Skip("other-event", f"an event of type {event.type}")
        purchase = message.into(Purchase)
        access = {
            "type": "COURSE_ACCESS_GRANTED",
            # Derived from the event's: when the record comes again, so does the id.
            "eventId": f"{purchase.eventId}/access",
            "userId": purchase.userId,
            "courseId": purchase.courseId,
            "purchaseId": purchase.eventId,
            "grantedAt": purchase.createdAt,
        }
        value = json.dumps(access, separators=(",", ":"), ensure_ascii=False)
        self.access_granted.emit(key=message.key, value=value)
        return None
