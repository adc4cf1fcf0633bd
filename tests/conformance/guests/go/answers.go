package main

import (
	"strings"
	"unicode/utf8"

	"pipefitter"
	"pipefitter/control"
)

type numbers struct {
	Number *int64
	Count  int
	Size   int
}

func readConfig(job *pipefitter.Job) (pipefitter.Outcome, error) {
	const missing = "(missing)"
	var read numbers
	if err := job.Config(&read); err != nil {
		return pipefitter.Outcome{}, err
	}
	text, ok := job.ConfigValue("text")
	outcome := pipefitter.Succeeded().Variable("characters", utf8.RuneCountInString(text))
	if !ok {
		text = missing
	}
	outcome = outcome.Variable("text", text)
	if read.Number == nil {
		return outcome.Variable("number", missing), nil
	}
	return outcome.Variable("number", *read.Number*2), nil
}

func setVariables(job *pipefitter.Job) (pipefitter.Outcome, error) {
	var read numbers
	if err := job.Config(&read); err != nil {
		return pipefitter.Outcome{}, err
	}
	outcome := pipefitter.Succeeded()
	for at := range read.Count {
		outcome = outcome.Variable(name(at), strings.Repeat("x", read.Size))
	}
	return outcome, nil
}

func fail(job *pipefitter.Job) (pipefitter.Outcome, error) {
	name, _ := job.ConfigValue("kind")
	for kind := pipefitter.KindJobFailed; kind <= pipefitter.KindSystemUnavailable; kind++ {
		if kind.String() == name {
			return pipefitter.Outcome{}, pipefitter.NewFailure(kind, "failed as asked: %s", name).ExternalID("external-1")
		}
	}
	return pipefitter.Outcome{}, pipefitter.ConfigurationKey("kind", "`%s` is no failure type", name)
}

func goOn(job *pipefitter.Job) (pipefitter.Outcome, error) {
	switch job.ContinuationToken {
	case "":
		return pipefitter.InProgress("one").Summary("one of three"), nil
	case "one":
		return pipefitter.InProgress("two").Summary("two of three"), nil
	default:
		return pipefitter.Succeeded().Variable("hops", 3).Summary("three of three"), nil
	}
}

func tellDetails(job *pipefitter.Job) (pipefitter.Outcome, error) {
	return pipefitter.Succeeded().
		Variable("pipeline", job.Pipeline.Pipeline).
		Variable("stage", job.Pipeline.Stage).
		Variable("action", job.Pipeline.Action).
		Variable("provider", job.ActionType.Provider).
		Variable("attempt", job.Attempt).
		ExternalID("external-2").
		Percent(100).
		CurrentRevision(pipefitter.CurrentRevision{Revision: "r1", ChangeIdentifier: "c1", Summary: "a revision"}), nil
}

func tellProgress(*pipefitter.Job) (pipefitter.Outcome, error) {
	control.Progress(40, "two of five")
	return pipefitter.Succeeded(), nil
}
