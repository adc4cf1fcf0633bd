package host

import (
	"strings"

	"pipefitter/internal/bindings/pipefitter_action_control"
	"pipefitter/internal/bindings/pipefitter_action_log"
	"pipefitter/internal/bindings/pipefitter_action_secrets"
	wit "pipefitter/internal/wit/types"
)

// Write writes to the log.
func Write(level uint8, message string, fields [][2]string) {
	pairs := make([]wit.Tuple2[string, string], len(fields))
	for at, field := range fields {
		pairs[at] = wit.Tuple2[string, string]{F0: text(field[0]), F1: text(field[1])}
	}
	pipefitter_action_log.Write(level, text(message), pairs)
}

// Threshold gives the least level that is kept.
func Threshold() uint8 { return pipefitter_action_log.Threshold() }

// Progress takes how far the job is; less than 0 is unknown.
func Progress(percent int, summary string) {
	known := wit.None[uint8]()
	if percent >= 0 {
		known = wit.Some(uint8(percent))
	}
	pipefitter_action_control.Progress(known, text(summary))
}

// StopRequested gives 0, or 1 and more for the contract's reasons.
func StopRequested() uint8 {
	reason := pipefitter_action_control.StopRequested()
	if reason.IsNone() {
		return 0
	}
	return reason.Some() + 1
}

// TimeRemaining gives milliseconds.
func TimeRemaining() uint32 { return pipefitter_action_control.TimeRemaining() }

// Secret gives a secret as text.
func Secret(name string) (string, uint8) {
	result := pipefitter_action_secrets.Get(text(name))
	if result.IsErr() {
		return "", result.Err() + 1
	}
	return result.Ok(), SecretThere
}

// SecretBytes gives a secret.
func SecretBytes(name string) ([]byte, uint8) {
	result := pipefitter_action_secrets.GetBytes(text(name))
	if result.IsErr() {
		return nil, result.Err() + 1
	}
	return result.Ok(), SecretThere
}

// A Go string may hold any bytes; one that is not UTF-8 would end the job in a trap.
func text(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
