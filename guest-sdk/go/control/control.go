// Package control is what a running job tells the host, and the host the job.
package control

import (
	"math"
	"time"

	"pipefitter/internal/host"
)

// A StopReason says why the host wants a job to end before it is done.
type StopReason uint8

const (
	// NotRequested says that the host does not want the job to end.
	NotRequested StopReason = iota
	// Cancelled says that nobody wants the result any more: the execution was stopped, abandoned or timed out.
	// Clean up and return; whatever is returned is dropped.
	Cancelled
	// HandOver says that the worker is shutting down. A plugin that can returns pipefitter.InProgress now, and
	// another worker goes on from its token.
	HandOver
)

// String gives the reason's name in the contract: cancelled or hand-over.
func (reason StopReason) String() string {
	switch reason {
	case NotRequested:
		return "not-requested"
	case Cancelled:
		return "cancelled"
	default:
		return "hand-over"
	}
}

// Unknown is for [Progress] where nobody can say how far the job is.
const Unknown = -1

// Forever is what [TimeRemaining] says where there are 49 days or more.
const Forever = math.MaxUint32 * time.Millisecond

// Progress says how far the job is: 0 to 100 percent or [Unknown], and a few words, up to 2,048 characters.
//
// The worker's page shows it at once; CodePipeline learns of it when the job ends. Calling it often is cheap: the
// latest call counts.
func Progress(percent int, summary string) {
	host.Progress(max(Unknown, min(percent, 100)), summary)
}

// StopRequested says whether and why to stop early.
//
// Ask at least every few seconds: once there is a reason, a job that goes on is interrupted when [TimeRemaining] is
// over.
func StopRequested() StopReason { return StopReason(host.StopRequested()) }

// TimeRemaining gives the time until the host interrupts the job.
func TimeRemaining() time.Duration {
	return time.Duration(host.TimeRemaining()) * time.Millisecond
}
