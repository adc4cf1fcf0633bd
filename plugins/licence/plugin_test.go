package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pipefitter"
	"pipefitter/log"
	"pipefitter/pipefittertest"
)

const locked = `{"lockfileVersion": 3, "packages": {
	"": {},
	"node_modules/a": {"version": "1.0.0", "license": "MIT"},
	"node_modules/b": {"version": "2.0.0", "license": "GPL-3.0", "dev": true},
	"node_modules/c": {"version": "3.0.0"}
}}`

func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func job(t *testing.T, files map[string]string) *pipefittertest.JobBuilder {
	return pipefittertest.NewJob().Config("allow", "MIT, ISC").Input("Source", tree(t, files))
}

func TestWhatMayNotBeUsedFailsTheJobByName(t *testing.T) {
	host := pipefittertest.NewHost(t)
	_, err := run(job(t, map[string]string{"package-lock.json": locked}).Job())
	failure := pipefitter.AsFailure(err)
	wanted := "the licence of 1 of 3 dependencies is not allowed:\n" +
		"npm:b@2.0.0 (GPL-3.0-only): GPL-3.0-only is not allowed\n" +
		"nothing tells the licence of 1 of 3 dependencies:\n" +
		"npm:c@3.0.0: nothing in the artifact says its licence\n"
	if failure == nil || failure.Kind != pipefitter.KindJobFailed || !strings.HasPrefix(failure.Message, wanted) {
		t.Fatal(failure)
	}
	errors := 0
	for _, line := range host.Log() {
		if line.Level == log.LevelError {
			errors++
		}
	}
	if errors != 2 {
		t.Error(host.Log())
	}
}

func TestUnknownLicencesMayWarnAndDevelopmentMayNotCount(t *testing.T) {
	out := t.TempDir()
	outcome, err := run(job(t, map[string]string{"package-lock.json": locked}).Config("on-unknown", "warn").
		Config("development", false).Output("Report", out).Job())
	if err != nil {
		t.Fatal(err)
	}
	for name, wanted := range map[string]string{
		"dependencies": "2", "allowed": "1", "unknown": "1", "denied": "0", "excepted": "0", "lock-files": "1",
	} {
		if value, _ := outcome.VariableValue(name); value != wanted {
			t.Errorf("%s is %s", name, value)
		}
	}
	if outcome.Details().Summary != "2 dependencies: 1 allowed, 1 of unknown licence" {
		t.Error(outcome.Details().Summary)
	}
	markdown, err := os.ReadFile(filepath.Join(out, "report.md"))
	if err != nil || !strings.Contains(string(markdown), "| npm:a@1.0.0 | MIT | package-lock.json |\n") {
		t.Error(string(markdown), err)
	}
}

func TestOnePackageOfTwoLockFilesIsOneDependency(t *testing.T) {
	out := t.TempDir()
	outcome, err := run(job(t, map[string]string{
		"a/package-lock.json": `{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}}`,
		"b/package-lock.json": `{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0", "license": "MIT"},
			"node_modules/x/node_modules/a": {"version": "1.0.0", "license": "MIT"}}}`,
		"b/node_modules/z/package-lock.json": "not read",
		"old/package-lock.json":              "not read either",
	}).Config("ignore", "old/*").Output("Report", out).Job())
	if err != nil {
		t.Fatal(err)
	}
	if count, _ := outcome.VariableValue("dependencies"); count != "1" {
		t.Error(count)
	}
	report, _ := os.ReadFile(filepath.Join(out, "report.json"))
	if !strings.Contains(string(report), "\"lock_files\": [\n        \"a/package-lock.json\",\n        \"b/package-lock.json\"\n      ]") {
		t.Error(string(report))
	}
}

func TestAnArtifactWithoutALockFileFails(t *testing.T) {
	host := pipefittertest.NewHost(t)
	_, err := run(job(t, map[string]string{"yarn.lock": ""}).Job())
	if err == nil || !strings.Contains(err.Error(), "`Source` has no lock file that can be read") {
		t.Error(err)
	}
	if lines := host.Log(); len(lines) != 1 || lines[0].Message != "yarn.lock is not read: make a package-lock.json of it" {
		t.Error(lines)
	}
}

func TestWhatIsConfiguredWronglyNamesTheKey(t *testing.T) {
	for key, wanted := range map[string]string{
		"allow":      "configuration `allow`: `x` is no licence of the SPDX list",
		"on-unknown": "configuration `on-unknown`: `x` is not one of `fail`, `warn`",
		"mapping":    "configuration `mapping`: `x`: reading `x` of input artifact `Source`",
		"exceptions": "configuration `exceptions`: `x`: reading `x`",
		"warn-days":  "configuration `warn-days`: `x` is not a whole number",
	} {
		_, err := run(job(t, map[string]string{"package-lock.json": locked}).Config(key, "x").Job())
		failure := pipefitter.AsFailure(err)
		if failure.Kind != pipefitter.KindConfigurationError || !strings.HasPrefix(failure.Message, wanted) {
			t.Errorf("%s: %v", key, failure)
		}
	}
}

func TestAMessageNamesTenAndStrangersCannotFillIt(t *testing.T) {
	var packages strings.Builder
	for at := range 12 {
		packages.WriteString(`"node_modules/p` + strings.Repeat("x", at*100) + `": {"version": "1", "license": "0BSD"},`)
	}
	content := `{"lockfileVersion": 3, "packages": {` + strings.TrimSuffix(packages.String(), ",") + `}}`
	_, err := run(job(t, map[string]string{"package-lock.json": content}).Job())
	if err == nil || !strings.Contains(err.Error(), "\nand 2 more, which are in the log\n") || len(err.Error()) > 5000 {
		t.Error(err)
	}
}
