package penstock

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The host writes a record into memory that it asks the guest for. Were garbage collected then, the
// collector would look at the clock, which is an import, and no import may be called at that time: the
// instance would trap. So garbage is collected after a call of the handler, and never by itself.
func init() { debug.SetGCPercent(-1) }

// collectAfter is how much is allocated between two collections. Below it the memory that an
// instance needs grows, above it the time for collections.
const collectAfter = 8 << 20

var (
	allocated   = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	collectedAt uint64
)

func collectGarbage() {
	metrics.Read(allocated)
	if now := allocated[0].Value.Uint64(); now-collectedAt > collectAfter {
		runtime.GC()
		collectedAt = now
	}
}
