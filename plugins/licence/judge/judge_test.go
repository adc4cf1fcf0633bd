package judge

import (
	"strings"
	"testing"
	"time"

	"licence/found"
	"licence/lock"
	"licence/spdx"
)

var left = lock.Package{Ecosystem: lock.NPM, Name: "left", Version: "1.0.0"}

func policy(t *testing.T, mapping, exceptions string) *Policy {
	t.Helper()
	allow, err := spdx.ParseAllowlist([]string{"MIT", "ISC"})
	if err != nil {
		t.Fatal(err)
	}
	policy := &Policy{Allow: allow, Today: time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC)}
	if policy.Mapping, err = ParseMapping("licences.json", []byte(mapping)); err != nil {
		t.Fatal(err)
	}
	if policy.Exceptions, err = ParseExceptions([]byte(exceptions)); err != nil {
		t.Fatal(err)
	}
	return policy
}

func TestADependencyIsJudgedByItsLicence(t *testing.T) {
	for licence, wanted := range map[string]struct {
		verdict Verdict
		licence string
		reason  string
	}{
		"mit":                            {Allowed, "MIT", ""},
		"ISC OR GPL-2.0":                 {Allowed, "ISC OR GPL-2.0-only", ""},
		"The MIT License":                {Allowed, "MIT", ""},
		"GPL-2.0":                        {Denied, "GPL-2.0-only", "GPL-2.0-only is not allowed"},
		"Zlib AND MIT AND Zlib AND 0BSD": {Denied, "Zlib AND MIT AND Zlib AND 0BSD", "Zlib, 0BSD are not allowed"},
		"Ours":                           {Unknown, "Ours", "what it says of its licence cannot be read: `Ours` is no licence of the SPDX list"},
		"UNLICENSED":                     {Unknown, "UNLICENSED", "what it says of its licence cannot be read: `UNLICENSED` is no licence of the SPDX list"},
	} {
		finding := policy(t, "{}", "[]").Judge(left, found.Licence{Text: licence, From: "x"}, true)
		if finding.Verdict != wanted.verdict || finding.Licence != wanted.licence || finding.Reason != wanted.reason {
			t.Errorf("%s: %+v", licence, finding)
		}
	}
	finding := policy(t, "{}", "[]").Judge(left, found.Licence{}, false)
	if finding.Verdict != Unknown || finding.Reason != "nothing in the artifact says its licence" {
		t.Errorf("%+v", finding)
	}
}

func TestAMappingCountsBeforeWhatAPackageSays(t *testing.T) {
	policy := policy(t, `{"npm:left": "GPL-3.0-only", "npm:left@1.0.0": "MIT"}`, "[]")
	finding := policy.Judge(left, found.Licence{Text: "Ours", From: "x"}, true)
	if finding.Verdict != Allowed || finding.From != "licences.json" {
		t.Errorf("%+v", finding)
	}
	other := left
	other.Version = "2.0.0"
	if finding := policy.Judge(other, found.Licence{}, false); finding.Verdict != Denied {
		t.Errorf("%+v", finding)
	}
}

func TestAnExceptionCountsUntilTheEndOfItsLastDay(t *testing.T) {
	exceptions := `[
		{"package": "npm:left", "licence": "GPL-2.0", "reason": "not shipped", "expires": "2026-12-31"},
		{"package": "cargo:right", "reason": "x", "expires": "2027-12-31"}
	]`
	policy := policy(t, "{}", exceptions)
	finding := policy.Judge(left, found.Licence{Text: "GPL-2.0-only"}, true)
	if finding.Verdict != Excepted || finding.Reason != "not shipped (until 2026-12-31)" {
		t.Errorf("%+v", finding)
	}
	if unused := policy.Unused(); len(unused) != 1 || unused[0].Package != "cargo:right" {
		t.Error(unused)
	}
	if soon := policy.EndingSoon(24 * time.Hour); len(soon) != 1 || soon[0].Package != "npm:left" {
		t.Error(soon)
	}
	if finding := policy.Judge(left, found.Licence{Text: "Zlib"}, true); finding.Verdict != Denied {
		t.Errorf("an exception for another licence: %+v", finding)
	}
	policy.Today = policy.Today.Add(time.Second)
	finding = policy.Judge(left, found.Licence{Text: "GPL-2.0-only"}, true)
	if finding.Verdict != Denied || !strings.HasSuffix(finding.Reason, "; the exception for it ended on 2026-12-31") {
		t.Errorf("%+v", finding)
	}
}

func TestFilesThatAreWrongSayWhere(t *testing.T) {
	for content, wanted := range map[string]string{
		`[]`:                       `it is an object such as {"npm:left-pad": "MIT"}`,
		`{"left": "MIT"}`:          "`left` is no package",
		`{"npm:": "MIT"}`:          "`npm:` is no package",
		`{"npm:left": "BSD"}`:      "the licence of `npm:left` cannot be read: `BSD` is no licence",
		`{"npm:left": "MIT"} more`: "there is more after its end",
	} {
		if _, err := ParseMapping("x", []byte(content)); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: %v", content, err)
		}
	}
	for content, wanted := range map[string]string{
		`{}`: "it is a list of objects",
		`[{"package": "npm:a", "reason": "x", "expires": "2027-01-31", "why": "x"}]`:       "unknown field",
		`[{"package": "npm:a", "reason": " ", "expires": "2027-01-31"}]`:                   "exception 1 (`npm:a`): it has no reason",
		`[{"package": "npm:a", "reason": "x", "expires": "31.1.2027"}]`:                    "which is no day such as 2027-01-31",
		`[{"package": "npm:a", "reason": "x", "expires": "2027-01-31", "licence": "BSD"}]`: "its licence cannot be read",
		`[{"package": "a", "reason": "x", "expires": "2027-01-31"}]`:                       "`a` is no package",
	} {
		if _, err := ParseExceptions([]byte(content)); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: %v", content, err)
		}
	}
}
