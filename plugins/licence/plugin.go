// The plugin licence finds the dependencies that an artifact's lock files name, and their licences, and fails the job
// where one may not be used. README.md says what it reads.
package main

import (
	"fmt"
	"strings"
	"time"

	"licence/found"
	"licence/judge"
	"licence/lock"
	"licence/spdx"
	"pipefitter"
	"pipefitter/control"
	"pipefitter/log"
)

func init() { pipefitter.Register(run) }

func main() {}

type config struct {
	Allow       []string `config:"allow,required"`
	OnUnknown   string   `config:"on-unknown" default:"fail" values:"fail,warn"`
	Mapping     string   `config:"mapping"`
	Exceptions  string   `config:"exceptions"`
	WarnDays    int      `config:"warn-days" default:"30"`
	Development bool     `config:"development" default:"true"`
	Ignore      []string `config:"ignore"`
}

func run(job *pipefitter.Job) (pipefitter.Outcome, error) {
	var config config
	if err := job.Config(&config); err != nil {
		return pipefitter.Outcome{}, err
	}
	input, err := job.FirstInput()
	if err != nil {
		return pipefitter.Outcome{}, err
	}
	policy, err := policyOf(&config, input)
	if err != nil {
		return pipefitter.Outcome{}, err
	}
	report, err := look(&config, input, policy)
	if err != nil {
		return pipefitter.Outcome{}, err
	}
	tell(&config, report, policy)
	if failure := report.failure(config.OnUnknown == "fail"); failure != nil {
		return pipefitter.Outcome{}, failure
	}
	if len(job.Outputs) > 0 {
		if err := report.write(&job.Outputs[0]); err != nil {
			return pipefitter.Outcome{}, err
		}
	}
	outcome := pipefitter.Succeeded().Percent(100).Summary(report.summary()).Variable("lock-files", len(report.LockFiles))
	for _, verdict := range verdicts {
		outcome = outcome.Variable(string(verdict), report.Counts[verdict])
	}
	return outcome.Variable("dependencies", len(report.Dependencies)), nil
}

func policyOf(config *config, input *pipefitter.InputArtifact) (*judge.Policy, error) {
	allow, err := spdx.ParseAllowlist(config.Allow)
	if err != nil {
		return nil, pipefitter.ConfigurationKey("allow", "%w", err)
	}
	if len(allow) == 0 {
		return nil, pipefitter.ConfigurationKey("allow", "it names no licence: give SPDX identifiers with commas between")
	}
	policy := &judge.Policy{Allow: allow, Today: time.Now().UTC()}
	if file := config.Mapping; file != "" {
		content, err := input.ReadFile(file)
		if err == nil {
			policy.Mapping, err = judge.ParseMapping(file, content)
		}
		if err != nil {
			return nil, pipefitter.ConfigurationKey("mapping", "`%s`: %w", file, err)
		}
	}
	if file := config.Exceptions; file != "" {
		content, err := input.ReadFile(file)
		if err == nil {
			policy.Exceptions, err = judge.ParseExceptions(content)
		}
		if err != nil {
			return nil, pipefitter.ConfigurationKey("exceptions", "`%s`: %w", file, err)
		}
	}
	return policy, nil
}

// look reads the lock files, and judges what they name.
func look(config *config, input *pipefitter.InputArtifact, policy *judge.Policy) (*report, error) {
	files, err := input.Files()
	if err != nil {
		return nil, err
	}
	locks := lockFiles(files, config.Ignore)
	if len(locks) == 0 {
		return nil, pipefitter.JobFailed("input artifact `%s` has no lock file that can be read: those of Cargo, npm, "+
			"Go (go.mod), poetry, uv, pip (requirements*.txt) and composer can", input.Name)
	}
	finder := found.NewFinder(input.FS(), files)
	report := newReport(policy.Today, config.Allow, locks)
	for done, file := range locks {
		control.Progress(done*100/len(locks), file)
		if control.StopRequested() != control.NotRequested {
			return nil, pipefitter.JobFailed("stopped before %s was read", file)
		}
		content, err := input.ReadFile(file)
		if err != nil {
			return nil, err
		}
		packages, err := lock.Read(file, content)
		if err != nil {
			return nil, pipefitter.JobFailed("%w", err)
		}
		log.Debug(fmt.Sprintf("%s names %d packages", file, len(packages)))
		for _, p := range packages {
			if p.Development && !config.Development {
				continue
			}
			licence, told := finder.Find(p, file)
			report.add(policy.Judge(p, licence, told), file)
		}
	}
	report.finish()
	return report, nil
}

// What package managers bring has lock files of its own, which nobody goes by.
var brought = []string{"node_modules/", "vendor/", "site-packages/", ".git/"}

func lockFiles(files, ignored []string) []string {
	var locks []string
next:
	for _, file := range files {
		for _, folder := range brought {
			if strings.Contains("/"+file, "/"+folder) {
				continue next
			}
		}
		for _, pattern := range ignored {
			if matches(pattern, file) {
				log.Debug(file + " is ignored, as configured")
				continue next
			}
		}
		if advice, ok := lock.IsUnread(file); ok {
			log.Warn(fmt.Sprintf("%s is not read: %s", file, advice))
		}
		if lock.IsLock(file) {
			locks = append(locks, file)
		}
	}
	return locks
}

// matches says whether a pattern, in which * stands for any text, is all of a path.
func matches(pattern, path string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	path, ok := strings.CutPrefix(path, first)
	if !ok || !wild {
		return ok && path == ""
	}
	for at := 0; at <= len(path); at++ {
		if matches(rest, path[at:]) {
			return true
		}
	}
	return false
}

func tell(config *config, report *report, policy *judge.Policy) {
	for _, finding := range report.Dependencies {
		text := finding.Package + ": " + finding.Reason
		switch {
		case finding.Verdict == judge.Denied, finding.Verdict == judge.Unknown && config.OnUnknown == "fail":
			log.Error(text, said(finding)...)
		case finding.Verdict == judge.Unknown:
			log.Warn(text, said(finding)...)
		case finding.Verdict == judge.Excepted:
			log.Info(finding.Package+" is excepted: "+finding.Reason, "licence", finding.Licence)
		}
	}
	for _, exception := range policy.Unused() {
		log.Warn(fmt.Sprintf("no dependency needs the exception for %s: take it out of %s", exception.Package,
			config.Exceptions))
	}
	days := time.Duration(config.WarnDays) * 24 * time.Hour
	for _, exception := range policy.EndingSoon(days) {
		log.Warn(fmt.Sprintf("the exception for %s ends on %s", exception.Package, exception.Expires))
	}
}

func said(finding judge.Finding) (pairs []any) {
	if finding.Licence != "" {
		pairs = append(pairs, "licence", finding.Licence)
	}
	if finding.From != "" {
		pairs = append(pairs, "from", finding.From)
	}
	return pairs
}
