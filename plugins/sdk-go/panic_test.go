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
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "at penstock/sdk.deeper (") ||
		!strings.HasSuffix(lines[0], "panic_test.go:15)") ||
		!strings.HasPrefix(lines[1], "at penstock/sdk.breaking.Handle (") {
		t.Errorf("the trace is not that of the handler alone:\n%s", info.trace)
	}
}
