package penstock_test

import (
	"log"
	"log/slog"
	"reflect"
	"testing"

	penstock "penstock/sdk"
	"penstock/sdk/penstocktest"
)

type talking struct{}

func (talking) Handle(*penstock.Message) error {
	slog.Info("granted", "user", "u 7", slog.Group("of", "course", 3))
	slog.With("a", 1).WithGroup("g").Warn("x", "b", 2)
	slog.Log(nil, penstock.LevelTrace, "deep")
	log.Printf("plain %d", 1)
	return nil
}

func TestBothLoggersWriteToTheHostsLog(t *testing.T) {
	plugin := penstock.Plugin{
		Configure: func(string, penstock.Settings) (penstock.Handler, error) { return talking{}, nil },
	}
	run := penstocktest.Configure(t, plugin, "topic", nil).Handle(penstocktest.Message("x"))
	want := []penstocktest.Line{
		{"info", `granted user="u 7" of.course=3`},
		{"warn", "x a=1 g.b=2"},
		{"trace", "deep"},
		{"info", "plain 1"},
	}
	if !reflect.DeepEqual(run.Log, want) {
		t.Errorf("%q", run.Log)
	}
}
