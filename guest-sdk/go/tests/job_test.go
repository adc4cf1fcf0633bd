package tests

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pipefitter"
	"pipefitter/control"
	"pipefitter/log"
	"pipefitter/pipefittertest"
	"pipefitter/secrets"
)

func TestAMissingArtifactIsNamedWithThoseThatAreThere(t *testing.T) {
	job := pipefittertest.NewJob().Input("Docs", "/in/Docs").Job()
	if input, err := job.Input("Docs"); err != nil || input.Path != "/in/Docs" {
		t.Errorf("%v %v", input, err)
	}
	_, err := job.Input("Source")
	failure := pipefitter.AsFailure(err)
	if failure.Kind != pipefitter.KindConfigurationError || failure.Message !=
		"the action needs an input artifact named `Source`; the pipeline gives it `Docs`" {
		t.Error(failure)
	}
	_, err = job.FirstOutput()
	if err == nil || !strings.Contains(err.Error(), "needs an output artifact") {
		t.Error(err)
	}
	if _, err = job.Output("Out"); err == nil || !strings.HasSuffix(err.Error(), "gives it none") {
		t.Error(err)
	}
}

func TestOutputsAreWrittenInsideTheirDirectoryOnly(t *testing.T) {
	directory := t.TempDir()
	output, err := pipefittertest.NewJob().Output("Site", directory).Job().FirstOutput()
	if err != nil {
		t.Fatal(err)
	}
	if err := output.WriteFile("a/b.txt", []byte("text")); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(filepath.Join(directory, "a/b.txt")); string(content) != "text" {
		t.Error(string(content), err)
	}
	for _, path := range []string{"/etc/x", "../x", "a/../../x", ""} {
		err := output.WriteFile(path, nil)
		if err == nil || !strings.Contains(err.Error(), "leaves output artifact `Site`") {
			t.Errorf("%s: %v", path, err)
		}
	}
	err = output.WriteFile("a", nil)
	if err == nil || !strings.HasPrefix(err.Error(), "writing `a` of output artifact `Site`: ") {
		t.Error(err)
	}
}

func TestFilesAreFoundAtEveryDepthInOrderAndLinksAreNot(t *testing.T) {
	directory := t.TempDir()
	for _, path := range []string{"z.txt", "b/c/2.txt", "b/1.txt"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(directory, path)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(directory, path), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("z.txt", filepath.Join(directory, "link")); err != nil {
		t.Fatal(err)
	}
	input, _ := pipefittertest.NewJob().Input("Source", directory).Job().FirstInput()
	found, err := input.Files()
	if err != nil || !reflect.DeepEqual(found, []string{"b/1.txt", "b/c/2.txt", "z.txt"}) {
		t.Error(found, err)
	}
	_, err = pipefitter.Walk("/no/such/place")
	if err == nil || err.Error() != "reading the directory `/no/such/place`: no such file or directory" {
		t.Error(err)
	}
	_, err = input.ReadFile("none")
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "reading `none` of input artifact `Source`: ") {
		t.Error(err)
	}
}

type step struct{ Release string }

func TestATokenComesBackAsItWasGiven(t *testing.T) {
	job := pipefittertest.NewJob().Job()
	var read step
	if there, err := job.Token(&read); there || err != nil {
		t.Error(there, err)
	}
	outcome := pipefitter.InProgress(step{"r1"}).Percent(120).Summary("copied")
	if outcome.ContinuationToken() != `{"Release":"r1"}` || *outcome.Details().PercentComplete != 100 {
		t.Errorf("%+v", outcome)
	}
	there, err := pipefittertest.NewJob().Token(outcome.ContinuationToken()).Job().Token(&read)
	if !there || err != nil || read.Release != "r1" {
		t.Error(there, err, read)
	}
	var text string
	plain := pipefittertest.NewJob().Token(pipefitter.InProgress("step-2").ContinuationToken()).Job()
	if there, err = plain.Token(&text); !there || err != nil || text != "step-2" {
		t.Error(there, err, text)
	}
}

func TestAStrangeTokenFailsTheJobWithoutShowingIt(t *testing.T) {
	var read step
	_, err := pipefittertest.NewJob().Token("hush").Job().Token(&read)
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
}

func TestATokenThatCannotBeSentSaysWhatToDo(t *testing.T) {
	for token, message := range map[any]string{
		strings.Repeat("é", 1701): "1701 characters of at most 1700",
		"":                        "is empty",
		"pipefitter:1:{}":         "may not begin with `pipefitter:1:`",
		math.Inf(1):               "cannot be written as JSON",
	} {
		_, failure := pipefitter.Call(func(*pipefitter.Job) (pipefitter.Outcome, error) {
			return pipefitter.InProgress(token), nil
		}, nil)
		if failure == nil || !strings.Contains(failure.Message, message) {
			t.Errorf("%.20v: %+v", token, failure)
		}
	}
	_, failure := pipefitter.Call(func(*pipefitter.Job) (pipefitter.Outcome, error) {
		return pipefitter.InProgress(strings.Repeat("é", 1700)), nil
	}, nil)
	if failure != nil {
		t.Error(failure)
	}
}

