package penstock

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"unsafe"
)

// The host writes a record into memory that it asks the guest for. Were garbage collected then, the
// collector would look at the clock, which is an import, and no import may be called at that time: the
// instance would trap. So garbage is collected after a call of the handler, and never by itself.
func init() { debug.SetGCPercent(-1) }

const (
	// collectAfter is how much is allocated between two collections. Below it the memory that an
	// instance needs grows, above it the time for collections.
	collectAfter = 8 << 20
	// lookEvery is how many calls there are between two looks, each of which costs as much as a small
	// call.
	lookEvery = 16
)

var (
	allocated   = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	collectedAt uint64
	calls       uint
	end         unsafe.Pointer
)

// heapEnd is where the memory ends that the heap was given.
func heapEnd() unsafe.Pointer { return sbrk(0) }

//go:linkname sbrk runtime.sbrk
func sbrk(uintptr) unsafe.Pointer

func collectGarbage() {
	// Whatever a single call does, it can't use up the memory without the heap growing.
	calls++
	if calls%lookEvery != 0 && heapEnd() == end {
		return
	}
	metrics.Read(allocated)
	if now := allocated[0].Value.Uint64(); now-collectedAt > collectAfter {
		runtime.GC()
		collectedAt = now
	}
	end = heapEnd()
}
