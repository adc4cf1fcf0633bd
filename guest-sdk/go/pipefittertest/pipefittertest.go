//go:build !wasip1

// Package pipefittertest is for native tests of a plugin: a job made by hand, and a host to play.
//
//	func TestGreets(t *testing.T) {
//		host := pipefittertest.NewHost(t)
//		job := pipefittertest.NewJob().Config("name", "Ada").Input("Source", "testdata").Output("Out", t.TempDir()).Job()
//		outcome, err := run(job)
//		...
//		if host.Log()[0].Message != "Hello, Ada!" {
//
// There is one host for the whole process: tests that play it do not run in parallel.
package pipefittertest

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"pipefitter"
	"pipefitter/control"
	"pipefitter/internal/host"
	"pipefitter/log"
	"pipefitter/secrets"
)

// A Host stands in for Pipefitter until the test ends.
type Host struct{}

// NewHost gives a host that keeps every line of the log, asks nobody to stop and grants no secret.
func NewHost(t testing.TB) Host {
	host.Reset()
	t.Cleanup(host.Reset)
	return Host{}
}

// A Line is what a plugin wrote to its job's log at once.
type Line struct {
	// Level says how much it matters.
	Level log.Level
	// Message is what it says.
	Message string
	// Fields are the names and values that go with it.
	Fields [][2]string
}

// A Progress is what a plugin told of how far it is.
type Progress struct {
	// Percent is 0 to 100, or control.Unknown.
	Percent int
	// Summary is a few words.
	Summary string
}

// Log gives what was written to the log.
func (Host) Log() (lines []Line) {
	host.With(func(fake *host.Fake) {
		for _, line := range fake.Lines {
			lines = append(lines, Line{log.Level(line.Level), line.Message, line.Fields})
		}
	})
	return lines
}

// Progress gives what was told of how far the job is.
func (Host) Progress() (steps []Progress) {
	host.With(func(fake *host.Fake) {
		for _, step := range fake.Steps {
			steps = append(steps, Progress(step))
		}
	})
	return steps
}

// SetThreshold sets the least level that the log keeps.
func (Host) SetThreshold(level log.Level) {
	host.With(func(fake *host.Fake) { fake.Threshold = uint8(level) })
}

// SetStopRequested sets what [control.StopRequested] answers.
func (Host) SetStopRequested(reason control.StopReason) {
	host.With(func(fake *host.Fake) { fake.Stop = uint8(reason) })
}

// SetTimeRemaining sets what [control.TimeRemaining] answers.
func (Host) SetTimeRemaining(remaining time.Duration) {
	remaining = max(0, min(remaining, control.Forever))
	host.With(func(fake *host.Fake) { fake.Remaining = uint32(remaining / time.Millisecond) })
}

// SetSecret grants a secret. What is not set is denied.
func (Host) SetSecret(name string, value []byte) {
	host.With(func(fake *host.Fake) { fake.Secrets[name] = host.Stored{Value: value} })
}

// SetSecretProblem sets what goes wrong when a secret is asked for.
func (Host) SetSecretProblem(name string, problem secrets.Problem) {
	host.With(func(fake *host.Fake) { fake.Secrets[name] = host.Stored{Problem: uint8(problem) + 1} })
}

// A JobBuilder makes a [pipefitter.Job]; [NewJob] starts one.
type JobBuilder struct{ job pipefitter.Job }

// NewJob starts a job with nothing but ids: attempt 1, action Build/Test/1 of pipeline "pipeline".
func NewJob() *JobBuilder {
	return &JobBuilder{pipefitter.Job{
		ID:            "11111111-2222-4333-8444-555555555555",
		Attempt:       1,
		AccountID:     "111122223333",
		ActionType:    pipefitter.ActionType{Category: "Build", Owner: "Custom", Provider: "Test", Version: "1"},
		Configuration: map[string]string{},
		Pipeline: pipefitter.PipelineContext{
			Pipeline:            "pipeline",
			Stage:               "stage",
			Action:              "action",
			PipelineARN:         "arn:aws:codepipeline:us-east-1:111122223333:pipeline",
			PipelineExecutionID: "22222222-3333-4444-8555-666666666666",
			ActionExecutionID:   "33333333-4444-4555-8666-777777777777",
		},
		Attributes: map[string]string{},
	}}
}

// Config sets one key of the configuration; the value is written as by [fmt.Sprint].
func (builder *JobBuilder) Config(key string, value any) *JobBuilder {
	builder.job.Configuration[key] = fmt.Sprint(value)
	return builder
}

// Input adds an input artifact that was unpacked into a directory.
func (builder *JobBuilder) Input(name, directory string) *JobBuilder {
	builder.job.Inputs = append(builder.job.Inputs, pipefitter.InputArtifact{Name: name, Path: directory})
	return builder
}

// InputFile adds an input artifact that is one file in a directory.
func (builder *JobBuilder) InputFile(name, directory, file string) *JobBuilder {
	builder.job.Inputs = append(builder.job.Inputs, pipefitter.InputArtifact{
		Name: name, Path: directory, File: filepath.Join(directory, file),
	})
	return builder
}

// Output adds an output artifact to be made in a directory, such as t.TempDir().
func (builder *JobBuilder) Output(name, directory string) *JobBuilder {
	builder.job.Outputs = append(builder.job.Outputs, pipefitter.OutputArtifact{Name: name, Path: directory})
	return builder
}

// Scratch grants a directory for temporary files.
func (builder *JobBuilder) Scratch(directory string) *JobBuilder {
	builder.job.Scratch = directory
	return builder
}

// Token makes it a later job of a continuation chain, with the token as it is sent:
// what [pipefitter.Outcome.ContinuationToken] gave.
func (builder *JobBuilder) Token(token string) *JobBuilder {
	builder.job.ContinuationToken = token
	return builder
}

// Attempt sets which attempt at the job this is.
func (builder *JobBuilder) Attempt(attempt uint32) *JobBuilder {
	builder.job.Attempt = attempt
	return builder
}

// Attribute sets an attribute.
func (builder *JobBuilder) Attribute(name, value string) *JobBuilder {
	builder.job.Attributes[name] = value
	return builder
}

// Job gives the job. Fields that have no method here can be set on it.
func (builder *JobBuilder) Job() *pipefitter.Job { return &builder.job }
