// The guest of the conformance suite in Go: tests/conformance/README.md says what it does.
package main

import (
	"errors"
	"os"

	"pipefitter"
)

func init() { pipefitter.Register(run) }

func main() {}

var cases = map[string]func(*pipefitter.Job) (pipefitter.Outcome, error){
	"config":      readConfig,
	"inputs":      listInputs,
	"large":       readLarge,
	"tree":        writeTree,
	"variables":   setVariables,
	"fail":        fail,
	"continue":    goOn,
	"details":     tellDetails,
	"throw":       throw,
	"trap":        trap,
	"progress":    tellProgress,
	"stop":        waitForStop,
	"deadline":    loop,
	"log":         writeLog,
	"clock":       readClocks,
	"random":      drawRandom,
	"denied-file": openOthers,
	"network":     request,
	"secret":      readSecret,
}

func run(job *pipefitter.Job) (pipefitter.Outcome, error) {
	name, _ := job.ConfigValue("case")
	do, ok := cases[name]
	if !ok {
		return pipefitter.Outcome{}, pipefitter.ConfigurationError("unknown case `%s`", name)
	}
	outcome, err := do(job)
	if err == nil && outcome.IsSucceeded() && outcome.Details().Summary == "" && name != "progress" {
		outcome = outcome.Summary(name + " done")
	}
	return outcome, err
}

func throw(*pipefitter.Job) (pipefitter.Outcome, error) {
	panic(errors.New("uncaught as asked"))
}

func trap(*pipefitter.Job) (pipefitter.Outcome, error) {
	// A panic that nobody can recover from: Go has no other way into a trap.
	lost := make(chan struct{})
	go func() { panic("trapped as asked") }()
	<-lost
	os.Exit(1)
	return pipefitter.Succeeded(), nil
}
