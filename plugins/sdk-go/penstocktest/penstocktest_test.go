package penstocktest

import (
	"testing"
	"time"

	penstock "penstock/sdk"
)

var out = penstock.NewOutput(0, "out", "")

// A handler that does what a record's value says.
type obedient struct{}

func (obedient) Handle(message *penstock.Message) error {
	out.Emit(message.Key, message.Value)
	switch string(message.Value) {
	case "skip":
		return penstock.Skip("why", "")
	case "retry":
		return penstock.RetryAfter(time.Second, "why", "attempt %d", penstock.Attempt())
	case "seed":
		high, low := penstock.Seed()
		again, _ := penstock.Seed()
		if high != again || high == low || penstock.NowMS() != 1_767_225_600_000 {
			return penstock.Reject("why", "")
		}
	}
	return nil
}

func TestOutputsCountOnlyIfAllIsWell(t *testing.T) {
	plugin := penstock.Plugin{
		Outputs:   []penstock.Output{out},
		Configure: func(string, penstock.Settings) (penstock.Handler, error) { return obedient{}, nil },
	}
	instance := Configure(t, plugin, "topic", nil)
	for value, outputs := range map[string]int{"seed": 1, "skip": 0, "retry": 0} {
		run := instance.HandleAttempt(Message(value), 2)
		if len(run.Outputs) != outputs {
			t.Errorf("%s: %+v", value, run)
		}
	}
	run := instance.HandleAttempt(Message("retry"), 2)
	if !IsRetry(run.Err, "why") || run.Err.Error() != "why: attempt 2" {
		t.Errorf("%v", run.Err)
	}
}
