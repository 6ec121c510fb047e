package penstock

// Message is one record. Its topic was given to Configure.
type Message struct {
	// Partition counts from 0.
	Partition int32
	// Offset is the record's place in its partition.
	Offset int64
	// Timestamp says what TimestampMS is.
	Timestamp TimestampKind
	// TimestampMS is in milliseconds since 1970; 0 where it is unknown.
	TimestampMS int64
	// Key is nil for Kafka's null, which differs from an empty key.
	Key []byte
	// Value is nil for a tombstone, which differs from an empty value.
	Value []byte
	// Headers are none unless the plugin asks for them.
	Headers []Header
}

// Header is a record header. Order and duplicates are kept, in both directions.
type Header struct {
	Name string
	// Value is nil for Kafka's null.
	Value []byte
}

// TimestampKind is what a record's timestamp is.
type TimestampKind uint8

const (
	// Unknown: the record carries none.
	Unknown TimestampKind = iota
	// CreateTime was set by the producer.
	CreateTime
	// LogAppendTime was set by the broker.
	LogAppendTime
)
