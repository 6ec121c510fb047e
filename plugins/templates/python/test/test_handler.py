import json
from unittest import TestCase

from handler import PurchaseToAccess
from penstock import Reject, Skip
from penstock.testing import Instance

PURCHASE = {
    "eventId": "e1",
    "type": "PURCHASE_CONFIRMED",
    "userId": "u7",
    "courseId": "c3",
    "createdAt": "2026-01-01T10:00:00.000Z",
}


class PurchaseToAccessTest(TestCase):
    def test_a_purchase_grants_access(self) -> None:
        run = Instance(PurchaseToAccess).handle(json.dumps(PURCHASE), key="u7")
        self.assertIsNone(run.result)
        expected = {
            "type": "COURSE_ACCESS_GRANTED",
            "eventId": "e1/access",
            "userId": "u7",
            "courseId": "c3",
            "purchaseId": "e1",
            "grantedAt": "2026-01-01T10:00:00.000Z",
        }
        self.assertEqual(run.outputs[0].json(), expected)

    def test_what_is_no_purchase_is_rejected(self) -> None:
        run = Instance(PurchaseToAccess).handle(json.dumps(PURCHASE | {"userId": 7}))
        assert isinstance(run.result, Reject)
        self.assertEqual(run.result.text, "userId: expected a string, found a number")
        self.assertEqual(run.outputs, [])

    def test_a_tombstone_is_skipped(self) -> None:
        run = Instance(PurchaseToAccess).handle(None)
        self.assertEqual(run.result, Skip("tombstone", "a purchase without a value"))