func TestTheLastValueOfAVariableCounts(t *testing.T) {
	base := pipefitter.Succeeded().Variable("a", 1)
	outcome := base.Variable("b", "x").Variable("a", 2.5)
	if !reflect.DeepEqual(outcome.Variables(), []pipefitter.Variable{{Name: "b", Value: "x"}, {Name: "a", Value: "2.5"}}) {
		t.Error(outcome.Variables())
	}
	if value, _ := base.VariableValue("a"); value != "1" {
		t.Error("the outcome that it was made of has changed")
	}
}

func TestAJobInProgressHasNoVariablesAndSaysSo(t *testing.T) {
	host := pipefittertest.NewHost(t)
	outcome := pipefitter.InProgress(7).Variable("a", 1).CurrentRevision(pipefitter.CurrentRevision{})
	if len(outcome.Variables()) != 0 || outcome.Revision() != nil || !outcome.IsInProgress() {
		t.Errorf("%+v", outcome)
	}
	if lines := host.Log(); len(lines) != 2 || lines[0].Message != "variable `a` is dropped: a job in progress has none" {
		t.Errorf("%+v", lines)
	}
}

func TestAJobsTextHasNoValuesOfTheConfiguration(t *testing.T) {
	job := pipefittertest.NewJob().Config("password", "hunter2").Token("hush").Job()
	for _, text := range []string{fmt.Sprintf("%v", job), fmt.Sprintf("%+v", job), fmt.Sprintf("%#v", job)} {
		if !strings.Contains(text, "password") || strings.Contains(text, "hunter2") || strings.Contains(text, "hush") {
			t.Error(text)
		}
	}
}

func TestTheLogTakesPairsAndSlog(t *testing.T) {
	host := pipefittertest.NewHost(t)
	host.SetThreshold(log.LevelDebug)
	log.Trace("not kept")
	log.Info("built", "pages", 3, "odd")
	logger := slog.New(log.Handler()).With("run", 7)
	logger.Warn("slow", slog.Group("took", "seconds", 1.5))
	logger.WithGroup("deep").Debug("x", "y", true)
	lines := host.Log()
	wanted := []pipefittertest.Line{
		{Level: log.LevelInfo, Message: "built", Fields: [][2]string{{"pages", "3"}, {"!unnamed", "odd"}}},
		{Level: log.LevelWarn, Message: "slow", Fields: [][2]string{{"run", "7"}, {"took.seconds", "1.5"}}},
		{Level: log.LevelDebug, Message: "x", Fields: [][2]string{{"run", "7"}, {"deep.y", "true"}}},
	}
	if !reflect.DeepEqual(lines, wanted) {
		t.Errorf("%+v", lines)
	}
}

func TestControlSaysWhatTheHostSays(t *testing.T) {
	host := pipefittertest.NewHost(t)
	if control.StopRequested() != control.NotRequested || control.TimeRemaining() != control.Forever {
		t.Error("a host that wants nothing")
	}
	host.SetStopRequested(control.HandOver)
	host.SetTimeRemaining(1500 * time.Millisecond)
	if control.StopRequested().String() != "hand-over" || control.TimeRemaining() != 1500*time.Millisecond {
		t.Error(control.StopRequested(), control.TimeRemaining())
	}
	control.Progress(40, "two of five")
	control.Progress(control.Unknown, "more")
	wanted := []pipefittertest.Progress{{Percent: 40, Summary: "two of five"}, {Percent: -1, Summary: "more"}}
	if !reflect.DeepEqual(host.Progress(), wanted) {
		t.Error(host.Progress())
	}
}

func TestASecretIsWhatTheTestHasSetAndNothingElseIsGranted(t *testing.T) {
	host := pipefittertest.NewHost(t)
	host.SetSecret("token", []byte("s3cr3t"))
	host.SetSecretProblem("key", secrets.Unavailable)
	if value, err := secrets.Get("token"); value != "s3cr3t" || err != nil {
		t.Error(value, err)
	}
	var problem *secrets.Error
	if _, err := secrets.GetBytes("key"); !errors.As(err, &problem) || problem.Problem != secrets.Unavailable {
		t.Error(err)
	}
	if _, err := secrets.Get("other"); !errors.As(err, &problem) || problem.Problem != secrets.Denied || problem.Name != "other" {
		t.Error(err)
	}
}
