// Package judge says which dependencies may be used: by an allowlist, a mapping of licences and exceptions that end.
package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"licence/found"
	"licence/lock"
	"licence/spdx"
)

// A Verdict is what a dependency comes to.
type Verdict string

const (
	// Allowed says that the allowlist has its licence.
	Allowed Verdict = "allowed"
	// Excepted says that an exception that has not ended has it.
	Excepted Verdict = "excepted"
	// Denied says that the allowlist has it not.
	Denied Verdict = "denied"
	// Unknown says that nothing told its licence.
	Unknown Verdict = "unknown"
)

// A Finding is a dependency and its verdict, as the report has it.
type Finding struct {
	Package   string   `json:"package"`
	Ecosystem string   `json:"ecosystem"`
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	Licence   string   `json:"licence"`
	From      string   `json:"from"`
	Verdict   Verdict  `json:"verdict"`
	Reason    string   `json:"reason,omitempty"`
	LockFiles []string `json:"lock_files"`
}

// A Policy is what dependencies are judged by.
type Policy struct {
	// Allow is the licences that are allowed.
	Allow spdx.Allowlist
	// Mapping gives licences of packages where the packages themselves do not, or not rightly.
	Mapping Mapping
	// Exceptions are the dependencies that are allowed nevertheless.
	Exceptions []Exception
	// Today is the day by which exceptions have ended or not.
	Today time.Time
}

// Judge judges one dependency; licence is what the artifact says of it, if anything.
func (policy *Policy) Judge(p lock.Package, licence found.Licence, told bool) Finding {
	finding := Finding{
		Package: p.String(), Ecosystem: p.Ecosystem, Name: p.Name, Version: p.Version,
		Licence: licence.Text, From: licence.From,
	}
	if mapped, ok := policy.Mapping.of(p); ok {
		finding.Licence, finding.From, told = mapped, policy.Mapping.File, true
	}
	expression, problem := read(finding.Licence, told)
	switch {
	case problem != "":
		finding.Verdict, finding.Reason = Unknown, problem
	case policy.Allow.Allows(expression):
		finding.Licence, finding.Verdict = expression.String(), Allowed
		return finding
	default:
		finding.Licence, finding.Verdict = expression.String(), Denied
		finding.Reason = denied(policy.Allow.Denied(expression))
	}
	policy.except(p, &finding)
	return finding
}

func read(licence string, told bool) (*spdx.Expression, string) {
	if !told {
		return nil, "nothing in the artifact says its licence"
	}
	expression, err := spdx.Parse(licence)
	if err == nil {
		return expression, ""
	}
	if known := spdx.Informal(licence); known != "" {
		if expression, err := spdx.Parse(known); err == nil {
			return expression, ""
		}
	}
	return nil, fmt.Sprintf("what it says of its licence cannot be read: %s", err)
}

func denied(licences []spdx.Licence) string {
	var names []string
	for _, licence := range licences {
		if name := licence.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 1 {
		return names[0] + " is not allowed"
	}
	return strings.Join(names, ", ") + " are not allowed"
}

func (policy *Policy) except(p lock.Package, finding *Finding) {
	for at := range policy.Exceptions {
		exception := &policy.Exceptions[at]
		if !exception.fits(p, finding.Licence) {
			continue
		}
		exception.used = true
		if exception.ended(policy.Today) {
			finding.Reason += fmt.Sprintf("; the exception for it ended on %s", exception.Expires)
			continue
		}
		finding.Verdict = Excepted
		finding.Reason = fmt.Sprintf("%s (until %s)", exception.Reason, exception.Expires)
		return
	}
}
