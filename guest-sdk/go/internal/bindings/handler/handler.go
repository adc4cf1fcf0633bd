//go:build wasip1

// Package handler is where the generated export finds the plugin.
package handler

import (
	types "pipefitter/internal/bindings/pipefitter_action_types"
	wit "pipefitter/internal/wit/types"
)

// Run runs a job; package pipefitter sets it.
var Run func(types.Job) wit.Result[types.Outcome, types.Failure]
