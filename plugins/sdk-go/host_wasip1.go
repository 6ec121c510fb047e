package penstock

import (
	. "go.bytecodealliance.org/pkg/wit/types"

	"penstock/sdk/internal/host"
	witContext "penstock/sdk/internal/wit/penstock_handler_context"
	witLog "penstock/sdk/internal/wit/penstock_handler_log"
	witOutputs "penstock/sdk/internal/wit/penstock_handler_outputs"
)

func init() { host.Current = realHost{} }

type realHost struct{}

func (realHost) Emit(output uint32, record host.Record) {
	var headers []witOutputs.Header
	for _, header := range record.Headers {
		headers = append(headers, witOutputs.Header{Name: header.Name, Value: orNone(header.Value)})
	}
	timestamp := None[int64]()
	if record.TimestampMS != nil {
		timestamp = Some(*record.TimestampMS)
	}
	witOutputs.Emit(output, orNone(record.Key), orNone(record.Value), headers, timestamp)
}

func (realHost) MaxLevel() host.Level { return host.Level(witLog.MaxLevel()) }

func (realHost) Log(level host.Level, text string) { witLog.Write(witLog.Level(level), text) }

func (realHost) NowMS() int64 { return witContext.NowMs() }

func (realHost) Seed() (uint64, uint64) {
	return witContext.Seed()
}

func (realHost) Attempt() uint32 { return witContext.Attempt() }

func orNone(bytes []byte) Option[[]byte] {
	if bytes == nil {
		return None[[]byte]()
	}
	return Some(bytes)
}
