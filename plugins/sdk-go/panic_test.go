package penstock

import (
	"strings"
	"testing"
)

type breaking struct{}

func (breaking) Handle(message *Message) error {
	deeper(message.Value)
	return nil
}

func deeper(value []byte) byte { return value[7] }

func TestAPanicIsAnErrorWithTheFramesOfTheHandler(t *testing.T) {
	configured = breaking{}
	err := guarded(&Message{})
	info, is := err.(*panicked)
	if !is {
		t.Fatalf("%v", err)
	}
	if want := "runtime error: index out of range [7] with length 0"; err.Error() != want {
		t.Errorf("got %q", err.Error())
	}
	lines := strings.Split(info.trace, "\n")
	if lines[0] != "penstock/sdk.deeper" || !strings.Contains(lines[1], "panic_test.go:15") ||
		lines[2] != "penstock/sdk.breaking.Handle" || len(lines) != 5 {
		t.Errorf("the trace is not that of the handler alone:\n%s", info.trace)
	}
}
