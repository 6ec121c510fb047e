// Package export_penstock_handler_handler is what the generated exports call, by the name that they
// expect.
package export_penstock_handler_handler

import (
	witTypes "go.bytecodealliance.org/pkg/wit/types"

	"penstock/sdk/internal/wit/penstock_handler_types"
)

// Set by the SDK before anything is called.
var (
	Describe  func() penstock_handler_types.Description
	Configure func(string, []witTypes.Tuple2[string, string]) witTypes.Result[witTypes.Unit, []penstock_handler_types.SettingError]
	Handle    func(penstock_handler_types.Message) witTypes.Result[penstock_handler_types.Outcome, penstock_handler_types.Failure]
)
