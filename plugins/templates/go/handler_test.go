package main

import (
	"testing"

	"penstock/sdk/penstocktest"
)

const event = `{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","createdAt":"2026-01-01T10:00:00.000Z"}`

func TestPurchaseGrantsAccess(t *testing.T) {
	instance := penstocktest.Configure(t, plugin, "purchase-confirmed", nil)
	run := instance.Handle(penstocktest.Message(event))
	if run.Err != nil || len(run.Outputs) != 1 {
		t.Fatalf("%+v", run)
	}
	want := `{"type":"COURSE_ACCESS_GRANTED","eventId":"e1/access","userId":"u7","courseId":"c3","purchaseId":"e1","grantedAt":"2026-01-01T10:00:00.000Z"}`
	if got := string(run.Outputs[0].Value); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWhatIsNoPurchaseIsRejected(t *testing.T) {
	instance := penstocktest.Configure(t, plugin, "purchase-confirmed", nil)
	run := instance.Handle(penstocktest.Message(`{"type":"PURCHASE_CONFIRMED","eventId":7}`))
	if !penstocktest.IsReject(run.Err, "invalid-event") || len(run.Outputs) != 0 {
		t.Errorf("%+v", run)
	}
}

func TestTombstoneIsSkipped(t *testing.T) {
	instance := penstocktest.Configure(t, plugin, "purchase-confirmed", nil)
	run := instance.Handle(penstocktest.Tombstone())
	if !penstocktest.IsSkip(run.Err, "tombstone") {
		t.Errorf("%+v", run)
	}
}
