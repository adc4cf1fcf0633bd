//go:build !wasip1

package host

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"unicode/utf8"
)

// A Line is what was written to the log at once.
type Line struct {
	Level   uint8
	Message string
	Fields  [][2]string
}

// A Step is one call of Progress.
type Step struct {
	Percent int
	Summary string
}

// A Stored is what asking for a secret gives.
type Stored struct {
	Value   []byte
	Problem uint8
}

// A Fake stands in for the host.
type Fake struct {
	Lines     []Line
	Steps     []Step
	Threshold uint8
	Stop      uint8
	Remaining uint32
	Secrets   map[string]Stored
}

var (
	mutex sync.Mutex
	fake  = NewFake()
)

// NewFake gives a host that keeps every line, wants nobody to stop and grants nothing.
func NewFake() *Fake {
	return &Fake{Remaining: math.MaxUint32, Secrets: map[string]Stored{}}
}

// Reset puts a new stand-in in place of the one before.
func Reset() {
	With(func(*Fake) { fake = NewFake() })
}

// With gives the stand-in to a function that has it alone.
func With(use func(*Fake)) {
	mutex.Lock()
	defer mutex.Unlock()
	use(fake)
}

// Write writes to the log.
func Write(level uint8, message string, fields [][2]string) {
	With(func(fake *Fake) {
		if level < fake.Threshold {
			return
		}
		fake.Lines = append(fake.Lines, Line{level, message, fields})
		var text strings.Builder
		for _, field := range fields {
			fmt.Fprintf(&text, " %s=%s", field[0], field[1])
		}
		names := [...]string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR"}
		fmt.Printf("%-5s %s%s\n", names[level], message, text.String())
	})
}

// Threshold gives the least level that is kept.
func Threshold() (level uint8) {
	With(func(fake *Fake) { level = fake.Threshold })
	return level
}

// Progress takes how far the job is; less than 0 is unknown.
func Progress(percent int, summary string) {
	With(func(fake *Fake) { fake.Steps = append(fake.Steps, Step{percent, summary}) })
}

// StopRequested gives 0, or 1 and more for the contract's reasons.
func StopRequested() (reason uint8) {
	With(func(fake *Fake) { reason = fake.Stop })
	return reason
}

// TimeRemaining gives milliseconds.
func TimeRemaining() (milliseconds uint32) {
	With(func(fake *Fake) { milliseconds = fake.Remaining })
	return milliseconds
}

// Secret gives a secret as text.
func Secret(name string) (string, uint8) {
	value, problem := SecretBytes(name)
	if problem == SecretThere && !utf8.Valid(value) {
		// As the host answers for what is stored and is no text.
		return "", SecretUnavailable
	}
	return string(value), problem
}

// SecretBytes gives a secret.
func SecretBytes(name string) (value []byte, problem uint8) {
	With(func(fake *Fake) {
		secret, ok := fake.Secrets[name]
		if !ok {
			problem = SecretDenied
			return
		}
		value, problem = append([]byte(nil), secret.Value...), secret.Problem
	})
	return value, problem
}
