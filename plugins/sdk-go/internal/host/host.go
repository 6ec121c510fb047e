// Package host is what a handler calls: the real host, or a fake one in tests.
package host

// Level is that of a log line, from the most verbose to the most urgent.
type Level uint8

// The levels of the contract.
const (
	Trace Level = iota
	Debug
	Info
	Warn
	Error
)

// Header is a record header.
type Header struct {
	Name  string
	Value []byte
}

// Record is a record to be emitted.
type Record struct {
	Key, Value  []byte
	Headers     []Header
	TimestampMS *int64
}

// Host is the functions of the contract.
type Host interface {
	Emit(output uint32, record Record)
	MaxLevel() Level
	Log(level Level, text string)
	NowMS() int64
	Seed() (uint64, uint64)
	Attempt() uint32
}

// Current is the one there is.
var Current Host
