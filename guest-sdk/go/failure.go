package pipefitter

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"pipefitter/secrets"
)

// A FailureKind is one of CodePipeline's failure types.
type FailureKind uint8

const (
	// KindJobFailed says that the work itself failed: tests that do not pass, a check that found something.
	KindJobFailed FailureKind = iota
	// KindConfigurationError says that the action's configuration is wrong; the message names the key.
	KindConfigurationError
	// KindPermissionError says that something that is needed may not be accessed.
	KindPermissionError
	// KindRevisionOutOfSync says that the revision to work on is not the one expected.
	KindRevisionOutOfSync
	// KindRevisionUnavailable says that an input artifact or revision is missing.
	KindRevisionUnavailable
	// KindSystemUnavailable says that another system does not answer: trying again later may help.
	KindSystemUnavailable
)

var kindNames = [...]string{
	"job-failed",
	"configuration-error",
	"permission-error",
	"revision-out-of-sync",
	"revision-unavailable",
	"system-unavailable",
}

// String gives the kind's name in the contract, such as job-failed.
func (kind FailureKind) String() string {
	if int(kind) < len(kindNames) {
		return kindNames[kind]
	}
	return fmt.Sprintf("failure kind %d", uint8(kind))
}

// A Failure says why a job failed: what a plugin's function returns as its error.
type Failure struct {
	// Kind is CodePipeline's failure type.
	Kind FailureKind
	// Message says what went wrong and what to do about it, for the pipeline's owner: 1 to 5,000 characters. The
	// host cuts longer text.
	Message string
	// ExternalExecutionID is the id of this work in another system, up to 1,500 characters, or empty.
	ExternalExecutionID string

	cause error
}

// NewFailure makes a failure of a kind. The text is formatted as by [fmt.Errorf]: %w keeps an error for
// [errors.Is] and [errors.As].
func NewFailure(kind FailureKind, format string, args ...any) *Failure {
	err := fmt.Errorf(format, args...)
	return &Failure{Kind: kind, Message: err.Error(), cause: err}
}

// JobFailed says that the work itself failed.
func JobFailed(format string, args ...any) *Failure {
	return NewFailure(KindJobFailed, format, args...)
}

// ConfigurationError says that the action's configuration is wrong. The message should name the key:
// [ConfigurationKey] does.
func ConfigurationError(format string, args ...any) *Failure {
	return NewFailure(KindConfigurationError, format, args...)
}

// ConfigurationKey says that the configuration's key is wrong: the message becomes "configuration `key`: ...".
func ConfigurationKey(key, format string, args ...any) *Failure {
	err := fmt.Errorf(format, args...)
	return NewFailure(KindConfigurationError, "configuration `%s`: %w", key, err)
}

// PermissionError says that something that is needed may not be accessed.
func PermissionError(format string, args ...any) *Failure {
	return NewFailure(KindPermissionError, format, args...)
}

// RevisionOutOfSync says that the revision to work on is not the one expected.
func RevisionOutOfSync(format string, args ...any) *Failure {
	return NewFailure(KindRevisionOutOfSync, format, args...)
}

// RevisionUnavailable says that an input artifact or revision is missing.
func RevisionUnavailable(format string, args ...any) *Failure {
	return NewFailure(KindRevisionUnavailable, format, args...)
}

// SystemUnavailable says that another system does not answer: trying again later may help.
func SystemUnavailable(format string, args ...any) *Failure {
	return NewFailure(KindSystemUnavailable, format, args...)
}

// ExternalID gives the id of this work in another system; CodePipeline puts it in the place of
// {ExternalExecutionId} in the action type's URL templates.
func (failure *Failure) ExternalID(id string) *Failure {
	failure.ExternalExecutionID = id
	return failure
}

// Error gives the message.
func (failure *Failure) Error() string { return failure.Message }

// Unwrap gives the error that the failure was made of with %w, if any.
func (failure *Failure) Unwrap() error { return errors.Unwrap(failure.cause) }

// AsFailure makes a failure of any error: its message is the error's, its kind that of a [*Failure] or of a
// [secrets.Error] in the error's chain, [KindPermissionError] where a file may not be accessed, else
// [KindJobFailed]. Of nil it makes nil.
func AsFailure(err error) *Failure {
	if err == nil {
		return nil
	}
	failure := &Failure{Kind: KindJobFailed, Message: err.Error(), cause: err}
	var (
		own    *Failure
		secret *secrets.Error
	)
	switch {
	case errors.As(err, &own):
		failure.Kind, failure.ExternalExecutionID = own.Kind, own.ExternalExecutionID
	case errors.As(err, &secret) && secret.Problem == secrets.Unavailable:
		failure.Kind = KindSystemUnavailable
	case secret != nil, errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		failure.Kind = KindPermissionError
	}
	if failure.Message == "" {
		failure.Message = fmt.Sprintf("the plugin failed with an error of type %T that says nothing", err)
	}
	return failure
}
