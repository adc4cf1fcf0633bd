package pipefitter

import (
	"fmt"
	"runtime/debug"
	"strings"

	"pipefitter/log"
)

// A Func is a plugin: it turns a job into an outcome, or an error that says why there is none.
type Func func(job *Job) (Outcome, error)

var (
	registered Func
	// Told when the job is run: a panic in an init function would reach nobody who could read it.
	misregistered string
)

// Register makes a function the plugin. It is called once, in an init function of package main; main itself is
// never called.
func Register(run Func) {
	switch {
	case run == nil:
		misregistered = "pipefitter.Register was given nil: give it the plugin's function"
	case registered != nil:
		misregistered = "pipefitter.Register was called twice: a plugin is one function"
	default:
		registered = run
	}
}

// Call runs a plugin's function as the host does: a panic becomes a [*Failure], with its stack in the log, and so
// does every error and an outcome that cannot be sent. Tests of a plugin may call the function itself as well.
func Call(run Func, job *Job) (outcome Outcome, failure *Failure) {
	defer func() {
		if reason := recover(); reason != nil {
			outcome, failure = Outcome{}, panicked(reason, debug.Stack())
		}
	}()
	outcome, err := run(job)
	if err != nil {
		return Outcome{}, AsFailure(err)
	}
	if err := outcome.check(); err != nil {
		return Outcome{}, AsFailure(err)
	}
	return outcome, nil
}

// call runs the registered function.
func call(job *Job) (Outcome, *Failure) {
	if misregistered == "" && registered == nil {
		misregistered = "there is no function to run: call pipefitter.Register in an init function of package main"
	}
	if misregistered != "" {
		return Outcome{}, JobFailed("%s", misregistered)
	}
	return Call(registered, job)
}

func panicked(reason any, stack []byte) *Failure {
	err, ok := reason.(error)
	if !ok {
		err = fmt.Errorf("%v", reason)
	}
	log.Error("panic: " + err.Error())
	log.Error(ofPlugin(string(stack)))
	return AsFailure(err)
}

// ofPlugin gives the part of a stack that is the plugin's: from where it panicked to where it was called.
func ofPlugin(stack string) string {
	lines := strings.Split(strings.TrimSpace(stack), "\n")
	first, last := 0, len(lines)
	for at, line := range lines {
		switch {
		case strings.HasPrefix(line, "panic(") && first == 0:
			first = min(at+2, len(lines))
		case strings.HasPrefix(line, "pipefitter.Call(") && at > first && last == len(lines):
			last = at
		}
	}
	return strings.Join(lines[first:last], "\n")
}
