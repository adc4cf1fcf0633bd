package pipefitter

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"pipefitter/log"
)

const (
	// CodePipeline takes 2,048; the host's own envelope around it needs the rest.
	tokenCharacters = 1_700
	// What the host begins tokens of its own with.
	envelope = "pipefitter:1:"
)

// ExecutionDetails is what the CodePipeline console shows beside the action.
type ExecutionDetails struct {
	// Summary says what was done, up to 2,048 characters; the host cuts longer text. Empty, it is left out.
	Summary string
	// ExternalExecutionID is the id of this work in another system, up to 1,500 characters. Empty, it is left out.
	ExternalExecutionID string
	// PercentComplete is 0 to 100, or nil.
	PercentComplete *int
}

// A CurrentRevision is the revision that a source or deploy action made current.
type CurrentRevision struct {
	// Revision is the revision, such as a commit, 1 to 1,500 characters.
	Revision string
	// ChangeIdentifier says what changed from the one before, such as a tag, 1 to 100 characters.
	ChangeIdentifier string
	// Created says when it was made. Zero, or before 1970, it is left out.
	Created time.Time
	// Summary describes it, up to 2,048 characters; the host cuts longer text. Empty, it is left out.
	Summary string
}

// A Variable is an output variable of an action.
type Variable struct{ Name, Value string }

type outcomeKind uint8

const (
	none outcomeKind = iota
	succeeded
	inProgress
)

// An Outcome is what a run that did not fail came to: [Succeeded] or [InProgress] makes one, and its methods, which
// return a changed copy, say more:
//
//	pipefitter.Succeeded().Variable("pages", 3).Summary("3 pages")
type Outcome struct {
	kind      outcomeKind
	details   ExecutionDetails
	variables []Variable
	revision  *CurrentRevision
	token     string
	// Told when the job ends, so that making an outcome needs no error of its own.
	problem error
}

// Succeeded says that the job is done.
func Succeeded() Outcome { return Outcome{kind: succeeded} }

// InProgress says that this job ends and the action goes on: CodePipeline makes a new job of it later, which gets
// the token by [Job.Token].
//
// A string is sent as it is, any other value as JSON; at most 1,700 characters, and not beginning with
// "pipefitter:1:". What cannot be sent fails the job. It is not a place for secrets: CodePipeline stores it. Files
// written to output artifacts are dropped: the next job starts with empty ones.
func InProgress(token any) Outcome {
	outcome := Outcome{kind: inProgress}
	text, ok := token.(string)
	if !ok {
		encoded, err := json.Marshal(token)
		if err != nil {
			outcome.problem = JobFailed("the continuation token cannot be written as JSON: %w", err)
			return outcome
		}
		text = string(encoded)
	}
	characters := utf8.RuneCountInString(text)
	switch {
	case characters == 0:
		outcome.problem = JobFailed("the continuation token is empty: give the next job something to go on from")
	case characters > tokenCharacters:
		outcome.problem = JobFailed("the continuation token has %d characters of at most %d: "+
			"keep what is large elsewhere and its name in the token", characters, tokenCharacters)
	case strings.HasPrefix(text, envelope):
		outcome.problem = JobFailed("a continuation token may not begin with `%s`", envelope)
	}
	outcome.token = text
	return outcome
}

// Variable sets an output variable, for #{namespace.name} in later actions; the value is written as by [fmt.Sprint].
// Names match [A-Za-z0-9@_-]+; names and values together are at most 122,880 bytes. The last value of a name counts.
// Only a success has variables.
func (outcome Outcome) Variable(name string, value any) Outcome {
	if outcome.kind != succeeded {
		log.Warn(fmt.Sprintf("variable `%s` is dropped: a job in progress has none", name))
		return outcome
	}
	kept := make([]Variable, 0, len(outcome.variables)+1)
	for _, other := range outcome.variables {
		if other.Name != name {
			kept = append(kept, other)
		}
	}
	outcome.variables = append(kept, Variable{name, fmt.Sprint(value)})
	return outcome
}

// Summary says what was done, up to 2,048 characters.
func (outcome Outcome) Summary(text string) Outcome {
	outcome.details.Summary = text
	return outcome
}

// Summaryf is [Outcome.Summary] with a format.
func (outcome Outcome) Summaryf(format string, args ...any) Outcome {
	return outcome.Summary(fmt.Sprintf(format, args...))
}

// Percent says how far the action is, 0 to 100; more counts as 100, less as 0.
func (outcome Outcome) Percent(percent int) Outcome {
	percent = min(max(percent, 0), 100)
	outcome.details.PercentComplete = &percent
	return outcome
}

// ExternalID gives the id of this work in another system; CodePipeline puts it in the place of
// {ExternalExecutionId} in the action type's URL templates. Without one the host gives the id that leads to the
// job's log.
func (outcome Outcome) ExternalID(id string) Outcome {
	outcome.details.ExternalExecutionID = id
	return outcome
}

// CurrentRevision tells the revision that the action made current. Only a success has one.
func (outcome Outcome) CurrentRevision(revision CurrentRevision) Outcome {
	if outcome.kind != succeeded {
		log.Warn("the current revision is dropped: a job in progress has none")
		return outcome
	}
	outcome.revision = &revision
	return outcome
}

// IsSucceeded says whether the job is done.
func (outcome Outcome) IsSucceeded() bool { return outcome.kind == succeeded }

// IsInProgress says whether there is more to do, in a later job.
func (outcome Outcome) IsInProgress() bool { return outcome.kind == inProgress }

// Variables gives the output variables, in the order they were set.
func (outcome Outcome) Variables() []Variable {
	return append([]Variable(nil), outcome.variables...)
}

// VariableValue gives the value of an output variable, and whether it is there.
func (outcome Outcome) VariableValue(name string) (string, bool) {
	for _, variable := range outcome.variables {
		if variable.Name == name {
			return variable.Value, true
		}
	}
	return "", false
}

// Details gives what the console shows.
func (outcome Outcome) Details() ExecutionDetails { return outcome.details }

// Revision gives the revision made current, or nil.
func (outcome Outcome) Revision() *CurrentRevision { return outcome.revision }

// ContinuationToken gives the token as it is sent; empty when the job is done.
func (outcome Outcome) ContinuationToken() string { return outcome.token }

func (outcome Outcome) check() error {
	if outcome.kind == none {
		return JobFailed("the plugin returned neither an outcome nor an error: return pipefitter.Succeeded(), " +
			"pipefitter.InProgress(token) or an error")
	}
	return outcome.problem
}
