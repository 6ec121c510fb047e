package penstock

import (
	"fmt"
	"runtime"
	"strings"
)

// configured is the one handler of an instance.
var configured Handler

// panicked is a panic, as an error.
type panicked struct {
	what  any
	trace string
}

func (panicked *panicked) Error() string { return fmt.Sprint(panicked.what) }

func guarded(message *Message) (err error) {
	defer func() {
		if what := recover(); what != nil {
			err = &panicked{what, trace()}
		}
	}()
	return configured.Handle(message)
}

// trace is the functions that a panic went through, one a line with file and line, as every SDK writes
// them, innermost first: those of the handler, without what called it. It is called by a deferred
// function.
func trace() string {
	var calls [64]uintptr
	frames := runtime.CallersFrames(calls[:runtime.Callers(2, calls[:])])
	var lines []string
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, "penstock/sdk.guarded.func"):
			// What was above it is the panic's own.
			lines = nil
		case frame.Function == "penstock/sdk.guarded":
			return strings.Join(lines, "\n")
		case strings.HasPrefix(frame.Function, "runtime."):
			// What raised it.
		default:
			at := fmt.Sprintf("at %s (%s:%d)", frame.Function, frame.File, frame.Line)
			lines = append(lines, at)
		}
	}
	return strings.Join(lines, "\n")
}
