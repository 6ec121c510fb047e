package penstock

import (
	"errors"
	"time"

	. "go.bytecodealliance.org/pkg/wit/types"

	exports "penstock/sdk/internal/wit/export_penstock_handler_handler"
	wit "penstock/sdk/internal/wit/penstock_handler_types"
	_ "penstock/sdk/internal/wit/wit_exports"
)

// Version is the SDK's.
const version = "0.1.0"

func init() {
	exports.Describe = describe
	exports.Configure = configureExported
	exports.Handle = handle
}

func describe() wit.Description {
	description := wit.Description{
		Name:    exported.Name,
		Version: exported.Version,
		Sdk:     "penstock-sdk-go " + version,
		Headers: exported.Headers,
	}
	for _, output := range exported.Outputs {
		spec := wit.OutputSpec{Name: output.name, Doc: output.doc}
		description.Outputs = append(description.Outputs, spec)
	}
	for _, setting := range exported.Settings {
		spec := wit.SettingSpec{
			Name:     setting.Name,
			Doc:      setting.Doc,
			Required: setting.Required,
			Default:  None[string](),
		}
		if setting.Default != "" {
			spec.Default = Some(setting.Default)
		}
		description.Settings = append(description.Settings, spec)
	}
	return description
}

func configureExported(topic string, given []Tuple2[string, string]) Result[Unit, []wit.SettingError] {
	settings := Settings{}
	for _, one := range given {
		settings[one.F0] = one.F1
	}
	handler, err := exported.New(topic, settings)
	if err != nil {
		var refused []wit.SettingError
		for _, one := range SettingErrors(err) {
			refused = append(refused, wit.SettingError{Name: one.Name, Problem: one.Problem})
		}
		return Err[Unit](refused)
	}
	configured = handler
	return Ok[Unit, []wit.SettingError](Unit{})
}

func handle(received wit.Message) Result[wit.Outcome, wit.Failure] {
	err := guarded(&Message{
		Partition:   received.Partition,
		Offset:      received.Offset,
		Timestamp:   TimestampKind(received.Timestamp.Tag()),
		TimestampMS: millis(received.Timestamp),
		Key:         optional(received.Key),
		Value:       optional(received.Value),
		Headers:     headers(received.Headers),
	})
	collectGarbage()
	if err == nil {
		return Ok[wit.Outcome, wit.Failure](wit.MakeOutcomeDone())
	}
	var verdict *Verdict
	if !errors.As(err, &verdict) {
		return Err[wit.Outcome](wit.MakeFailureCrash(crash(err)))
	}
	reason := wit.Reason{Code: verdict.Code, Text: verdict.Text}
	switch verdict.Kind {
	case Skipped:
		return Ok[wit.Outcome, wit.Failure](wit.MakeOutcomeSkip(reason))
	case Rejected:
		return Err[wit.Outcome](wit.MakeFailureReject(reason))
	default:
		after := None[uint32]()
		if verdict.After > 0 {
			// At least that long.
			millis := (verdict.After + time.Millisecond - 1) / time.Millisecond
			after = Some(uint32(min(millis, 1<<32-1)))
		}
		return Err[wit.Outcome](wit.MakeFailureRetry(wit.RetryInfo{AfterMs: after, Why: reason}))
	}
}

func millis(timestamp wit.Timestamp) int64 {
	switch timestamp.Tag() {
	case wit.TimestampCreateTime:
		return timestamp.CreateTime()
	case wit.TimestampLogAppendTime:
		return timestamp.LogAppendTime()
	default:
		return 0
	}
}

// optional is nil for none; what is there, and empty, is not nil.
func optional(bytes Option[[]byte]) []byte {
	if bytes.IsNone() {
		return nil
	}
	if some := bytes.Some(); some != nil {
		return some
	}
	return []byte{}
}

func headers(received Option[[]wit.Header]) []Header {
	var headers []Header
	for _, header := range received.SomeOr(nil) {
		headers = append(headers, Header{header.Name, optional(header.Value)})
	}
	return headers
}

func crash(err error) wit.CrashInfo {
	info := wit.CrashInfo{Message: err.Error()}
	var panicked *panicked
	if errors.As(err, &panicked) {
		info.Message = "panic: " + info.Message
		info.Trace = panicked.trace
	}
	return info
}
