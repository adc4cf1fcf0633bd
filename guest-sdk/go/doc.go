// Package pipefitter is for writing Pipefitter plugins in Go: one function that turns a job of AWS
// CodePipeline into an outcome, compiled to a WebAssembly component and run in a sandbox.
//
//	package main
//
//	import "pipefitter"
//
//	func init() { pipefitter.Register(run) }
//
//	func main() {}
//
//	func run(job *pipefitter.Job) (pipefitter.Outcome, error) {
//		name, _ := job.ConfigValue("name")
//		return pipefitter.Succeeded().Variable("name", name), nil
//	}
//
// An error that run returns becomes a failure of the job: a [*Failure] in the error's chain gives its kind, any
// other error is of the kind [KindJobFailed]. So does a panic, whose stack goes to the job's log.
//
// Natively, as in go test, the same code runs without a host; package pipefittertest makes jobs and plays it.
package pipefitter
