package penstock

import (
	"fmt"
	"time"
)

// Verdict is an answer that has a reason. It is an error, so that Handle can return it; a Skip is one
// only as fs.SkipDir is.
type Verdict struct {
	Kind VerdictKind
	// Code is of small letters, digits and dashes, and becomes a metric label: keep their number
	// small.
	Code string
	// Text is for people: one sentence.
	Text string
	// After is the least delay before a retry; 0 leaves it to the host's backoff.
	After time.Duration
}

// VerdictKind is what a Verdict makes of a record.
type VerdictKind uint8

const (
	// Skipped is a success that sends nothing.
	Skipped VerdictKind = iota
	// Rejected is dead-lettered now.
	Rejected
	// Retried is handled again.
	Retried
)

// Error is "code: text".
func (verdict *Verdict) Error() string { return verdict.Code + ": " + verdict.Text }

// Skip is for a record that is deliberately not handled: what was emitted is dropped, and the reason
// is counted. The text is made as fmt.Sprintf does.
func Skip(code, format string, arguments ...any) error {
	return &Verdict{Skipped, code, fmt.Sprintf(format, arguments...), 0}
}

// Reject is for a record that is never going to be handled: it is dead-lettered now.
func Reject(code, format string, arguments ...any) error {
	return &Verdict{Rejected, code, fmt.Sprintf(format, arguments...), 0}
}

// Retry is for what may pass by itself: the host calls again, with a growing delay, and gives up at
// some time.
func Retry(code, format string, arguments ...any) error {
	return &Verdict{Retried, code, fmt.Sprintf(format, arguments...), 0}
}

// RetryAfter is Retry after this delay at least.
func RetryAfter(delay time.Duration, code, format string, arguments ...any) error {
	return &Verdict{Retried, code, fmt.Sprintf(format, arguments...), delay}
}
