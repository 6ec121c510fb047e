package penstock

import "penstock/sdk/internal/host"

// Output is a logical output. The host's configuration maps each to a topic.
type Output struct {
	index uint32
	name  string
	doc   string
}

// NewOutput is the output with this index: in Plugin.Outputs it stands at that place. The doc is one
// sentence.
func NewOutput(index uint32, name, doc string) Output { return Output{index, name, doc} }

// Name is the output's, as in the configuration.
func (output Output) Name() string { return output.name }

// Emit emits a record with this key and value. A nil key or value is Kafka's null.
func (output Output) Emit(key, value []byte) {
	host.Current.Emit(output.index, host.Record{Key: key, Value: value})
}

// Record is a record to be emitted, in full.
type Record struct {
	Key, Value []byte
	Headers    []Header
	// TimestampMS is in milliseconds since 1970; nil leaves it to the host.
	TimestampMS *int64
}

// EmitRecord emits a record.
func (output Output) EmitRecord(record Record) {
	headers := make([]host.Header, len(record.Headers))
	for i, header := range record.Headers {
		headers[i] = host.Header(header)
	}
	host.Current.Emit(output.index,
		host.Record{Key: record.Key, Value: record.Value, Headers: headers, TimestampMS: record.TimestampMS})
}
