package pipefitter

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An ActionType is what a job is for, as it is registered with CodePipeline.
type ActionType struct {
	// Category is Source, Build, Test, Deploy, Invoke, Approval or Compute.
	Category string
	// Owner is Custom or ThirdParty.
	Owner string
	// Provider is the provider's name, at most 35 characters.
	Provider string
	// Version is the version of the action type (not of the plugin), at most 9 characters.
	Version string
}

// A PipelineContext says where in which pipeline the action stands.
type PipelineContext struct {
	// Pipeline is the pipeline's name.
	Pipeline string
	// Stage is the stage's name.
	Stage string
	// Action is the action's name.
	Action string
	// PipelineARN is the pipeline's ARN. Empty for third-party jobs.
	PipelineARN string
	// PipelineExecutionID is the id of the pipeline execution. Empty for third-party jobs.
	PipelineExecutionID string
	// ActionExecutionID is the id of this execution of the action: the same for every job of a continuation chain.
	ActionExecutionID string
}

// A Job is what CodePipeline wants done. What is absent in one is empty. Its text, as by %v, leaves out the values of
// the configuration and the token, which may be secret.
type Job struct {
	// ID is the job's id. A new one for every job of a continuation chain.
	ID string
	// Attempt is 1, or more when the host runs the same job again after a crash (only where the manifest says
	// retry-safe = true): what an earlier attempt did outside the sandbox may have happened.
	Attempt uint32
	// AccountID is the AWS account of the pipeline, 12 digits, where the service tells it.
	AccountID string
	// ActionType is the action type.
	ActionType ActionType
	// Configuration is the action's configuration, checked by the host against the manifest. [Job.Config] gives it
	// typed.
	Configuration map[string]string
	// Pipeline is the pipeline, stage and action.
	Pipeline PipelineContext
	// Inputs are the input artifacts, in the order of the pipeline's definition.
	Inputs []InputArtifact
	// Outputs are the output artifacts, in the order of the pipeline's definition.
	Outputs []OutputArtifact
	// Scratch is a private, empty directory for temporary files, where the operator granted it.
	Scratch string
	// ContinuationToken is the token of the previous job of this action, as it is. [Job.Token] gives it typed.
	ContinuationToken string
	// Attributes are facts that a later host may add, such as region. Ignore names you do not know.
	Attributes map[string]string
}

// ConfigValue gives one value of the configuration as text, and whether it is there.
func (job *Job) ConfigValue(key string) (string, bool) {
	value, ok := job.Configuration[key]
	return value, ok
}

// Attribute gives one of the attributes, such as region, and whether it is there.
func (job *Job) Attribute(name string) (string, bool) {
	value, ok := job.Attributes[name]
	return value, ok
}

// Token reads what the previous job of this action gave to [InProgress] into *token, and says whether there was
// one: there is none in the first job. A *string gets it as it is, anything else as JSON.
//
// It fails when the token is not of that type, as when the plugin was replaced between two jobs.
func (job *Job) Token(token any) (bool, error) {
	if job.ContinuationToken == "" {
		return false, nil
	}
	if text, ok := token.(*string); ok {
		*text = job.ContinuationToken
		return true, nil
	}
	err := json.Unmarshal([]byte(job.ContinuationToken), token)
	if err == nil {
		return true, nil
	}
	var wrong *json.InvalidUnmarshalError
	if errors.As(err, &wrong) {
		return true, fmt.Errorf("reading the continuation token: %w", err)
	}
	// The error's text may quote the token.
	return true, JobFailed("the continuation token is not one that this version of the plugin makes: " +
		"start the action again")
}

// Input gives the input artifact of a name. It fails with a configuration error that names those there are.
func (job *Job) Input(name string) (*InputArtifact, error) {
	names := make([]string, len(job.Inputs))
	for at := range job.Inputs {
		if job.Inputs[at].Name == name {
			return &job.Inputs[at], nil
		}
		names[at] = job.Inputs[at].Name
	}
	return nil, absent("input", name, names)
}

// FirstInput gives the first input artifact. It fails with a configuration error when the action has none.
func (job *Job) FirstInput() (*InputArtifact, error) {
	if len(job.Inputs) == 0 {
		return nil, noArtifact("input", job.Pipeline.Action)
	}
	return &job.Inputs[0], nil
}

// Output gives the output artifact of a name. It fails with a configuration error that names those there are.
func (job *Job) Output(name string) (*OutputArtifact, error) {
	names := make([]string, len(job.Outputs))
	for at := range job.Outputs {
		if job.Outputs[at].Name == name {
			return &job.Outputs[at], nil
		}
		names[at] = job.Outputs[at].Name
	}
	return nil, absent("output", name, names)
}

// FirstOutput gives the first output artifact. It fails with a configuration error when the action has none.
func (job *Job) FirstOutput() (*OutputArtifact, error) {
	if len(job.Outputs) == 0 {
		return nil, noArtifact("output", job.Pipeline.Action)
	}
	return &job.Outputs[0], nil
}

// String describes the job without values that may be secret.
func (job *Job) String() string {
	keys := slices.Sorted(maps.Keys(job.Configuration))
	return fmt.Sprintf("job %s (attempt %d) of %s in %s/%s, configured: %s", job.ID, job.Attempt,
		job.Pipeline.Action, job.Pipeline.Pipeline, job.Pipeline.Stage, strings.Join(keys, ", "))
}

// GoString is [Job.String], for %#v.
func (job *Job) GoString() string { return job.String() }

func absent(what, name string, names []string) error {
	given := "none"
	if len(names) > 0 {
		given = "`" + strings.Join(names, "`, `") + "`"
	}
	return ConfigurationError("the action needs an %s artifact named `%s`; the pipeline gives it %s", what, name, given)
}

func noArtifact(what, action string) error {
	return ConfigurationError("the action needs an %s artifact: give `%s` one in the pipeline's definition", what, action)
}
