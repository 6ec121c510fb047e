// Package penstocktest is a fake host, so that a handler is tested natively, as any other code.
//
// It keeps the contract's rules: outputs are dropped unless the answer is nil; an output that is not
// declared, and a reason code that the host would refuse, fail the test.
package penstocktest

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"regexp"
	"sync"
	"testing"

	penstock "penstock/sdk"
	"penstock/sdk/internal/host"
)

// Instance is a configured handler, fed one record after another.
type Instance struct {
	t       testing.TB
	plugin  penstock.Plugin
	topic   string
	handler penstock.Handler
}

// Run is what came of one call of Handle.
type Run struct {
	// Err is the handler's answer.
	Err error
	// Outputs are what the host would send.
	Outputs []Emitted
	// Log is what was logged.
	Log []Line
}

// Emitted is a record that a handler emitted, and the name of its output.
type Emitted struct {
	Output string
	penstock.Record
}

// Line is a line that a handler logged. Its level is one of trace, debug, info, warn, error.
type Line struct{ Level, Text string }

// Message is a record with this value, of partition 0 and offset 0, made at the start of 2026, without
// key and headers.
func Message(value string) *penstock.Message {
	message := Tombstone()
	message.Value = []byte(value)
	return message
}

// Tombstone is the same without a value.
func Tombstone() *penstock.Message {
	return &penstock.Message{Timestamp: penstock.CreateTime, TimestampMS: 1_767_225_600_000}
}

// Configure makes an instance, and fails the test if that is refused.
func Configure(t testing.TB, plugin penstock.Plugin, topic string, settings penstock.Settings) *Instance {
	t.Helper()
	handler, err := plugin.New(topic, settings)
	if err != nil {
		t.Fatalf("configure refused: %v", err)
	}
	return &Instance{t, plugin, topic, handler}
}

// Handle handles one record, at the first attempt.
func (instance *Instance) Handle(message *penstock.Message) Run {
	instance.t.Helper()
	return instance.HandleAttempt(message, 1)
}

// HandleAttempt handles one record, at this attempt.
func (instance *Instance) HandleAttempt(message *penstock.Message, attempt uint32) Run {
	instance.t.Helper()
	if !instance.plugin.Headers {
		without := *message
		without.Headers = nil
		message = &without
	}
	call := &fake{instance: instance, message: message, attempt: attempt}
	err := call.handle()
	if reason, is := Reason(err); is {
		if !code.MatchString(reason.Code) {
			instance.t.Errorf("reason code `%s` is not [a-z0-9-]{1,64}", reason.Code)
		}
	}
	if err != nil {
		call.outputs = nil
	}
	return Run{err, call.outputs, call.lines}
}

// Reason is the Verdict that an answer is, if it is one.
func Reason(err error) (*penstock.Verdict, bool) {
	var reason *penstock.Verdict
	is := errors.As(err, &reason)
	return reason, is
}

// IsSkip says whether an answer is a Skip with this code.
func IsSkip(err error, code string) bool { return is(err, penstock.Skipped, code) }

// IsReject says whether an answer is a Reject with this code.
func IsReject(err error, code string) bool { return is(err, penstock.Rejected, code) }

// IsRetry says whether an answer is a Retry with this code.
func IsRetry(err error, code string) bool { return is(err, penstock.Retried, code) }

func is(err error, kind penstock.VerdictKind, code string) bool {
	reason, is := Reason(err)
	return is && reason.Kind == kind && reason.Code == code
}

var code = regexp.MustCompile("^[a-z0-9-]{1,64}$")

// There is one host, so one call at a time, in parallel tests too.
var one sync.Mutex

type fake struct {
	instance *Instance
	message  *penstock.Message
	attempt  uint32
	outputs  []Emitted
	lines    []Line
}

func (call *fake) handle() error {
	one.Lock()
	defer one.Unlock()
	host.Current = call
	defer func() { host.Current = nil }()
	return call.instance.handler.Handle(call.message)
}

func (call *fake) Emit(output uint32, record host.Record) {
	declared := call.instance.plugin.Outputs
	if int(output) >= len(declared) {
		call.instance.t.Errorf("emit to output %d, which is not declared", output)
		return
	}
	emitted := Emitted{Output: declared[output].Name()}
	emitted.Key = record.Key
	emitted.Value = record.Value
	emitted.TimestampMS = record.TimestampMS
	for _, header := range record.Headers {
		emitted.Headers = append(emitted.Headers, penstock.Header(header))
	}
	call.outputs = append(call.outputs, emitted)
}

func (call *fake) MaxLevel() host.Level { return host.Trace }

func (call *fake) Log(level host.Level, text string) {
	name := [...]string{"trace", "debug", "info", "warn", "error"}[level]
	call.lines = append(call.lines, Line{name, text})
}

func (call *fake) NowMS() int64 { return call.message.TimestampMS }

func (call *fake) Seed() (uint64, uint64) {
	hash := fnv.New128a()
	hash.Write([]byte(call.instance.plugin.Name + "\x00" + call.instance.topic))
	hash.Write(binary.BigEndian.AppendUint32(nil, uint32(call.message.Partition)))
	hash.Write(binary.BigEndian.AppendUint64(nil, uint64(call.message.Offset)))
	sum := hash.Sum(nil)
	return binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])
}

func (call *fake) Attempt() uint32 { return call.attempt }
