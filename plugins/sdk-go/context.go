package penstock

import "penstock/sdk/internal/host"

// NowMS is the record's timestamp in milliseconds since 1970; 0 where it has none. There is no other
// clock.
func NowMS() int64 { return host.Current.NowMS() }

// Seed is 128 bits derived from handler, topic, partition and offset: the same for the same record.
// rand.New(rand.NewPCG(penstock.Seed())) of math/rand/v2 makes a generator of them.
func Seed() (uint64, uint64) { return host.Current.Seed() }

// Attempt is which call for this record this is: 1, 2, … The one answer that differs when a record
// comes again.
func Attempt() uint32 { return host.Current.Attempt() }
