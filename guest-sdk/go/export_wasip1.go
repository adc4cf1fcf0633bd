package pipefitter

import (
	"time"

	"pipefitter/internal/bindings/handler"
	types "pipefitter/internal/bindings/pipefitter_action_types"
	_ "pipefitter/internal/bindings/wit_exports"
	wit "pipefitter/internal/wit/types"
)

func init() { handler.Run = export }

func export(job types.Job) wit.Result[types.Outcome, types.Failure] {
	outcome, failure := call(jobOf(job))
	if failure != nil {
		return wit.Err[types.Outcome](types.Failure{
			Kind:                uint8(failure.Kind),
			Message:             failure.Message,
			ExternalExecutionId: optional(failure.ExternalExecutionID),
		})
	}
	return wit.Ok[types.Outcome, types.Failure](outcome.wire())
}

func jobOf(job types.Job) *Job {
	made := &Job{
		ID:            job.Id,
		Attempt:       job.Attempt,
		AccountID:     job.AccountId.SomeOr(""),
		ActionType:    ActionType(job.ActionType),
		Configuration: mapOf(job.Configuration),
		Pipeline: PipelineContext{
			Pipeline:            job.Pipeline.Pipeline,
			Stage:               job.Pipeline.Stage,
			Action:              job.Pipeline.Action,
			PipelineARN:         job.Pipeline.PipelineArn.SomeOr(""),
			PipelineExecutionID: job.Pipeline.PipelineExecutionId.SomeOr(""),
			ActionExecutionID:   job.Pipeline.ActionExecutionId.SomeOr(""),
		},
		Scratch:           job.Scratch.SomeOr(""),
		ContinuationToken: job.ContinuationToken.SomeOr(""),
		Attributes:        mapOf(job.Attributes),
	}
	for _, input := range job.Inputs {
		made.Inputs = append(made.Inputs, InputArtifact{
			Name: input.Name, Path: input.Path, File: input.File.SomeOr(""), Revision: input.Revision.SomeOr(""),
		})
	}
	for _, output := range job.Outputs {
		made.Outputs = append(made.Outputs, OutputArtifact(output))
	}
	return made
}

func (outcome Outcome) wire() types.Outcome {
	details := types.ExecutionDetails{
		Summary:             optional(outcome.details.Summary),
		ExternalExecutionId: optional(outcome.details.ExternalExecutionID),
		PercentComplete:     wit.None[uint8](),
	}
	if percent := outcome.details.PercentComplete; percent != nil {
		details.PercentComplete = wit.Some(uint8(*percent))
	}
	if outcome.kind == inProgress {
		return types.MakeOutcomeInProgress(types.Continuation{Token: outcome.token, Details: details})
	}
	success := types.Success{Details: details, CurrentRevision: wit.None[types.CurrentRevision]()}
	for _, variable := range outcome.variables {
		success.Variables = append(success.Variables, wit.Tuple2[string, string]{F0: variable.Name, F1: variable.Value})
	}
	if revision := outcome.revision; revision != nil {
		success.CurrentRevision = wit.Some(types.CurrentRevision{
			Revision:         revision.Revision,
			ChangeIdentifier: revision.ChangeIdentifier,
			Created:          seconds(revision.Created),
			Summary:          optional(revision.Summary),
		})
	}
	return types.MakeOutcomeSucceeded(success)
}

func seconds(created time.Time) wit.Option[float64] {
	if created.IsZero() || created.Unix() < 0 {
		return wit.None[float64]()
	}
	return wit.Some(float64(created.Unix()) + float64(created.Nanosecond())/1e9)
}

func mapOf(pairs []wit.Tuple2[string, string]) map[string]string {
	values := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		values[pair.F0] = pair.F1
	}
	return values
}

func optional(text string) wit.Option[string] {
	if text == "" {
		return wit.None[string]()
	}
	return wit.Some(text)
}
