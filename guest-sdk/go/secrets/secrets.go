// Package secrets reads what the operator grants by name: an API's token, a password for a service.
//
// A plugin says in its manifest which it wants, and why; the operator's configuration says which it gets:
//
//	[capabilities]
//	secrets = [{ name = "deploy-token", reason = "to sign in to deploy.example.com" }]
//
// A component imports pipefitter:action/secrets only if it calls one of these functions; one that does is served only
// where the operator grants it secrets. Ask when the secret is needed and do not keep it: the host masks its value in
// logs, messages and summaries, which guards against accidents and not against a plugin that writes it out in another
// form. What a plugin needs only as a header of its requests an operator can attach to them, so that the plugin never
// sees it.
package secrets

import (
	"fmt"

	"pipefitter/internal/host"
)

// A Problem says why there is no secret.
type Problem uint8

const (
	// Denied says that the operator's configuration does not grant this name to the plugin.
	Denied Problem = iota
	// Missing says that the name is granted and the store has nothing under it.
	Missing
	// Unavailable says that the store does not answer: trying again may help.
	Unavailable
)

// An Error says which secret cannot be read, and why. As what a plugin returns it is a failure of the kind
// permission-error or, where the store does not answer, system-unavailable.
type Error struct {
	// Name is the name that was asked for.
	Name string
	// Problem is why there is none.
	Problem Problem
}

// Error says what is wrong and what to do about it.
func (err *Error) Error() string {
	switch err.Problem {
	case Denied:
		return fmt.Sprintf("the secret `%s` is not granted to this plugin: the worker's operator can grant it", err.Name)
	case Missing:
		return fmt.Sprintf("the secret `%s` is granted, and nothing is stored under it: the worker's operator can "+
			"store it", err.Name)
	default:
		return fmt.Sprintf("the secret `%s` cannot be read now: trying again later may help", err.Name)
	}
}

// Get gives a secret as text. The error is an [*Error].
func Get(name string) (string, error) {
	value, problem := host.Secret(name)
	if problem != host.SecretThere {
		return "", &Error{name, Problem(problem - 1)}
	}
	return value, nil
}

// GetBytes gives a secret as bytes, for those that are not text. The error is an [*Error].
func GetBytes(name string) ([]byte, error) {
	value, problem := host.SecretBytes(name)
	if problem != host.SecretThere {
		return nil, &Error{name, Problem(problem - 1)}
	}
	return value, nil
}
