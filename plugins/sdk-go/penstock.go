// Package penstock is for writing Penstock handlers in Go.
//
// A handler gets one Kafka record a call, emits records to its logical outputs, and answers what
// became of it. Implement [Handler], pass a [Plugin] to [Export], and build with
// `penstock plugin build`:
//
//	package main
//
//	import (
//		"bytes"
//
//		penstock "penstock/sdk"
//	)
//
//	var loud = penstock.NewOutput(0, "loud", "Each text, in capitals")
//
//	var plugin = penstock.Plugin{
//		Name:      "shout",
//		Version:   "0.1.0",
//		Outputs:   []penstock.Output{loud},
//		Configure: func(string, penstock.Settings) (penstock.Handler, error) { return shout{}, nil },
//	}
//
//	func init() { penstock.Export(plugin) }
//
//	func main() {}
//
//	type shout struct{}
//
//	func (shout) Handle(message *penstock.Message) error {
//		if message.Value == nil {
//			return penstock.Skip("tombstone", "nothing to shout")
//		}
//		loud.Emit(message.Key, bytes.ToUpper(message.Value))
//		return nil
//	}
//
// What holds:
//   - What was emitted is sent when Handle answers nil, and dropped otherwise.
//   - A panic becomes a crash with its message and its trace: the record fails. Keep in a handler
//     only what may be lost at any record.
//   - The same record may come again. The clock, [NowMS] and time.Now alike, shows the record's
//     timestamp, and randomness is derived from [Seed]: derive ids from the record, and a repetition
//     repeats them. The order of a map's keys is another each time: sort them.
//   - Nothing may be under way when Handle returns: no goroutine, no timer.
//   - Garbage is collected after a call, not during it, so one call must not allocate more than the
//     handler's memory holds. A handler that does may call runtime.GC itself.
//   - log/slog and log write to the host's log.
package penstock

// Handler handles the records of one topic.
type Handler interface {
	// Handle handles one record. Nil is a success: what was emitted is sent. Skip is one, too, which
	// sends nothing. Reject and Retry fail; any other error is a crash, as a panic is.
	//
	// The message's bytes are its own, and may be kept.
	Handle(message *Message) error
}

// Plugin is what a plugin says of itself, and how it makes a handler.
type Plugin struct {
	// Name is the plugin's own.
	Name string
	// Version is the plugin's own.
	Version string
	// Headers asks for the records' headers: each costs allocations.
	Headers bool
	// Outputs are in the order of their indexes.
	Outputs []Output
	// Settings are those that Configure understands. Others, and required ones that are missing, are
	// refused by themselves.
	Settings []Setting
	// Configure makes the handler of a topic; it is called once an instance. What it refuses is a
	// SettingError, or several in errors.Join.
	Configure func(topic string, settings Settings) (Handler, error)
}

// exported is the one plugin of a component.
var exported Plugin

// Export makes a plugin the component's. Call it in an init function.
func Export(plugin Plugin) {
	for place, output := range plugin.Outputs {
		if int(output.index) != place {
			panic("output " + output.name + " is not declared at the place of its index")
		}
	}
	exported = plugin
}
