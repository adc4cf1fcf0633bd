package tests

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"pipefitter"
	"pipefitter/log"
	"pipefitter/pipefittertest"
	"pipefitter/secrets"
)

func TestAPanicFailsTheJobAndItsStackGoesToTheLog(t *testing.T) {
	for _, reason := range []any{"lost", errors.New("lost")} {
		host := pipefittertest.NewHost(t)
		_, failure := pipefitter.Call(func(*pipefitter.Job) (pipefitter.Outcome, error) { panic(reason) }, nil)
		if failure == nil || failure.Kind != pipefitter.KindJobFailed || failure.Message != "lost" {
			t.Fatalf("%+v", failure)
		}
		lines := host.Log()
		if len(lines) != 2 || lines[0].Message != "panic: lost" || lines[0].Level != log.LevelError ||
			!strings.Contains(lines[1].Message, "plugin_test.go") || strings.Contains(lines[1].Message, "debug.Stack") ||
			strings.Contains(lines[1].Message, "pipefitter.Call(") {
			t.Errorf("%+v", lines)
		}
	}
}

func TestARuntimeErrorIsAFailureOfTheJob(t *testing.T) {
	pipefittertest.NewHost(t)
	var none []int
	_, failure := pipefitter.Call(func(*pipefitter.Job) (pipefitter.Outcome, error) {
		return pipefitter.Succeeded().Variable("x", none[len(none)]), nil
	}, nil)
	if failure == nil || !strings.Contains(failure.Message, "index out of range") {
		t.Errorf("%+v", failure)
	}
}

type silent struct{}

func (silent) Error() string { return "" }

func TestEveryErrorBecomesAFailureOfItsKind(t *testing.T) {
	for _, given := range []struct {
		err     error
		kind    pipefitter.FailureKind
		message string
	}{
		{errors.New("x"), pipefitter.KindJobFailed, "x"},
		{fmt.Errorf("a: %w", pipefitter.RevisionUnavailable("no %s", "b")), pipefitter.KindRevisionUnavailable, "a: no b"},
		{&secrets.Error{Name: "token"}, pipefitter.KindPermissionError, "the secret `token` is not granted"},
		{&secrets.Error{Name: "token", Problem: secrets.Missing}, pipefitter.KindPermissionError, "the secret `token` is granted, and"},
		{fmt.Errorf("a: %w", &secrets.Error{Name: "token", Problem: secrets.Unavailable}), pipefitter.KindSystemUnavailable, "a: the secret"},
		{&fs.PathError{Op: "open", Path: "/x", Err: fs.ErrPermission}, pipefitter.KindPermissionError, "open /x: permission denied"},
		{&fs.PathError{Op: "open", Path: "/x", Err: syscall.EROFS}, pipefitter.KindPermissionError, "open /x: read-only file system"},
		{silent{}, pipefitter.KindJobFailed, "the plugin failed with an error of type tests.silent"},
	} {
		failure := pipefitter.AsFailure(given.err)
		if failure.Kind != given.kind || !strings.HasPrefix(failure.Message, given.message) {
			t.Errorf("%v became %s: %s", given.err, failure.Kind, failure.Message)
		}
		if !errors.Is(failure, given.err) && errors.Unwrap(given.err) != nil && failure.Unwrap() == nil {
			t.Errorf("%v is lost", given.err)
		}
	}
	if pipefitter.AsFailure(nil) != nil {
		t.Error("no error is no failure")
	}
}

func TestAFailureKeepsItsErrorAndItsExternalID(t *testing.T) {
	failure := pipefitter.SystemUnavailable("asking: %w", fs.ErrClosed).ExternalID("build-7")
	if !errors.Is(failure, fs.ErrClosed) || failure.Error() != "asking: file already closed" {
		t.Errorf("%+v", failure)
	}
	if pipefitter.AsFailure(fmt.Errorf("a: %w", failure)).ExternalExecutionID != "build-7" {
		t.Error("the external id is lost")
	}
}

func TestKindsHaveTheContractsNames(t *testing.T) {
	wit, err := os.ReadFile("../wit/deps/pipefitter-action/action.wit")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(wit), "enum failure-type {")
	body, _, _ := strings.Cut(after, "}")
	var names []string
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			names = append(names, strings.TrimSuffix(line, ","))
		}
	}
	for kind := pipefitter.KindJobFailed; kind <= pipefitter.KindSystemUnavailable; kind++ {
		if int(kind) >= len(names) || kind.String() != names[kind] {
			t.Errorf("%d is %s, the contract has %v", kind, kind, names)
		}
	}
	if len(names) != int(pipefitter.KindSystemUnavailable)+1 {
		t.Errorf("the contract has %v", names)
	}
}

func TestNoOutcomeIsAFailureThatSaysSo(t *testing.T) {
	_, failure := pipefitter.Call(func(*pipefitter.Job) (outcome pipefitter.Outcome, err error) { return }, nil)
	if failure == nil || !strings.Contains(failure.Message, "return pipefitter.Succeeded()") {
		t.Errorf("%+v", failure)
	}
}

func TestTheWITIsTheContractOfTheRepository(t *testing.T) {
	for ours, theirs := range map[string]string{
		"../wit/deps/pipefitter-action/action.wit": "../../../wit/action.wit",
		"../wit/deps/wasi-http/http.wit":           "../../../host/cli/wit/wasi-0.2.12/http.wit",
		"../wit/deps/wasi-io/io.wit":               "../../../host/cli/wit/wasi-0.2.12/io.wit",
		"../wit/deps/wasi-clocks/clocks.wit":       "../../../host/cli/wit/wasi-0.2.12/clocks.wit",
	} {
		our, err := os.ReadFile(ours)
		if err != nil {
			t.Fatal(err)
		}
		their, err := os.ReadFile(theirs)
		if err != nil {
			t.Fatal(err)
		}
		if string(our) != string(their) {
			t.Errorf("%s is not %s: copy it and run internal/generate.sh", ours, theirs)
		}
	}
}

func TestComponentsBuildWithoutANetwork(t *testing.T) {
	// What is tagged for wasm is not compiled by any other test.
	build := exec.Command("go", "build", "../...")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOPROXY=off")
	if output, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
