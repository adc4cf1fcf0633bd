package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"licence/judge"
	"pipefitter"
)

// How many dependencies a failure's message names: all are in the log.
const named = 10

var verdicts = []judge.Verdict{judge.Allowed, judge.Excepted, judge.Denied, judge.Unknown}

// A report is report.json.
type report struct {
	Date         string                `json:"date"`
	Allow        []string              `json:"allow"`
	LockFiles    []string              `json:"lock_files"`
	Counts       map[judge.Verdict]int `json:"counts"`
	Dependencies []judge.Finding       `json:"dependencies"`

	byPackage map[string]judge.Finding
}

func newReport(today time.Time, allow, locks []string) *report {
	return &report{
		Date: today.Format(time.DateOnly), Allow: allow, LockFiles: locks, Counts: map[judge.Verdict]int{},
		Dependencies: []judge.Finding{}, byPackage: map[string]judge.Finding{},
	}
}

// add takes a finding. Of a package that several lock files name, the one that knows most counts.
func (report *report) add(finding judge.Finding, file string) {
	known, again := report.byPackage[finding.Package]
	if again && known.Verdict != judge.Unknown {
		finding.LockFiles, known.LockFiles = nil, appendOnce(known.LockFiles, file)
		report.byPackage[finding.Package] = known
		return
	}
	finding.LockFiles = appendOnce(known.LockFiles, file)
	report.byPackage[finding.Package] = finding
}

func appendOnce(files []string, file string) []string {
	if len(files) > 0 && files[len(files)-1] == file {
		return files
	}
	return append(files, file)
}

func (report *report) finish() {
	for _, finding := range report.byPackage {
		report.Dependencies = append(report.Dependencies, finding)
		report.Counts[finding.Verdict]++
	}
	sort.Slice(report.Dependencies, func(a, b int) bool {
		return report.Dependencies[a].Package < report.Dependencies[b].Package
	})
}

func (report *report) summary() string {
	text := fmt.Sprintf("%d dependencies: %d allowed", len(report.Dependencies), report.Counts[judge.Allowed])
	if count := report.Counts[judge.Excepted]; count > 0 {
		text += fmt.Sprintf(", %d excepted", count)
	}
	if count := report.Counts[judge.Unknown]; count > 0 {
		text += fmt.Sprintf(", %d of unknown licence", count)
	}
	return text
}

// failure says why the job fails, or is nil.
func (report *report) failure(failUnknown bool) error {
	var text strings.Builder
	if count := report.Counts[judge.Denied]; count > 0 {
		fmt.Fprintf(&text, "the licence of %d of %d dependencies is not allowed:\n%s", count,
			len(report.Dependencies), report.list(judge.Denied))
	}
	if count := report.Counts[judge.Unknown]; count > 0 && failUnknown {
		fmt.Fprintf(&text, "nothing tells the licence of %d of %d dependencies:\n%s", count,
			len(report.Dependencies), report.list(judge.Unknown))
	}
	if text.Len() == 0 {
		return nil
	}
	text.WriteString("What may be used belongs into `allow`, a licence that is known into the file of `mapping`, what is " +
		"agreed for a time into that of `exceptions`.")
	return pipefitter.JobFailed("%s", text.String())
}

func (report *report) list(verdict judge.Verdict) string {
	var text strings.Builder
	left := report.Counts[verdict]
	shown := 0
	for _, finding := range report.Dependencies {
		if finding.Verdict != verdict {
			continue
		}
		if shown == named {
			fmt.Fprintf(&text, "and %d more, which are in the log\n", left)
			break
		}
		shown, left = shown+1, left-1
		licence := ""
		if finding.Licence != "" {
			licence = " (" + cut(finding.Licence) + ")"
		}
		fmt.Fprintf(&text, "%s%s: %s\n", cut(finding.Package), licence, cut(finding.Reason))
	}
	return text.String()
}

// cut keeps one strange package from filling a message.
func cut(text string) string {
	const most = 160
	letters := []rune(strings.Join(strings.Fields(text), " "))
	if len(letters) <= most {
		return string(letters)
	}
	return string(letters[:most]) + "..."
}

func (report *report) write(output *pipefitter.OutputArtifact) error {
	content, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := output.WriteFile("report.json", append(content, '\n')); err != nil {
		return err
	}
	return output.WriteFile("report.md", []byte(report.markdown()))
}

func (report *report) markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# Licences of dependencies\n\n%s, on %s. Lock files: %s.\n", report.summary(), report.Date,
		strings.Join(report.LockFiles, ", "))
	titles := map[judge.Verdict]string{judge.Excepted: "Excepted", judge.Unknown: "Unknown", judge.Allowed: "Allowed"}
	for _, verdict := range []judge.Verdict{judge.Unknown, judge.Excepted, judge.Allowed} {
		if report.Counts[verdict] == 0 {
			continue
		}
		fmt.Fprintf(&text, "\n## %s\n\n| package | licence | said by |", titles[verdict])
		if verdict != judge.Allowed {
			text.WriteString(" why |")
		}
		text.WriteString("\n|---|---|---|")
		if verdict != judge.Allowed {
			text.WriteString("---|")
		}
		text.WriteString("\n")
		for _, finding := range report.Dependencies {
			if finding.Verdict != verdict {
				continue
			}
			fmt.Fprintf(&text, "| %s | %s | %s |", cell(finding.Package), cell(finding.Licence), cell(finding.From))
			if verdict != judge.Allowed {
				fmt.Fprintf(&text, " %s |", cell(finding.Reason))
			}
			text.WriteString("\n")
		}
	}
	return text.String()
}

// cell keeps what strangers wrote from being more than text.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "`", "'", "[", `\[`).Replace(text)
}
