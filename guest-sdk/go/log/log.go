// Package log writes to the job's log.
//
// What is written here, to standard output (as info) and to standard error (as warn) goes to one log, in order, with
// secrets masked. The log has a budget; what is over it is dropped, and a line says how much. Natively the lines go
// to standard output.
//
// After a message come names and values that go with it, in pairs, as with log/slog:
//
//	log.Info("built the site", "pages", 3)
package log

import (
	"fmt"

	"pipefitter/internal/host"
)

// A Level says how much a line matters, least first.
type Level uint8

const (
	// LevelTrace is finest detail.
	LevelTrace Level = iota
	// LevelDebug is for whoever develops the plugin.
	LevelDebug
	// LevelInfo is what a pipeline's owner may want to read.
	LevelInfo
	// LevelWarn says that something is odd and the work goes on.
	LevelWarn
	// LevelError says that something failed.
	LevelError
)

// String gives the level's name, such as info.
func (level Level) String() string {
	names := [...]string{"trace", "debug", "info", "warn", "error"}
	if int(level) < len(names) {
		return names[level]
	}
	return fmt.Sprintf("level %d", uint8(level))
}

// Threshold gives the least level that is kept: messages below it need not be made.
func Threshold() Level { return Level(host.Threshold()) }

// Write writes a message at a level. Line ends split it into lines; the pairs go with each.
func Write(level Level, message string, pairs ...any) {
	if level < Threshold() {
		return
	}
	fields := make([][2]string, 0, (len(pairs)+1)/2)
	for len(pairs) > 0 {
		if len(pairs) == 1 {
			// A value whose name was forgotten is not lost.
			fields = append(fields, [2]string{"!unnamed", fmt.Sprint(pairs[0])})
			break
		}
		fields = append(fields, [2]string{fmt.Sprint(pairs[0]), fmt.Sprint(pairs[1])})
		pairs = pairs[2:]
	}
	host.Write(uint8(level), message, fields)
}

// Trace writes finest detail.
func Trace(message string, pairs ...any) { Write(LevelTrace, message, pairs...) }

// Debug writes for whoever develops the plugin.
func Debug(message string, pairs ...any) { Write(LevelDebug, message, pairs...) }

// Info writes what a pipeline's owner may want to read.
func Info(message string, pairs ...any) { Write(LevelInfo, message, pairs...) }

// Warn writes that something is odd, and the work goes on.
func Warn(message string, pairs ...any) { Write(LevelWarn, message, pairs...) }

// Error writes that something failed.
func Error(message string, pairs ...any) { Write(LevelError, message, pairs...) }
